"""The right category and place, and whose it is: as a dispatcher puts it right on one case or many, or as its holder
passes it on. The promise to the resident never grows by it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.grid import PlaceState
from kit.db import UnitOfWork
from kit.errors import ServiceError
from network import places, posts
from network.posts import Seat

from routing import events
from routing.domain.case import RESORTED, Case, DeadlineKind
from routing.domain.rules import Category
from routing.domain.steps import Step, had_it
from routing.errors import (
    AlreadyThere,
    CaseNotFound,
    HadItBefore,
    HelpedFromElsewhere,
    NobodyHolds,
    NotYourPlace,
    SuspendedStill,
    UnfitPost,
    UnknownCategory,
    UnknownPlace,
)
from routing.repository import cases, network, policy
from routing.service import deadlines, parts, placing, planning, supervising
from routing.service.naming import find_ids
from routing.service.placing import Ground
from routing.service.taking import dispatches_above, take


def re_sort_case(
    uow: UnitOfWork,
    case_id: UUID,
    *,
    version: int,
    words: str,
    category: str | None = None,
    place_id: UUID | None = None,
) -> Case:
    """Another category or place, and who handles that, if it is somebody else. What was only suggested is confirmed by
    sorting it as it is.
    """
    case, holder, post_id = take(uow, case_id, Step.RE_SORT, version)
    if case.category_suggested and category is not None and (category, place_id) == (case.category, None):
        return _confirm(uow, case, category, post_id=post_id, words=words)
    moved_to = re_sort(uow, case, category, place_id=place_id, post_id=post_id, words=words)
    if moved_to is None:
        raise NobodyHolds
    if holder is None or moved_to.post_id != holder.post_id:
        case.keep_first_holder()
        give(uow, case, moved_to, post_id=post_id, former=holder)
        supervising.end_from_above(uow, case, post_id)
    _save(uow, case)
    return case


def _confirm(uow: UnitOfWork, case: Case, category: str, *, post_id: UUID, words: str) -> Case:
    """It stays where it lies, by the promise that it has."""
    case.category_suggested = False
    facts = {"before": category, "earlier": False, "holder": None, **placing.promise_facts(case)}
    case.record(RESORTED, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=words)
    uow.publish(events.case_resorted(uow, case, before=category, holder=None))
    _save(uow, case)
    return case


def re_dispatch_case(uow: UnitOfWork, case_id: UUID, *, version: int, to: UUID, words: str) -> Case:
    """Another handler for the same matter."""
    case, holder, post_id = take(uow, case_id, Step.RE_DISPATCH, version)
    seat = seat_for(uow, case, to)
    case.keep_first_holder()
    give(uow, case, seat, post_id=post_id, former=holder, words=words)
    supervising.end_from_above(uow, case, post_id)
    _save(uow, case)
    return case


def give(
    uow: UnitOfWork,
    case: Case,
    to: Seat,
    *,
    post_id: UUID,
    words: str | None = None,
    transferred: bool = False,
    former: Seat | None = None,
) -> None:
    """It is another post's from now on; what a holder passes on alone goes back to who gave it to them. ``former``: as
    of ``placing.assign``.
    """
    parts.change_lead(uow, case, to)
    deadlines.mark_limit_if_missed(uow, case, DeadlineKind.HOLDING)
    if not transferred:
        case.dispatch_from(uow.person.post(post_id).path)
    placing.assign(uow, case, to, post_id=post_id, words=words, transferred=transferred, former=former)


@dataclass(frozen=True)
class Tried:
    """One case of many, as it was named: as it stands by then, or what refused it. ``case_id`` none: it is not seen."""

    named: str
    case_id: UUID | None
    case: Case | None = None
    refusal: ServiceError | None = None


#: What cases are named by, and the version of each that was read.
Named = Sequence[tuple[str, int]]


def re_sort_cases(
    uow: UnitOfWork,
    named: Named,
    *,
    words: str,
    category: str | None = None,
    place_id: UUID | None = None,
) -> list[Tried]:
    """Each by itself, in one transaction: what is refused changes nothing, and stops none of the others."""
    return _each(
        uow,
        named,
        lambda case_id, version: re_sort_case(
            uow, case_id, version=version, category=category, place_id=place_id, words=words
        ),
    )


def re_dispatch_cases(uow: UnitOfWork, named: Named, *, to: UUID, words: str) -> list[Tried]:
    """The same, to another handler."""
    return _each(
        uow, named, lambda case_id, version: re_dispatch_case(uow, case_id, version=version, to=to, words=words)
    )


def _each(uow: UnitOfWork, named: Named, step: Callable[[UUID, int], Case]) -> list[Tried]:
    """Locked in the order of their ids, so that two dispatchers who name the same do not wait for one another; told in
    the order in which they were named.
    """
    found = find_ids(uow, [name for name, _ in named], field="/cases")
    versions = {case_id: version for case_id, (_, version) in zip(found, named, strict=True) if case_id is not None}
    tried = {case_id: _try(uow, case_id, versions[case_id], step) for case_id in sorted(versions)}
    unseen = None, CaseNotFound(None)
    return [
        Tried(name, case_id, *(tried[case_id] if case_id is not None else unseen))
        for case_id, (name, _) in zip(found, named, strict=True)
    ]


def _try(
    uow: UnitOfWork, case_id: UUID, version: int, step: Callable[[UUID, int], Case]
) -> tuple[Case | None, ServiceError | None]:
    try:
        with uow.attempt():
            return step(case_id, version), None
    except ServiceError as refusal:
        return None, refusal


def transfer_case(uow: UnitOfWork, case_id: UUID, *, version: int, to: UUID, words: str) -> Case:
    """Its holder passes it on to whose remit it is, without asking; who took it first stays named on it, and sees it to
    its end (domain.md, section 3).
    """
    case, _, post_id = take(uow, case_id, Step.TRANSFER, version)
    seat = seat_for(uow, case, to)
    _check_transfer(uow, case, seat)
    case.keep_first_holder(passes_it_on=True)
    give(uow, case, seat, post_id=post_id, words=words, transferred=True)
    _save(uow, case)
    return case


def take_over_case(uow: UnitOfWork, case_id: UUID, *, version: int, words: str) -> Case:
    """A superior makes it their own, and nobody below takes it back. What was promised, kept or missed stays as it is;
    what is late from now on climbs from them (domain.md, section 4).
    """
    case, holder, post_id = take(uow, case_id, Step.TAKE_OVER, version)
    mine = seat_for(uow, case, post_id)
    case.drop_ask()
    case.keep_first_holder()
    case.bind_from(mine.path)
    parts.end_own_part(uow, case, mine)
    deadlines.mark_limit_if_missed(uow, case, DeadlineKind.HOLDING)
    placing.assign(uow, case, mine, post_id=post_id, former=holder, words=words)
    supervising.end_from_above(uow, case, post_id)
    _save(uow, case)
    return case


def _check_transfer(uow: UnitOfWork, case: Case, seat: Seat) -> None:
    """Not to oneself, nor to an office of other matters, nor back to whoever had it: that is asked as a return."""
    if seat.subject == uow.person.subject:
        raise UnfitPost("you answer there yourself")
    assert case.category is not None
    category = placing.survey(uow, paths=[], codes=[case.category]).categories[case.category]
    if not placing.answers_for(seat, category):
        raise UnfitPost("that office does not answer for such matters")
    if not {str(seat.post_id), seat.subject}.isdisjoint(had_it(cases.list_entries(uow, case))):
        raise HadItBefore


def place_case(uow: UnitOfWork, case: Case, place_id: UUID) -> None:
    """Where it is, as a dispatcher says who dispatches there."""
    places.hold_still(uow)
    place = network.list_places(uow, [place_id]).get(place_id)
    if place is None or place.state != PlaceState.ACTIVE:
        raise UnknownPlace(place_id)
    if not dispatches_above(uow.person, place.path):
        raise NotYourPlace
    case.place_id, case.placed_path = place.place_id, place.path


def _re_place(uow: UnitOfWork, case: Case, place_id: UUID) -> None:
    """With all its deadlines. Who helps with it has to see it there too."""
    place_case(uow, case, place_id)
    helping = posts.list_seats_of(uow, set(case.helper_post_ids)).values() if case.helper_post_ids else ()
    if any(seat.office_id is None and not case.placed_path.startswith(seat.path) for seat in helping):
        raise HelpedFromElsewhere
    cases.place_what_hangs_on(uow, case)


def re_sort(
    uow: UnitOfWork, case: Case, code: str | None, *, post_id: UUID, words: str | None, place_id: UUID | None = None
) -> Seat | None:
    """Put category or place right, and hold the case to its promise; who is to handle it by the rules."""
    before, was_at, was_planned_for = case.category, case.place_id, case.planned_for
    if code in (None, before) and place_id in (None, was_at):
        raise AlreadyThere("/place_id" if code is None else "/category")
    if case.suspended_until is not None:
        raise SuspendedStill
    assert before is not None
    assert case.rule_version is not None
    if place_id not in (None, was_at):
        _re_place(uow, case, place_id)
    ground, category = _sorted(uow, case, code or before)
    case.district = ground.network.district_of(case.placed_path)
    placing.sort_anew(uow, ground, case, category)
    rules = policy.get_rules(uow, case.rule_version, case.rule_layers)
    rule = rules.rule_for(category, urgent=case.urgent)
    planned = planning.bring_out(uow, case) if rule.runs_by_the_clock else None
    is_earlier = placing.hold_to(uow, ground, rules, case, rule, planned=planned)
    found = placing.find_handler(ground, case, category)[1]
    is_sooner = is_earlier or planned is not None
    told = found if is_sooner and found is not None and found.post_id == case.holder_post_id else None
    facts: dict[str, object] = {"before": before, "earlier": is_earlier, "holder": told.subject if told else None}
    if planned is not None:
        facts |= {"out_of_plan": str(was_planned_for), "promise_met": case.promise_met}
    if case.place_id != was_at:
        facts["place_before"] = str(was_at) if was_at else None
    contact = placing.contact_anew(uow, ground, rules, case, rule)
    told_of = placing.contact_facts(contact) if contact is not None else {}
    facts |= {**placing.promise_facts(case), **placing.counted(ground, case), **told_of}
    case.record(RESORTED, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=words)
    uow.publish(events.case_resorted(uow, case, before=before, holder=told, out_of_plan=planned is not None))
    return found


def _sorted(uow: UnitOfWork, case: Case, code: str) -> tuple[Ground, Category]:
    ground = placing.survey(uow, paths=[case.placed_path], codes=[code], blamed=case.complained_of)
    category = ground.category(code)
    if category is None:
        raise UnknownCategory(code)
    return ground, category


def seat_for(uow: UnitOfWork, case: Case, to: UUID) -> Seat:
    """The post that is to take it: on the line of its place, since whoever holds another does not see it."""
    seat = posts.find_seat(uow, to)
    if seat is None:
        raise UnfitPost("there is none with this id")
    if seat.post_id == case.holder_post_id:
        raise AlreadyThere("/post_id")
    if not case.placed_path.startswith(seat.path):
        raise UnfitPost("it answers for another place")
    if seat.subject is None:
        raise UnfitPost("nobody holds it")
    if seat.subject in case.complained_of:
        raise UnfitPost("the case complains of who holds it")
    if seat.subject in case.recused:
        raise UnfitPost("who holds it has an interest in the case")
    return seat


def _save(uow: UnitOfWork, case: Case) -> None:
    uow.publish(events.city_case_progressed(uow, case))
    cases.save_cases(uow, [case])
    cases.grant_to_offices(uow, [case])
