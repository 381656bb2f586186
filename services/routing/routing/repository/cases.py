"""Cases, their appeals, history, deadlines and grants."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork, after, within
from network.posts import Seat, seat_column, seat_of
from pydantic_core import to_json
from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    Integer,
    Row,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    func,
    literal_column,
    select,
    text,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import insert as insert_unless_there
from sqlalchemy.types import Uuid

from routing.domain.case import KEPT_BY_AN_ANSWER, Appeal, Case, Deadline
from routing.domain.chain import Entry
from routing.errors import CaseChanged, CaseNotFound
from routing.models import (
    call_back,
    case_appeal,
    case_entry,
    case_grant,
    case_opening,
    cases,
    deadline,
    hotline_handover,
)
from routing.repository import figures, policy
from routing.repository.claims import Claim
from routing.repository.rows import appeal_row, case_of, case_row, deadline_of, deadline_row, entry_of, entry_row
from routing.repository.standing import AT_THE_TOP, LINE, PLACE_BY_PLACE, AfterDue, AfterPlace, page_of

_APPEALS = (
    select(func.jsonb_agg(func.to_jsonb(literal_column("case_appeal")), type_=JSONB))
    .select_from(case_appeal)
    .where(case_appeal.c.case_id == cases.c.case_id)
    .correlate(cases)
    .scalar_subquery()
)
_KEPT = ", ".join(f"'{kind.value}'" for kind in KEPT_BY_AN_ANSWER)
#: The promise, settled or not, what else is open, that its resident was not reached in time, and what was kept by an
#: answer that waits for its review.
_READ = (
    "deadline.kind = 'promise'",
    "deadline.state = 'open'",
    "deadline.kind = 'contact' and deadline.state = 'breached'",
    f"deadline.kind in ({_KEPT}) and deadline.state = 'met' and cases.draft is not null",
)
_DEADLINES = (
    select(func.jsonb_agg(func.to_jsonb(literal_column("deadline")), type_=JSONB))
    .select_from(deadline)
    .where(deadline.c.case_id == cases.c.case_id, literal_column("deadline.state <> 'replaced'"))
    .where(literal_column(f"({' or '.join(_READ)})"))
    .correlate(cases)
    .scalar_subquery()
)
#: In full, so that a plan made once for all values finds the index that has the open ones alone.
_IS_OPEN: ColumnElement[bool] = literal_column("deadline.state = 'open'")
_WHOLE = select(cases, _APPEALS.label("appeals"), _DEADLINES.label("deadlines"))
_ONE = _WHOLE.add_columns(seat_column(cases.c.holder_post_id).label("holder")).where(
    cases.c.case_id == bindparam("one", type_=Uuid)
)
_ONE_LOCKED = _ONE.with_for_update(of=cases)
_OPENED = text("select set_config('app.opened', :opened, true)")
_SEALED = text("select count_sealed(:lo, :hi)")
_UNKEPT = text("select count_unkept(:lo, :hi, :now)")
_SEEN = select(cases.c.case_id).where(cases.c.case_id == bindparam("one", type_=Uuid))
_IS_SEALED = text("select is_sealed(:one)").bindparams(bindparam("one", type_=Uuid))
_LOCK = _SEEN.with_for_update()
_ARE_THESE = cases.c.case_id == any_(bindparam("these", type_=ARRAY(Uuid)))
_LOCK_THESE = select(cases.c.case_id).where(_ARE_THESE).order_by(cases.c.case_id).with_for_update()
_THESE = _WHOLE.where(_ARE_THESE)
_BY_NUMBER = select(cases.c.case_id).where(cases.c.number == bindparam("number", type_=Text))
_BY_APPEAL = select(case_appeal.c.case_id).where(case_appeal.c.number == bindparam("number", type_=Text))
_THESE_APPEALS = case_appeal.c.appeal_id == any_(bindparam("appeals", type_=ARRAY(Uuid)))
_KNOWN = select(case_appeal.c.appeal_id).where(_THESE_APPEALS)
_IN_THEM = cases.c.case_id.in_(select(case_appeal.c.case_id).where(_THESE_APPEALS))
_LOCK_OF_APPEALS = select(cases.c.case_id).where(_IN_THEM).order_by(cases.c.case_id).with_for_update()
_OF_APPEALS = _WHOLE.where(_IN_THEM).order_by(cases.c.case_id)
_THESE_NUMBERS = cases.c.number == any_(bindparam("numbers", type_=ARRAY(Text)))
_LOCK_OF_NUMBERS = select(cases.c.case_id).where(_THESE_NUMBERS).order_by(cases.c.case_id).with_for_update()
_OF_NUMBERS = _WHOLE.where(_THESE_NUMBERS).order_by(cases.c.case_id)


def get_case(uow: UnitOfWork, case_id: UUID) -> Case:
    return _get(uow, _ONE, case_id)[0]


def get_case_and_holder(uow: UnitOfWork, case_id: UUID) -> tuple[Case, Seat | None]:
    """The case with who answers now in the post that it lies with."""
    return _get(uow, _ONE, case_id)


def get_case_for_change(uow: UnitOfWork, case_id: UUID) -> tuple[Case, Seat | None]:
    """The same, the case locked until the transaction ends; whoever changes a case takes this lock first."""
    return _get(uow, _ONE_LOCKED, case_id)


def lock_case(uow: UnitOfWork, case_id: UUID) -> None:
    """Before a change that names no version, which would tell what had changed while the lock was waited for."""
    uow.execute(_LOCK, {"one": case_id})


def lock_cases(uow: UnitOfWork, case_ids: Collection[UUID]) -> None:
    """Several, in the order of their ids, before a change that touches them all; what is not seen is not locked."""
    uow.execute(_LOCK_THESE, {"these": list(case_ids)})


def find_id(uow: UnitOfWork, number: str) -> UUID | None:
    """Of the case with this number, if it is to be seen."""
    return uow.execute(_BY_NUMBER, {"number": number}).scalar_one_or_none()


def find_id_of_appeal(uow: UnitOfWork, number: str) -> UUID | None:
    """Of the case in which the appeal with this number is now, if it is to be seen."""
    return uow.execute(_BY_APPEAL, {"number": number}).scalar_one_or_none()


def is_sealed_to_me(uow: UnitOfWork, case_id: UUID) -> bool:
    """Whether it is sealed and whoever asks does not see it; what is not to be seen for another reason is not."""
    seen = uow.execute(_SEEN, {"one": case_id}).scalar_one_or_none()
    return seen is None and uow.execute(_IS_SEALED, {"one": case_id}).scalar_one()


def _get(uow: UnitOfWork, statement: Select[Any], case_id: UUID) -> tuple[Case, Seat | None]:
    row = uow.execute(statement, {"one": case_id, "now": uow.now}).first()
    if row is None:
        raise CaseNotFound(case_id)
    return case_of(row, uow.now), seat_of(row.holder)


def check_version(case: Case, version: int) -> None:
    if case.version != version:
        raise CaseChanged(case.version, case.state, case.holder_post_id)


def find_cases_of_appeals_for_change(uow: UnitOfWork, appeal_ids: Collection[UUID]) -> dict[UUID, Case]:
    """The cases of these appeals, locked in the order of their ids, by appeal.

    Locked before they are read: no version tells that a promise was replaced while the lock was waited for. Where an
    appeal went over to another case meanwhile, that is locked as well.
    """
    locked = set(uow.execute(_LOCK_OF_APPEALS, {"appeals": list(appeal_ids)}).scalars())
    found = [case_of(row, uow.now) for row in uow.execute(_OF_APPEALS, {"appeals": list(appeal_ids)})]
    if any(case.case_id not in locked for case in found):
        return find_cases_of_appeals_for_change(uow, appeal_ids)
    return {appeal.appeal_id: case for case in found for appeal in case.appeals if appeal.appeal_id in appeal_ids}


def get_cases_of_numbers_for_change(uow: UnitOfWork, numbers: Collection[str]) -> dict[str, Case]:
    """Those of them that may be seen, by number, locked in the order of their ids."""
    if not numbers:
        return {}
    uow.execute(_LOCK_OF_NUMBERS, {"numbers": list(numbers)})
    found = [case_of(row, uow.now) for row in uow.execute(_OF_NUMBERS, {"numbers": list(numbers)})]
    return {case.number: case for case in found}


def list_cases_for_change(uow: UnitOfWork, case_ids: Collection[UUID]) -> dict[UUID, Case]:
    """Locked in the order of their ids, then read."""
    if not case_ids:
        return {}
    lock_cases(uow, case_ids)
    return {row.case_id: case_of(row, uow.now) for row in uow.execute(_THESE, {"these": list(case_ids)})}


def list_known_appeals(uow: UnitOfWork, appeal_ids: Collection[UUID]) -> set[UUID]:
    return set(uow.execute(_KNOWN, {"appeals": list(appeal_ids)}).scalars())


def add_cases(uow: UnitOfWork, opened: Sequence[Case]) -> None:
    """New cases, then all that belongs to them, whose policies look for the case: two statements, however many."""
    if not opened:
        return
    counted = _count(uow, opened)
    uow.execute(_OPEN, {"cases": _as_json(_case_rows(uow, opened))})
    rows = {
        "appeals": [appeal_row(case, appeal) for case in opened for appeal in case.appeals],
        "counted": counted,
        "entries": _new_entries(opened),
        "deadlines": [deadline_row(case, deadline) for case in opened for deadline in case.changed_deadlines],
        "grants": _grant_rows(uow, opened),
    }
    uow.execute(_ADD, {name: _as_json(listed) for name, listed in rows.items()})


def add_split_off(uow: UnitOfWork, new: Case) -> None:
    """A new case, and then the appeals that go over to it from another."""
    _stay_open(uow, new)
    uow.execute(_OPEN, {"cases": _as_json(_case_rows(uow, [new]))})
    move_appeals(uow, new, [appeal.appeal_id for appeal in new.appeals])
    save_cases(uow, [new])
    grant_to_offices(uow, [new])


def add_appeals(uow: UnitOfWork, joined: Sequence[tuple[Case, Appeal]]) -> None:
    """To cases that there are already."""
    rows = [appeal_row(case, appeal) for case, appeal in joined]
    uow.execute(_ADD_APPEALS, {"appeals": _as_json(rows)})


def move_appeals(uow: UnitOfWork, to: Case, appeal_ids: Collection[UUID]) -> None:
    """With what their residents were asked of answers."""
    going = case_appeal.c.appeal_id.in_(appeal_ids)
    uow.execute(update(case_appeal).where(going).values(case_id=to.case_id, moves=case_appeal.c.moves + 1))
    uow.execute(update(call_back).where(call_back.c.appeal_id.in_(appeal_ids)).values(case_id=to.case_id))


def save_cases(uow: UnitOfWork, changed: Sequence[Case]) -> None:
    """Cases that were locked for change, their new entries and deadlines: one statement, however many.

    A sealed one stays open to whoever changes it until the transaction ends, though they hand it over by that.
    """
    if not changed:
        return
    _stay_open(uow, changed[0])
    counted = _count(uow, changed)
    rows = {
        "counted": counted,
        "cases": _case_rows(uow, changed),
        "entries": _new_entries(changed),
        "deadlines": [deadline_row(case, deadline) for case in changed for deadline in case.changed_deadlines],
    }
    uow.execute(_SAVE, {name: _as_json(listed) for name, listed in rows.items()})


def _stay_open(uow: UnitOfWork, case: Case) -> None:
    if uow.by is not None and case.seal is not None:
        open_for_now(uow, case.case_id)


def open_for_now(uow: UnitOfWork, case_id: UUID) -> None:
    """A sealed case, to whoever changes it, until the transaction ends or another is opened."""
    uow.execute(_OPENED, {"opened": str(case_id)})


def _case_rows(uow: UnitOfWork, saved: Sequence[Case]) -> list[dict[str, Any]]:
    """As each of them stands by now in every list."""
    for case in saved:
        case.stand(uow.now)
    return [case_row(case) for case in saved]


def _as_json(rows: list[dict[str, Any]]) -> str:
    return to_json(rows).decode()


def seal_what_hangs_on(uow: UnitOfWork, case: Case) -> None:
    """What is seen by another way than the case is sealed or open as it is: all deadlines, settled ones among them, and
    what was handed to the hotline.
    """
    for table in (deadline, hotline_handover):
        uow.execute(update(table).where(table.c.case_id == case.case_id).values(sealed=case.seal is not None))


def place_what_hangs_on(uow: UnitOfWork, case: Case) -> None:
    """All its deadlines, settled ones among them, are seen where it is."""
    where = {"place_id": case.place_id, "placed_path": case.placed_path}
    uow.execute(update(deadline).where(deadline.c.case_id == case.case_id).values(**where))


def count_sealed(uow: UnitOfWork, paths: Sequence[str]) -> int:
    """How many open cases at these places or below are sealed, and not open to who asks. Those that complain of them
    are not told to exist.
    """
    return sum(uow.execute(_SEALED, {"lo": path, "hi": after(path)}).scalar_one() for path in paths)


def count_unkept(uow: UnitOfWork, paths: Sequence[str]) -> int:
    """How many open sealed cases at these places or below nobody keeps: neither rules on them nor sees what becomes of
    them. Those that complain of who asks are not told to exist.
    """
    asked = [{"lo": path, "hi": after(path), "now": uow.now} for path in paths]
    return sum(uow.execute(_UNKEPT, each).scalar_one() for each in asked)


def save_appeal_withdrawn(uow: UnitOfWork, appeal_id: UUID, at: datetime) -> None:
    uow.execute(update(case_appeal).where(case_appeal.c.appeal_id == appeal_id).values(withdrawn_at=at))


def grant_to_offices(uow: UnitOfWork, held: Sequence[Case]) -> None:
    """An office outside the tree sees what lies with one of its posts, and goes on seeing it."""
    if rows := _grant_rows(uow, held):
        uow.execute(insert_unless_there(case_grant).on_conflict_do_nothing(), rows)


def grant_to_office(uow: UnitOfWork, case: Case, office_id: UUID) -> None:
    """The same for an office that it does not lie with."""
    row = {"case_id": case.case_id, "office_id": office_id, "granted_at": uow.now}
    uow.execute(insert_unless_there(case_grant).on_conflict_do_nothing(), [row])


def _grant_rows(uow: UnitOfWork, held: Sequence[Case]) -> list[dict[str, Any]]:
    return [
        {"case_id": case.case_id, "office_id": case.office_id, "granted_at": uow.now} for case in held if case.office_id
    ]


def claim_due(uow: UnitOfWork, claim: Claim) -> list[tuple[Case, Deadline]]:
    """Deadlines that fell due before now with their cases, oldest first, locked; what another holds is passed over."""
    return _claimed(uow, claim, _due(deadline.c.due_at, uow.now, claim))


def claim_approaching(uow: UnitOfWork, claim: Claim) -> list[tuple[Case, Deadline]]:
    """The same of those of which a warning is due. What has fallen due meanwhile is missed, and not warned of."""
    ahead = deadline.c.due_at >= uow.now
    return _claimed(uow, claim, _due(deadline.c.warn_at, uow.now, claim).where(ahead))


def find_due(uow: UnitOfWork, *, most: int) -> tuple[int, datetime | None]:
    """How many deadlines fell due and wait for the clock, of ``most`` at the most, and since when the oldest does."""
    fell_due = select(deadline.c.due_at).where(_IS_OPEN, deadline.c.due_at < uow.now)
    due = fell_due.order_by(deadline.c.due_at).limit(most).subquery()
    counted = select(func.count().label("number"), func.min(due.c.due_at).label("since")).select_from(due)
    row = uow.execute(counted).one()
    return row.number, row.since


def _claimed(uow: UnitOfWork, claim: Claim, statement: Select[Any]) -> list[tuple[Case, Deadline]]:
    rows = list(uow.execute(statement))
    claim.taken |= {row.case_id for row in rows}
    claimed = {row.case_id: case_of(row, uow.now) for row in rows}
    both = [(claimed[row.case_id], claimed[row.case_id].find_deadline(row.fallen)) for row in rows]
    return [(case, fallen) for case, fallen in both if fallen is not None]


def _due(comes_up: Column[datetime], now: datetime, claim: Claim) -> Select[Any]:
    due = (
        _WHOLE.add_columns(deadline.c.deadline_id.label("fallen"))
        .join(deadline, deadline.c.case_id == cases.c.case_id)
        .where(_IS_OPEN, comes_up < now)
        .order_by(comes_up, deadline.c.deadline_id)
        .limit(claim.limit)
        .with_for_update(of=[cases, deadline], skip_locked=True)
    )
    return due.where(cases.c.case_id.not_in(claim.aside)) if claim.aside else due


def list_entries(uow: UnitOfWork, case: Case) -> list[Entry]:
    """The whole history from its first entry; by the month in which it begins, so that older partitions stay shut."""
    statement = (
        select(case_entry)
        .where(case_entry.c.case_id == case.case_id, case_entry.c.at >= case.opened_at)
        .order_by(case_entry.c.seq)
    )
    return [entry_of(row) for row in uow.execute(statement)]


def get_entry(uow: UnitOfWork, case: Case, seq: int) -> Entry:
    entry = find_entry(uow, case, seq)
    assert entry is not None
    return entry


def find_entry(uow: UnitOfWork, case: Case, seq: int) -> Entry | None:
    statement = select(case_entry).where(
        case_entry.c.case_id == case.case_id, case_entry.c.seq == seq, case_entry.c.at >= case.opened_at
    )
    row = uow.execute(statement).first()
    return entry_of(row) if row else None


def list_worklist(
    uow: UnitOfWork, posts: Collection[UUID], *, answered: bool, after_key: AfterDue | None, limit: int
) -> list[Case]:
    """What lies with these posts: each post's own index is read, then merged."""
    return _held(uow, _WORKLIST[answered, after_key is not None], posts, after_key=after_key, limit=limit)


