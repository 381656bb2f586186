"""Posts and who holds them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from contracts.answering import Answer, answer
from contracts.grid import Duty
from contracts.intake import Means, Reach
from kit.auth import OPERATOR
from kit.db import UnitOfWork
from kit.ids import new_id

from grid import events
from grid.domain import places as place_rules
from grid.domain import posts as rules
from grid.domain.posts import Holder, Holding, Office, Post, Seat
from grid.errors import CodeTaken, HoldingNotFound, NotYours, PostRetired
from grid.keys import Keys
from grid.repository import offices as office_rows
from grid.repository import places as tree
from grid.repository import posts as seats
from grid.service.places import republish
from grid.service.rights import check_manages, check_operator, manages


@dataclass(frozen=True)
class Term:
    """Who is to hold a post, and from when; ``since`` None is now."""

    subject: str
    name: str
    stand_in: bool = False
    since: datetime | None = None
    until: datetime | None = None
    relieves: bool = False


def add_post(
    uow: UnitOfWork,
    *,
    code: str,
    title: str,
    duty: Duty,
    place: str,
    office_id: UUID | None = None,
    phone: str | None = None,
) -> Post:
    at = tree.get_named(uow, place)
    check_manages(uow, at.path)
    place_rules.check_active(at, field="/place")
    if seats.lock_by_code(uow, [code]):
        raise CodeTaken(code)
    office = _office_of(uow, office_id) if office_id else None
    post = Post(
        id=new_id(uow.now),
        version=1,
        code=code,
        title=title,
        duty=duty,
        place_id=at.id,
        path=at.path,
        office_id=office_id,
        matters=office.matters if office else (),
        phone=phone,
    )
    seats.insert_posts(uow, [post])
    uow.publish(events.post_changed(post, uow))
    return post


def _office_of(uow: UnitOfWork, office_id: UUID) -> Office:
    office = office_rows.get_office(uow, office_id)
    _check_manages_office(uow, office.id)
    return office


def _check_manages_office(uow: UnitOfWork, office_id: UUID) -> None:
    """Whoever acts in an office's post sees all that is granted to the office: a part of its area is not enough."""
    for path in office_rows.paths_of(uow, [office_id]).values():
        check_manages(uow, path)


def change_post(uow: UnitOfWork, post_id: UUID, *, version: int, title: str | None, phone: str | None) -> Post:
    before = _mine(uow, post_id, version=version)
    after = replace(before, title=title or before.title, phone=before.phone if phone is None else phone or None)
    if after == before:
        return before
    republish(uow, [after])
    return replace(after, version=before.version + 1)


def retire_post(uow: UnitOfWork, post_id: UUID, *, version: int) -> Post:
    before = _mine(uow, post_id, version=version)
    if before.retired:
        raise PostRetired(before.code)
    return _keep(uow, before, rules.retired_post(before, uow.now))


def assign(uow: UnitOfWork, post_id: UUID, *, version: int, term: Term, reach: Reach | None, keys: Keys) -> Post:
    """Give a post a holder or a stand-in. Who holds nothing yet becomes known, reached in their inbox unless said."""
    _mine(uow, post_id, version=version)
    known = seats.holders_of(uow, [term.subject]).get(term.subject)
    if known and (reach or term.name != known.name) and term.subject in held_elsewhere(uow, [known]):
        raise NotYours(f"{term.subject} holds posts that others manage: leave out means, and give the name as it is.")
    holder = put_holders(uow, {term.subject: (term.name, reach)}, keys=keys)[term.subject]
    before = seats.get_post(uow, post_id)  # a holder's new name has made another version of their posts
    return _keep(uow, before, rules.with_holding(before, holding_of(uow, before, holder, term), relieves=term.relieves))


def end_holding(
    uow: UnitOfWork, post_id: UUID, holding_id: UUID, *, version: int, until: datetime | None = None
) -> Post:
    before = _mine(uow, post_id, version=version)
    holding = next((h for h in before.holdings if h.id == holding_id), None)
    if holding is None:
        raise HoldingNotFound(holding_id)
    return _keep(uow, before, rules.with_end(before, holding, until or uow.now))


def who_answers(uow: UnitOfWork, place: str, duty: Duty) -> Answer[Seat]:
    """Who answers for the place, for the duty, now; the vacant posts that handed it on are named."""
    at = tree.get_named(uow, place)
    return answer(seats.list_seats(uow, at.id, {duty, Duty.DISPATCHER}), duty)


