"""What is late stands at the top of every list, then what is at risk, by whatever limit; and paging skips none."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.routing import CaseState, DeadlineApproachingV1
from kit.crypto import KeyRing, new_key
from kit.paging import Page, Sheet
from kit.testing.servers import NOW, RolledBackUnitOfWork, as_superuser
from routing.domain.assignment import Owing
from routing.domain.case import Case, Deadline, DeadlineKind, DeadlineState, Standing
from routing.domain.promise import Term, Unit
from routing.repository import cases
from routing.service import accompanying, calling_back, excluding, helping, pressing, reading
from routing.service.sweeping import sweep_due
from sqlalchemy import text

from tests.conftest import UnitOfWorkOf
from tests.routing.conftest import At, City, subject_of
from tests.routing.test_steps import As, make_case
from tests.routing.test_warnings import FOUR_FIFTHS, SECOND, promised

RING = KeyRing.parse(new_key("k1"))
SOON = NOW + timedelta(hours=2)
LATER = SOON + timedelta(hours=1)

List = Callable[[RolledBackUnitOfWork, Page], Sheet[Any]]


def walked(uow: RolledBackUnitOfWork, listing: List, *, most: int = 99) -> list[Any]:
    """All lines, a page of one after the other; more than ``most``: it would not end."""
    found: list[Any] = []
    cursor: str | None = None
    while True:
        sheet = listing(uow, Page(limit=1, of_list="list", ring=RING, cursor=cursor))
        found += sheet.items
        assert len(found) <= most
        if sheet.next is None:
            return found
        cursor = sheet.next


def test_by_any_limit_a_case_is_late_and_by_its_last_warning_at_risk(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    ordered, warned = make_case(uow, city), make_case(uow, city)
    supervisor = at(city.person("district_supervisor"))
    pressing.order_report(supervisor, ordered.case_id, version=ordered.version, words="速办", due_at=SOON)
    sweep_due(at(now=FOUR_FIFTHS + SECOND))
    later = at(now=FOUR_FIFTHS + SECOND, role="consumer")
    urgent = make_case(later, city, urgent=True, received_at=later.now)
    assert urgent.promise_due is not None
    assert warned.promise_due is not None
    assert urgent.promise_due < warned.promise_due, "by what falls due alone it would stand first"
    lines = walked(at(city.person("municipal"), now=later.now), reading.list_worklist)
    assert [(line.case.number, line.case.standing) for line in lines] == [
        (ordered.number, Standing.LATE),
        (warned.number, Standing.AT_RISK),
        (urgent.number, Standing.IN_TIME),
    ]
    limits = walked(at(city.person("dispatcher"), now=later.now), reading.list_open_deadlines)
    assert [case_id for case_id, limit in limits][-1] == urgent.case_id
    assert {limit.standing for _, limit in limits[:-1]} == {Standing.AT_RISK}


def test_a_report_that_was_late_makes_its_case_late_no_longer_once_it_is_given(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case = make_case(uow, city)
    ordered = pressing.order_report(
        at(city.person("district_supervisor")), case.case_id, version=case.version, words="速办", due_at=SOON
    )
    sweep_due(at(now=LATER))
    holder = at(city.person("municipal"), now=LATER)
    (line,) = walked(holder, reading.list_worklist)
    assert line.case.standing is Standing.LATE
    pressing.report_on_pressing(holder, ordered.pressing.pressing_id, version=line.case.version, words="已处理")
    (line,) = walked(holder, reading.list_worklist)
    assert line.case.standing is Standing.IN_TIME


def test_a_part_that_is_late_makes_its_case_late_until_it_is_done(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case = make_case(uow, city)
    leader = at(city.person("dispatcher"))
    part = helping.call_in_helper(
        leader, case.case_id, version=case.version, to=city.posts["window"].post_id, words="协助", due_at=SOON
    )
    sweep_due(at(now=LATER))
    lead = at(city.person("municipal"), now=LATER)
    (line,) = walked(lead, reading.list_worklist)
    assert line.case.standing is Standing.LATE
    window, helper_id = at(city.person("window"), now=LATER), part.helper.helper_id
    helping.report_part(window, case.case_id, helper_id, version=line.case.version, words="已完成")
    (line,) = walked(lead, reading.list_worklist)
    assert line.case.standing is Standing.IN_TIME


#: Four fifths of the two hours that were given.
NEARLY = NOW + timedelta(minutes=96, seconds=1)


def warnings_of(uow: RolledBackUnitOfWork) -> list[DeadlineApproachingV1]:
    kind = DeadlineApproachingV1
    return [kind.model_validate_json(event.body or "") for event in uow.published if event.type == kind.TYPE]


def test_whoever_owes_a_report_is_warned_of_it_and_with_the_last_warning_who_ordered_it(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case, above = make_case(uow, city), at(city.person("district_supervisor"))
    pressing.order_report(above, case.case_id, version=case.version, words="速办", due_at=SOON)
    clock = at(now=NEARLY)
    sweep_due(clock)
    (warned,) = warnings_of(clock)
    assert (warned.deadline.value, warned.share) == ("order", 80)
    assert [told and told.subject for told in (warned.handler, warned.superior)] == [
        subject_of("municipal"),
        subject_of("district_supervisor"),
    ]
    (line,) = walked(at(city.person("municipal"), now=NEARLY), reading.list_worklist)
    assert line.case.standing is Standing.AT_RISK


def test_a_helper_is_warned_of_their_own_part_and_the_lead_is_not(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case, window = make_case(uow, city), city.posts["window"].post_id
    helping.call_in_helper(
        at(city.person("dispatcher")), case.case_id, version=case.version, to=window, words="协助", due_at=SOON
    )
    half, last = at(now=NOW + timedelta(minutes=61)), at(now=NEARLY)
    for clock in (half, last):
        sweep_due(clock)
    (first,), (second,) = warnings_of(half), warnings_of(last)
    assert (first.deadline.value, first.share, second.share) == ("part", 50, 80)
    assert [told.handler and told.handler.subject for told in (first, second)] == [subject_of("window")] * 2
    assert (first.superior, second.superior is not None) == (None, True)
    (line,) = walked(at(city.person("municipal"), now=NEARLY), reading.list_worklist)
    assert line.case.standing is Standing.AT_RISK
    assert cases.list_entries(uow, line.case)[-1].post_id == window


def stands(case: Case) -> Standing:
    case.stand(LATER)
    return case.standing


@pytest.fixture
def plain(uow: RolledBackUnitOfWork, city: City) -> Case:
    case = make_case(uow, city)
    assert case.deadline is not None
    return case


def limit_of(case: Case, kind: DeadlineKind, *, about: UUID | None = None) -> Deadline:
    limit = Deadline(uuid4(), kind, replace(promised(Term(Unit.SAME_DAY), NOW), due_at=SOON), about=about)
    case.limits.append(limit)
    return limit


@pytest.mark.parametrize("kind", [DeadlineKind.CONTACT, DeadlineKind.ORDER, DeadlineKind.PART, DeadlineKind.REPLY])
def test_what_was_missed_and_is_owed_yet_makes_a_case_late_though_its_promise_runs(
    plain: Case, kind: DeadlineKind
) -> None:
    limit = limit_of(plain, kind, about=uuid4() if kind in (DeadlineKind.ORDER, DeadlineKind.PART) else None)
    plain.at_hotline = kind is DeadlineKind.REPLY
    assert stands(plain) is Standing.IN_TIME
    plain.miss(limit, at=LATER)
    assert stands(plain) is Standing.LATE
    if kind is DeadlineKind.CONTACT:
        plain.contact(at=LATER)
    plain.settle_limit(kind, DeadlineState.MET, at=LATER, about=limit.about)
    plain.at_hotline = False
    assert stands(plain) is Standing.IN_TIME


def test_by_the_limits_that_a_case_itself_keeps_it_is_late_as_well(plain: Case) -> None:
    plain.assigned_due, plain.report_back = SOON, Owing.OWED
    assert stands(plain) is Standing.LATE
    plain.assigned_due, plain.planned_due = None, SOON
    assert stands(plain) is Standing.LATE, "planned"
    plain.planned_due = None
    plain.reopen(limit_of(plain, DeadlineKind.REDO))
    assert stands(plain) is Standing.LATE, "done again"
    plain.state = CaseState.ANSWERED
    assert stands(plain) is Standing.IN_TIME


#: How each of three cases comes to stand on a list, in the order in which they came; ``place`` is the nearest building.
PUT = text("""
update cases set standing = case number when :first then 0 when :second then 1 else 2 end,
    falls_due = case number when :third then cast(:now as timestamptz) else :now + interval '1 day' end,
    papers_held = 1, excluding = 'on_time', calls_owed = 1, answered_by = 'somebody', category_suggested = true,
    planned_due = case when :planned then :now + interval '1 day' end, first_holder_post_id = holder_post_id,
    followed_since = case when :followed then cast(:now as timestamptz) end,
    queue = case when :queued then 'vacant' end, holder_post_id = case when :queued then null else holder_post_id end