def list_transferred(uow: UnitOfWork, posts: Collection[UUID], *, after_key: AfterDue | None, limit: int) -> list[Case]:
    """What these posts took up first and went on, until it is closed."""
    return _held(uow, _TRANSFERRED[after_key is not None], posts, after_key=after_key, limit=limit)


def _held(
    uow: UnitOfWork, statement: Select[Any], posts: Collection[UUID], *, after_key: AfterDue | None, limit: int
) -> list[Case]:
    asked = {"posts": list(posts), "most": limit}
    if after_key is not None:
        asked |= dict(zip(("after_standing", "after_due", "after_case"), after_key, strict=True))
    return [case_of(row, uow.now) for row in uow.execute(statement, asked)]


def list_planned(
    uow: UnitOfWork,
    *,
    posts: Collection[UUID] = (),
    paths: Sequence[str] = (),
    after_key: AfterDue | None,
    limit: int,
) -> list[Case]:
    """What is planned, of each standing by its day: of these posts, or at these places and below. Few are, and their
    own indexes hold no others: they are read, then sorted.
    """
    whose = within(cases.c.placed_path, *paths) if paths else cases.c.holder_post_id.in_(posts)
    planned = select(*LINE).where(whose, literal_column(_PLANNED))
    by_day = (cases.c.standing, cases.c.planned_due, cases.c.case_id)
    rows = uow.execute(page_of(planned, by_day, after_key=after_key, limit=limit))
    return [case_of(row, uow.now) for row in rows]