def erase_holder(uow: UnitOfWork, subject: str) -> None:
    """Forget how somebody is reached and what they are called; terms end, and the sign-in name stays."""
    check_operator(uow)
    holder = seats.get_holder(uow, subject)
    before = seats.list_posts_of_holders(uow, [holder.id])
    erased = replace(holder, version=holder.version + 1, name=subject, wrapped_key=None, reach=None, digest=None)
    seats.update_holders(uow, [erased])
    uow.publish(events.contact_erased(erased))
    for post in before:
        _keep(uow, post, _without(post, holder, name=subject, now=uow.now))


def put_holders(uow: UnitOfWork, people: dict[str, tuple[str, Reach | None]], *, keys: Keys) -> dict[str, Holder]:
    """Make these people known, or change their names and reach; without a reach, who is known keeps theirs."""
    known = seats.holders_of(uow, people)
    new, changed = [], []
    for subject, (name, reach) in people.items():
        before = known.get(subject)
        if before is None:
            new.append(_new_holder(uow, subject, name, reach, keys=keys))
        elif after := _changed_holder(before, name, reach, keys=keys):
            changed.append(after)
            uow.publish(events.contact_changed(after, reach or _reach_of(before, keys), keys))
    seats.insert_holders(uow, new)
    seats.update_holders(uow, changed)
    renamed = [h.id for h in changed if known[h.subject].name != h.name]
    if renamed:
        republish(uow, seats.list_posts_of_holders(uow, renamed))
    return known | {holder.subject: holder for holder in (*new, *changed)}


def held_elsewhere(uow: UnitOfWork, holders: Sequence[Holder]) -> set[str]:
    """Who of them holds a post that the asker does not manage: neither their name nor their reach is the asker's."""
    if not holders or OPERATOR in uow.person.roles:
        return set()
    others = [post for post in seats.list_posts_of_holders(uow, [h.id for h in holders]) if not manages(uow, post.path)]
    held = {term.subject for post in others for term in post.holdings if not term.is_past(uow.now)}
    return held & {holder.subject for holder in holders}


def holding_of(uow: UnitOfWork, post: Post, holder: Holder, term: Term) -> Holding:
    return Holding(
        id=new_id(uow.now),
        post_id=post.id,
        holder_id=holder.id,
        subject=holder.subject,
        name=holder.name,
        stand_in=term.stand_in,
        since=term.since or uow.now,
        until=term.until,
    )


def keep_all(uow: UnitOfWork, before: Sequence[Post], after: Sequence[Post]) -> None:
    seats.update_posts(uow, after)
    seats.put_holdings(uow, before, after)
    for post in after:
        uow.publish(events.post_changed(post, uow))


def _keep(uow: UnitOfWork, before: Post, after: Post) -> Post:
    keep_all(uow, [before], [after])
    return after


def _mine(uow: UnitOfWork, post_id: UUID, *, version: int) -> Post:
    post = seats.get_for_change(uow, post_id, version=version)
    check_manages(uow, post.path)
    if post.office_id:
        _check_manages_office(uow, post.office_id)
    return post


def _new_holder(uow: UnitOfWork, subject: str, name: str, reach: Reach | None, *, keys: Keys) -> Holder:
    holder_id, reach = new_id(uow.now), reach or Reach(name=name, means=Means.INBOX)
    sealed = keys.seal_reach(holder_id, reach)
    holder = Holder(holder_id, 1, subject, name, sealed.wrapped_key, sealed.reach, sealed.digest)
    uow.publish(events.contact_changed(holder, reach, keys))
    return holder


def _changed_holder(before: Holder, name: str, reach: Reach | None, *, keys: Keys) -> Holder | None:
    erased = before.wrapped_key is None
    if erased and reach is None:
        reach = Reach(name=name, means=Means.INBOX)
    same_reach = reach is None or (not erased and keys.digest(before.id, reach) == before.digest)
    if name == before.name and same_reach:
        return None
    after = replace(before, version=before.version + 1, name=name)
    if reach is None or same_reach:
        return after
    sealed = keys.seal_reach(before.id, reach)
    return replace(after, wrapped_key=sealed.wrapped_key, reach=sealed.reach, digest=sealed.digest)


def _reach_of(holder: Holder, keys: Keys) -> Reach:
    if holder.wrapped_key is None or holder.reach is None:
        return Reach(name=holder.name, means=Means.INBOX)
    return keys.open_reach(holder.id, holder.wrapped_key, holder.reach)


def _without(post: Post, holder: Holder, *, name: str, now: datetime) -> Post:
    kept = []
    for term in post.holdings:
        if term.holder_id == holder.id:
            if term.since >= now:
                continue
            until = now if term.covers(now) else term.until
            kept.append(replace(term, name=name, until=until))
        else:
            kept.append(term)
    return replace(post, version=post.version + 1, holdings=tuple(kept))
