"""Why a deadline falls due when it does: reckoned a second time when somebody asks, and held against what is stored."""

from collections.abc import Iterator
from uuid import UUID

from contracts.routing import Ask
from kit import metrics
from kit.db import UnitOfWork
from kit.logging import get_logger
from kit.paging import Page, Sheet
from network.places import find_place

from routing.domain.calendar import Calendar
from routing.domain.case import Case, Deadline, DeadlineKind
from routing.domain.explaining import Reckoning, reckon
from routing.domain.origin import Cause, Story, Trail, cause_of, differences, rule_behind, source_of, term_by_rule
from routing.domain.paths import last_of
from routing.domain.promise import Unit
from routing.domain.reading_aloud import Explanation
from routing.domain.reasons import Reason
from routing.domain.rules import Category, Rule
from routing.domain.sealing import Opened
from routing.errors import CaseNotFound, DeadlineNotFound
from routing.repository import cases, policy, reasons
from routing.service.sealing import note_opening

EXPLAINED = metrics.counter("baiyang_routing_deadlines_explained")
for _kind in DeadlineKind:
    EXPLAINED.labels(_kind.value, "false")  # there from the start: an increase from nothing to one is not seen

log = get_logger(__name__)


def list_deadlines(uow: UnitOfWork, case_id: UUID, page: Page) -> Sheet[Deadline]:
    """All of a case, which is named by id or number: oldest first, replaced ones among them."""
    case = _get_case(uow, case_id)
    found = cases.list_deadlines(uow, case.case_id, after_id=page.after_one(UUID), limit=page.fetch)
    return page.sheet(found, position=lambda deadline: (deadline.deadline_id,))


def explain_deadline(uow: UnitOfWork, case_id: UUID, deadline_id: UUID) -> tuple[Deadline, Explanation]:
    """For whoever may read the case."""
    story = _get_story(uow, _get_case(uow, case_id), deadline_id)
    explained = _explain(uow, Trail(list(_trail(uow, story))))
    _tell(story, explained)
    return story.deadline, explained


def _get_case(uow: UnitOfWork, case_id: UUID) -> Case:
    case = cases.get_case(uow, case_id)
    note_opening(uow, case, Opened.HISTORY)
    return case


def _get_story(uow: UnitOfWork, case: Case, deadline_id: UUID) -> Story:
    deadlines = cases.list_deadlines(uow, case.case_id)
    found = next((each for each in deadlines if each.deadline_id == deadline_id), None)
    if found is None:
        raise DeadlineNotFound(deadline_id)
    return Story(case, found, deadlines, cases.list_entries(uow, case))


def _trail(uow: UnitOfWork, own: Story) -> Iterator[Story]:
    """From the deadline back; a promise that was there before ends it, so that none goes round."""
    story: Story | None = own
    seen: set[UUID] = set()
    while story is not None and story.deadline.deadline_id not in seen:
        yield story
        seen.add(story.deadline.deadline_id)
        story = _in_the_case_before(uow, story) if story.moved_from else story.before


def _moved_through(uow: UnitOfWork, trail: Trail) -> list[str]:
    """The numbers of the cases that it came through, but for what is sealed to whoever asks."""
    told = [story.maker.facts for story in trail.moves if story.maker]
    return [facts["from_number"] for facts in told if not cases.is_sealed_to_me(uow, UUID(facts["from"]))]


def _in_the_case_before(uow: UnitOfWork, story: Story) -> Story | None:
    """Whoever sees a case need not see the one from which it was split off, or that was merged into it."""
    assert story.moved_from is not None
    try:
        origin = cases.get_case(uow, story.moved_from)
    except CaseNotFound:
        return None
    deadlines, entries = cases.list_deadlines(uow, origin.case_id), cases.list_entries(uow, origin)
    return Story(origin, story.deadline, deadlines, entries).of_the_same(story.deadline)


def _explain(uow: UnitOfWork, trail: Trail) -> Explanation:
    deadline, made = trail.own.deadline, trail.first_made
    promise, calendar = deadline.promise, policy.get_calendar_of(uow, deadline.promise.calendar_version)
    reckoning = _reckon(uow, deadline, calendar)
    rule, law, category = _find_rule(uow, trail, calendar)
    tightening = rule is not None and rule.version in trail.stories[-1].deadline.promise.rule_layers
    return Explanation(
        kind=deadline.kind,
        promise=promise,
        cause=cause_of(made),
        made_at=made.maker.at if made.maker else None,
        made_by=made.maker.by if made.maker else None,
        moved_through=_moved_through(uow, trail),
        recounts=trail.recounts,
        named=_named(made),
        source=source_of(trail, rule),
        rule=rule,
        law=law,
        rule_place=policy.find_place_of_rules(uow, rule.version) if rule and tightening else None,
        category=category,
        reckoning=reckoning,
        station=_find_station(uow, trail.own),
        pauses=trail.pauses,
        extension=trail.extension,
        differences=differences(trail, reckoning, rule, calendar),
        reasons=_reasons(uow, trail),
    )


def _reckon(uow: UnitOfWork, deadline: Deadline, calendar: Calendar) -> Reckoning | None:
    """A later calendar that moved nothing says whether it is a forecast still."""
    promise = deadline.promise
    if promise.term.unit is Unit.GIVEN:
        return None
    later = policy.get_calendar_of(uow, deadline.recounted_by) if deadline.recounted_by else calendar
    return reckon(promise.term, promise.start_at, calendar=calendar, hours=promise.hours, zone=promise.zone).by(later)


def _find_rule(uow: UnitOfWork, trail: Trail, calendar: Calendar) -> tuple[Rule | None, Rule | None, Category | None]:
    """Of the promise with which it all began, with the statutory limit, and what the matter was sorted as then."""
    if not trail.is_by_rule:
        return None, None, None
    first = trail.stories[-1]
    promise, sorted_as = first.deadline.promise, trail.sorted_as
    category = policy.get_category(uow, *sorted_as) if sorted_as else None
    rules = policy.get_rules(uow, promise.rule_version, promise.rule_layers)
    kind, term = first.deadline.kind, term_by_rule(trail, calendar)
    rule = rule_behind(rules, category, kind, term, urgent=first.case.urgent)
    return rule, rules.law_of(category) if category and kind is DeadlineKind.PROMISE else None, category


def _find_station(uow: UnitOfWork, own: Story) -> str | None:
    counted_at = last_of(own.deadline.promise.path)
    if counted_at in (None, last_of(own.case.placed_path)):
        return None
    found = find_place(uow, counted_at)
    return found.name if found else None


def _named(made: Story) -> str | None:
    """The number of an order, or the office that assigned it with theirs."""
    facts = made.maker.facts if made.maker else {}
    if cause_of(made) is Cause.ASSIGNED_FROM_ABOVE:
        return f"{facts['assigned']['office']} {facts['assigned']['number']}"
    return facts.get("number") if cause_of(made) is Cause.ORDERED else None


def _reasons(uow: UnitOfWork, trail: Trail) -> dict[tuple[Ask, str], Reason]:
    if not trail.pauses and trail.extension is None:
        return {}
    return {(each.ask, each.code): each for each in reasons.list_reasons(uow)}


def _tell(story: Story, explained: Explanation) -> None:
    EXPLAINED.labels(explained.kind.value, str(explained.agrees).lower()).inc()
    for each in explained.differences:
        log.warning(
            "deadline_differs",
            case_id=str(story.case.case_id),
            deadline_id=str(story.deadline.deadline_id),
            type=explained.kind.value,
            reason=f"{each.witness} {each.about}",
            detail=f"stored {each.stored}, found {each.found}",
        )