def list_open_cases(
    uow: UnitOfWork, paths: Sequence[str], *, suggested: bool = False, after_key: AfterPlace | None, limit: int
) -> list[Case]:
    """What is open at these places or below, or of that what was sorted by its words alone."""
    found = select(*LINE).where(within(cases.c.placed_path, *paths), literal_column("cases.state <> 'closed'"))
    if suggested:
        found = found.where(cases.c.category_suggested)
    rows = uow.execute(page_of(found, PLACE_BY_PLACE, after_key=after_key, limit=limit))
    return [case_of(row, uow.now) for row in rows]


def list_custody(
    uow: UnitOfWork, paths: Sequence[str], posts: Collection[UUID], *, after_key: AfterDue | None, limit: int
) -> list[Case]:
    """Cases of which originals are kept, placed there or below, or lying with one of these posts. They are few: they
    are read, then sorted.
    """
    parts = [
        select(cases.c.case_id).where(whose, literal_column("cases.papers_held > 0"))
        for whose in (within(cases.c.placed_path, *paths), cases.c.holder_post_id.in_(posts))
    ]
    kept = parts[0].union(parts[1]).subquery("kept")
    found = select(*LINE).join(kept, kept.c.case_id == cases.c.case_id)
    return [case_of(row, uow.now) for row in uow.execute(page_of(found, AT_THE_TOP, after_key=after_key, limit=limit))]