""")
CALL = text("""
insert into call_back (appeal_id, answer, case_id, seq, way, asked_at, rate_by, attempts)
select appeal_id, 1, case_id, 4, 'person', :now, :now, 0 from case_appeal
""")
FOLLOW = text("""
insert into accompaniment (accompaniment_id, case_id, centre, with_whom, by, made_at, reports)
select case_id, case_id, 'centre', 'who', 'who', :now, 0 from cases
""")


LISTS: dict[str, tuple[List, str, str]] = {
    "worklist": (reading.list_worklist, "municipal", ""),
    "transferred": (reading.list_transferred, "municipal", ""),
    "planned": (reading.list_planned, "municipal", "planned"),
    "cases": (lambda uow, page: reading.list_open_cases(uow, page).sheet, "dispatcher", ""),
    "suggested": (lambda uow, page: reading.list_open_cases(uow, page, suggested=True).sheet, "dispatcher", ""),
    "queue": (reading.list_queue, "dispatcher", "queued"),
    "custody": (reading.list_custody, "dispatcher", ""),
    "exclusions": (excluding.list_asked, "dispatcher", ""),
    "callbacks": (calling_back.list_owed, "dispatcher", ""),
    "followed": (accompanying.list_followed, "dispatcher", "followed"),
}


@pytest.mark.parametrize("name", LISTS)
def test_every_list_begins_with_what_is_late_and_is_read_to_its_end(
    uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf, as_person: As, name: str
) -> None:
    listing, code, put = LISTS[name]
    # The last to come, in the last place, is late; the first falls due first.
    third, second, first = (make_case(uow, city, place=place) for place in ("community", "community", "area"))
    named = {"first": first.number, "second": second.number, "third": third.number}
    ways = {way: way == put for way in ("planned", "followed", "queued")}
    superuser = as_superuser(uow.connection)
    superuser.execute(PUT, {**named, **ways, "now": NOW})
    for added in (CALL, FOLLOW):
        superuser.execute(added, {"now": NOW})
    lines = walked(as_person(city.person(code)), listing)
    numbers = [line.case_number if hasattr(line, "case_number") else line.case.number for line in lines]
    assert numbers == [first.number, second.number, third.number]
    stand = [line.standing if hasattr(line, "standing") else line.case.standing for line in lines]
    assert stand == list(Standing)


def test_what_moves_up_while_a_list_is_read_keeps_nobody_else_from_it(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    first, second, third = sorted((make_case(uow, city) for _ in range(3)), key=lambda case: case.case_id)
    reader = at(city.person("municipal"))
    sheet = reading.list_worklist(reader, Page(limit=1, of_list="list", ring=RING))
    shown = [line.case.number for line in sheet.items]
    assert shown == [first.number]
    supervisor = at(city.person("district_supervisor"))
    pressing.order_report(supervisor, third.case_id, version=third.version, words="速办", due_at=SOON)
    sweep_due(at(now=LATER))
    rest = reading.list_worklist(
        at(city.person("municipal"), now=LATER), Page(limit=5, of_list="list", ring=RING, cursor=sheet.next)
    )
    assert [line.case.number for line in rest.items] == [second.number]
    again = reading.list_worklist(at(city.person("municipal"), now=LATER), Page(limit=1, of_list="list", ring=RING))
    assert [line.case.number for line in again.items] == [third.number]


def test_a_deadline_that_was_warned_of_by_the_release_before_is_passed_like_any_other(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    """It has not said how it stands since."""
    warned, other = make_case(uow, city), make_case(uow, city)
    sweep_due(at(now=FOUR_FIFTHS + SECOND))
    as_superuser(uow.connection).execute(text("update deadline set standing = 2"))
    listed = walked(at(city.person("dispatcher"), now=FOUR_FIFTHS + SECOND), reading.list_open_deadlines, most=2)
    assert {case_id for case_id, _ in listed} == {warned.case_id, other.case_id}