def list_open_deadlines(
    uow: UnitOfWork,
    paths: Sequence[str],
    *,
    forecast: bool = False,
    after_key: AfterPlace | None,
    limit: int,
) -> list[tuple[AfterPlace, UUID, Deadline]]:
    """Where each stands in the list, case and deadline, sorted as cases are; ``forecast``: those alone that hang on
    one.
    """
    found = select(deadline).where(within(deadline.c.placed_path, *paths), _IS_OPEN)
    if forecast:
        found = found.where(deadline.c.forecast)
    by = (deadline.c.standing, deadline.c.placed_path, deadline.c.due_at, deadline.c.deadline_id)
    rows = uow.execute(page_of(found, by, after_key=after_key, limit=limit))
    return [
        ((row.standing, row.placed_path, row.due_at, row.deadline_id), row.case_id, deadline_of(row)) for row in rows
    ]


def list_deadlines(
    uow: UnitOfWork, case_id: UUID, *, after_id: UUID | None = None, limit: int | None = None
) -> list[Deadline]:
    """Of one case, settled and replaced ones among them, in the order in which they were made."""
    statement = select(deadline).where(deadline.c.case_id == case_id).order_by(deadline.c.deadline_id).limit(limit)
    if after_id is not None:
        statement = statement.where(deadline.c.deadline_id > after_id)
    return [deadline_of(row) for row in uow.execute(statement)]


def move_place(uow: UnitOfWork, place_id: UUID, path: str) -> None:
    """Rows that belong to a place go with it when it moves in the tree."""
    lies_elsewhere = (cases.c.place_id == place_id, cases.c.placed_path != path)
    while uow.execute(update(cases).where(*lies_elsewhere).values(placed_path=path)).rowcount:
        pass  # what was split off meanwhile from a case that had to be waited for
    for table in (deadline, case_opening):
        uow.execute(update(table).where(table.c.place_id == place_id).values(placed_path=path))
    for table in (cases, deadline):
        uow.execute(update(table).where(table.c.taken_place_id == place_id).values(taken_path=path))
    uow.execute(update(cases).where(cases.c.ruler_place_id == place_id).values(ruler_path=path))
    uow.execute(update(cases).where(cases.c.returned_place_id == place_id).values(returned_path=path))
    uow.execute(update(cases).where(cases.c.ruled_place_id == place_id).values(ruled_path=path))
    uow.execute(update(cases).where(cases.c.dispatched_place_id == place_id).values(dispatched_path=path))


def list_uncounted_for_change(uow: UnitOfWork, *, limit: int) -> list[Case]:
    """Those whose histories were begun before figures were kept, locked; what another holds is passed over."""
    uncounted = _WHOLE.where(literal_column("cases.tally is null")).order_by(cases.c.case_id).limit(limit)
    return [case_of(row, uow.now) for row in uow.execute(uncounted.with_for_update(of=cases, skip_locked=True))]


def count_whole(uow: UnitOfWork, uncounted: Sequence[Case]) -> None:
    """Their whole histories, as if each step had counted."""
    zone = policy.get_zone(uow)
    rows = [row for case in uncounted for row in figures.count_new(case, list_entries(uow, case), zone=zone)]
    uow.execute(_ADD_COUNTED, {"counted": _as_json(rows)})
    _save_tallies(uow, uncounted)


def count_anew(uow: UnitOfWork, numbers: Collection[str]) -> None:
    """Where their tallies stand; what they have counted is not touched."""
    zone, found = policy.get_zone(uow), list(get_cases_of_numbers_for_change(uow, numbers).values())
    for case in found:
        case.tally = None
        figures.count_new(case, list_entries(uow, case), zone=zone)
    _save_tallies(uow, found)


def _save_tallies(uow: UnitOfWork, counted: Sequence[Case]) -> None:
    stands = [{"case_id": case.case_id, "tally": case.tally.stored() if case.tally else None} for case in counted]
    uow.execute(_SAVE_TALLIES, {"tallies": _as_json(stands)})


def each_history(
    uow: UnitOfWork, *, chunk: int, since: datetime | None = None
) -> Iterator[list[tuple[Row[Any], list[Entry]]]]:
    """Every case (number, tally) with all its entries, so many at once; those alone with an entry since then."""
    after_id = UUID(int=0)
    these = _TALLIES if since is None else _TALLIES_SINCE
    while found := uow.execute(these, {"after": after_id, "most": chunk, "since": since}).all():
        after_id = found[-1].case_id
        asked = {"these": [row.case_id for row in found], "since": min(row.opened_at for row in found)}
        entries: dict[UUID, list[Entry]] = defaultdict(list)
        for row in uow.execute(_HISTORIES, asked):
            entries[row.case_id].append(entry_of(row))
        yield [(row, entries[row.case_id]) for row in found]


def list_excluding(uow: UnitOfWork, paths: Sequence[str], *, after_key: AfterPlace | None, limit: int) -> list[Case]:
    """Which somebody applies to take out of a rate."""
    found = select(*LINE).where(within(cases.c.placed_path, *paths), literal_column("cases.excluding is not null"))
    rows = uow.execute(page_of(found, PLACE_BY_PLACE, after_key=after_key, limit=limit))
    return [case_of(row, uow.now) for row in rows]


def _count(uow: UnitOfWork, changed: Sequence[Case]) -> list[dict[str, Any]]:
    """What their new entries count (ADR 20)."""
    return [row for case in changed if case.entries for row in _count_one(uow, case)]


def _count_one(uow: UnitOfWork, case: Case) -> list[dict[str, Any]]:
    """Of one that was begun before figures were kept, its whole history."""
    entries = list(case.entries)
    if case.tally is None and entries[0].seq > 1:
        entries = [*list_entries(uow, case), *entries]
    told = case.tally.told if case.tally is not None else entries[0].facts.get("counted", {})
    return figures.count_new(case, entries, zone="" if "zone" in told else policy.get_zone(uow))


def _new_entries(changed: Sequence[Case]) -> list[dict[str, Any]]:
    rows = [entry_row(entry) for case in changed for entry in case.entries]
    for case in changed:
        case.entries.clear()
    return rows


def _worklist(stands: str, *, goes_on: bool, whose: Column[UUID] = cases.c.holder_post_id) -> Select[Any]:
    """``stands`` is spelled as the partial index spells it, so that the planner sees that it fits."""
    holder = func.unnest(bindparam("posts", type_=ARRAY(Uuid))).table_valued("post_id").render_derived()
    mine = select(*LINE).where(whose == holder.c.post_id, literal_column(stands))
    if goes_on:
        mine = mine.where(tuple_(*AT_THE_TOP) > _AFTER)
    most = bindparam("most", type_=Integer)
    lateral = mine.order_by(*AT_THE_TOP).limit(most).lateral("mine")
    return (
        select(lateral)
        .select_from(holder.join(lateral, true()))
        .order_by(*(lateral.c[column.name] for column in AT_THE_TOP))
        .limit(most)
    )


_AFTER = tuple_(
    bindparam("after_standing", type_=Integer),
    bindparam("after_due", type_=DateTime(timezone=True)),
    bindparam("after_case", type_=Uuid),
)


#: A process of the release before answers and ends a case without ending its plan.
_PLANNED = "cases.planned_due is not null and cases.state in ('assigned', 'in_progress')"
_DOING = "cases.state in ('accepted', 'assigned', 'in_progress')"

#: By whether they are answered, and whether a page came before. What is planned has a list of its own; few of a post's
#: are, so that their being passed over costs little.
_WORKLIST = {
    (answered, goes_on): _worklist(stands, goes_on=goes_on)
    for answered, stands in (
        # What a centre has in hand stands on the list of what is followed, what is planned on that of the planned.
        (False, f"{_DOING} and cases.followed_since is null and cases.planned_due is null"),
        (True, "cases.state = 'answered'"),
    )
    for goes_on in (False, True)
}
_TRANSFERRED = {
    goes_on: _worklist(
        "cases.first_holder_post_id is not null and cases.state <> 'closed'",
        goes_on=goes_on,
        whose=cases.c.first_holder_post_id,
    )
    for goes_on in (False, True)
}


def _names(table: Table, *but: str) -> list[str]:
    return [f'"{column.name}"' for column in table.c if column.name not in but]


def _rows_of(table: Table, given: str) -> str:
    return f"jsonb_populate_recordset(cast(null as {table.name}), cast(:{given} as jsonb)) as given"


_FIXED = ("case_id", "number", "channel", "silent", "received_at", "opened_at", "taken_path", "taken_place_id")


def _insert_of(table: Table, rows: str) -> str:
    return f"""insert into {table.name} ({", ".join(_names(table))})
    select {", ".join(_names(table))} from {_rows_of(table, rows)}"""


_OPEN = text(_insert_of(cases, "cases"))

_ADD_APPEALS = text(_insert_of(case_appeal, "appeals"))

_ADD = text(f"""
with asked as ({_insert_of(case_appeal, "appeals")}),
promised as ({_insert_of(deadline, "deadlines")}),
granted as ({_insert_of(case_grant, "grants")}),
counted as ({figures.ADD_COUNTED})
{_insert_of(case_entry, "entries")}
""")

_ADD_COUNTED = text(figures.ADD_COUNTED)

_SAVE_TALLIES = text("""
update cases set tally = given.tally
from jsonb_populate_recordset(cast(null as cases), cast(:tallies as jsonb)) as given
where cases.case_id = given.case_id
""")

_TALLIES = (
    select(cases.c.case_id, cases.c.number, cases.c.opened_at, cases.c.tally)
    .where(cases.c.case_id > bindparam("after", type_=Uuid))
    .order_by(cases.c.case_id)
    .limit(bindparam("most", type_=Integer))
)
_TALLIES_SINCE = _TALLIES.where(
    cases.c.case_id.in_(
        select(case_entry.c.case_id)
        .distinct()
        .where(case_entry.c.at >= bindparam("since", type_=DateTime(timezone=True)))
        .where(case_entry.c.case_id > bindparam("after", type_=Uuid))
        .order_by(case_entry.c.case_id)
        .limit(bindparam("most", type_=Integer))
    )
)
_HISTORIES = (
    select(case_entry)
    .where(case_entry.c.case_id == any_(bindparam("these", type_=ARRAY(Uuid))))
    .where(case_entry.c.at >= bindparam("since", type_=DateTime(timezone=True)))
    .order_by(case_entry.c.case_id, case_entry.c.seq)
)

_SAVE = text(f"""
with changed as (
    update cases set {", ".join(f"{name} = given.{name}" for name in _names(cases, *_FIXED))}
    from {_rows_of(cases, "cases")} where cases.case_id = given.case_id
),
settled as (
    {_insert_of(deadline, "deadlines")}
    on conflict (deadline_id) do update set state = excluded.state, settled_at = excluded.settled_at,
        sealed = excluded.sealed, warned = excluded.warned, warn_at = excluded.warn_at, standing = excluded.standing
),
counted as ({figures.ADD_COUNTED})
{_insert_of(case_entry, "entries")}
""")
