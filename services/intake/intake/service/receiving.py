"""An appeal comes in: checked, placed, sorted, stored with its events, and receipted, in one transaction."""

from dataclasses import replace
from datetime import datetime, timedelta

from contracts.intake import Channel, Means, Placing, fits
from kit.auth import OPERATOR, RESIDENT, Person
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.numbers import new_number, new_query_code, parse_code

from intake import events
from intake.domain.appeal import Appeal, Asker, Assignment, Earlier, Location, Receipt, Submission, Who, WhoKind
from intake.domain.gist import LIMIT, first_sentence, gist_of
from intake.domain.placing import NOWHERE_KNOWN
from intake.domain.progress import TooManyGuesses
from intake.errors import (
    Contradiction,
    NoSuchCategory,
    NoSuchEarlier,
    NoSuchStaff,
    NotYours,
    NumberTaken,
    OrderDiffers,
)
from intake.repository import appeals, copies, progress
from intake.repository.appeals import Claim
from intake.repository.sealing import Envelope
from intake.service.placing import id_of, locate, locate_code
from intake.service.station import Station

#: Clocks of other systems may be a little ahead.
_AHEAD = timedelta(minutes=5)

NUMBER_PREFIX = "A"

#: What is said in the taker's own station, of which nothing says that it is elsewhere.
_AT_THE_STATION = frozenset({Channel.WINDOW, Channel.VISIT, Channel.PATROL})


def receive_repeat(
    uow: UnitOfWork, given: Submission, *, station: Station, client: str
) -> Receipt | TooManyGuesses | NoSuchEarlier:
    """They name the code of an earlier appeal of theirs. One that is nobody's is a guess, and counted: that error is
    returned, not raised.
    """
    code = parse_code(given.repeat_of or "", field="/repeat_of")
    earlier = progress.find_appeal_by_code(uow, station.keys, code, client=client)
    if isinstance(earlier, TooManyGuesses):
        return earlier
    return receive_appeal(uow, given, station=station, again=earlier) if earlier else NoSuchEarlier()


def receive_appeal(uow: UnitOfWork, given: Submission, *, station: Station, again: Earlier | None = None) -> Receipt:
    """Who may, for what: residents on the web for themselves, staff by every channel, operators for other systems.

    ``again``: the earlier appeal about the same; where that is sealed, so is this.
    """
    station.must_know()
    _must_agree(uow, given, station)
    given = given.under_their_number()
    _may_take(uow.person, given)
    if again is not None and again.sealed:
        given = replace(given, sealed=True)
    category = _known_category(station, given.category)
    _must_know_staff(uow, given)
    claim, envelope = _claim(uow, given, station)
    if claim.before:
        return _again(uow, given, station, claim)
    taken = taken_path_of(uow.person)
    location = _locate(uow, given, station, taken)
    appeal = _appeal(uow, given, station, envelope=envelope, location=location, taken=taken, category=category)
    appeal.repeat_of = again.appeal_id if again else None
    return _store(uow, given, station, appeal, envelope, known=claim.wrapped_key is not None)


def taken_path_of(person: Person) -> str:
    """The station that took it: that of the first post in the tree's own line; ``/`` is nobody's."""
    return next((post.path for post in person.posts if post.office_id is None), "/")


def _locate(uow: UnitOfWork, given: Submission, station: Station, taken: str) -> Location:
    if given.place:
        known = station.find_open(given.place)
        return Location(Placing.GIVEN, *known) if known else locate_code(uow, given.place)
    city = NOWHERE_KNOWN
    if given.city:
        city = station.find_city(given.city) or locate_code(uow, given.city, field="/city").path
    root = city if given.city else station.root_of(taken)
    location = locate(
        station, address=given.address, title=_headline(given), words=given.words, near=taken, root=root, within=city
    )
    if given.channel in _AT_THE_STATION and location.placing is Placing.NONE and taken.startswith(location.path):
        return replace(location, place_id=id_of(taken), path=taken)
    return location


def _claim(uow: UnitOfWork, given: Submission, station: Station) -> tuple[Claim, Envelope]:
    """Whose the appeal is: its number and its author's may be known already."""
    identity = new_id(uow.now)
    if given.source is None or given.external_id is None:
        return Claim(), Envelope.new(station.keys, owner=identity)
    author = given.who.origin and station.keys.index("author", f"{given.source}\n{given.who.origin}")
    claim = appeals.claim_number(
        uow, source=given.source, external_id=given.external_id, author=author or None, person_id=identity
    )
    if claim.person_id is None or claim.wrapped_key is None:
        return claim, Envelope.new(station.keys, owner=identity)
    return claim, Envelope.open(station.keys, claim.wrapped_key, owner=claim.person_id)


def _again(uow: UnitOfWork, given: Submission, station: Station, claim: Claim) -> Receipt:
    """The same pair is the same appeal, for whoever took it or may see it; its query code was told once and is kept
    nowhere. An order from above that says something else by now is not passed over in silence.
    """
    assert claim.before is not None
    is_told = claim.taken_by == uow.person.subject or OPERATOR in uow.person.roles
    if not is_told and not appeals.is_seen(uow, claim.before.appeal_id):
        raise NumberTaken
    if given.assignment is not None:
        _must_be_the_same_order(uow, given, given.assignment, station, claim.before)
    return claim.before


def _must_be_the_same_order(
    uow: UnitOfWork, given: Submission, order: Assignment, station: Station, before: Receipt
) -> None:
    file = appeals.find_file(uow, station.keys, before.appeal_id)
    if file is None or file.appeal.assignment is None:
        return
    known = file.appeal.assignment
    pairs = {
        "/words": (given.words, file.appeal.words),
        "/assignment/due_at": (order.due_at, known.due_at),
        "/assignment/report_owed": (order.report_owed, known.report_owed),
    }
    if differ := [name for name, (now, then) in pairs.items() if now != then]:
        raise OrderDiffers(before.number, differ)


def _appeal(
    uow: UnitOfWork,
    given: Submission,
    station: Station,
    *,
    envelope: Envelope,
    location: Location,
    taken: str,
    category: str | None,
) -> Appeal:
    suggestion = station.categories.suggest(title=_headline(given), words=given.words)
    sorted_as = station.categories.find(category or (suggestion.category if suggestion else ""))
    sealed = given.sealed or bool(given.complained_of) or (sorted_as is not None and sorted_as.sealed)
    anonymous = given.who.kind is WhoKind.ANONYMOUS
    return Appeal(
        id=envelope.owner if anonymous else new_id(uow.now),
        number=new_number(NUMBER_PREFIX),
        channel=given.channel,
        words=given.words,
        title=given.title,
        address=given.address,
        gist=gist_of(title=given.title, words=given.words),
        suggested_category=suggestion.category if suggestion else None,
        suggestion_why=suggestion.why if suggestion else (),
        category=category,
        location=location,
        taken_path=taken,
        taken_by=uow.by,
        source=given.source,
        external_id=given.external_id,
        received_at=_received_at(uow, given),
        written_at=given.written_at,
        historic=given.historic,
        language=given.language,
        person_id=None if anonymous else envelope.owner,
        urgent=given.urgent,
        done_on_the_spot=given.done_on_the_spot,
        answer=given.answer,
        complained_of=given.complained_of,
        assignment=given.assignment,
        sealed=sealed,
        seen_by=(uow.person.subject,) if sealed else (),
    )


def _store(
    uow: UnitOfWork, given: Submission, station: Station, appeal: Appeal, envelope: Envelope, *, known: bool
) -> Receipt:
    code = new_query_code()
    new = given.who if appeal.person_id and not known else None
    appeals.add_appeal(uow, station.keys, envelope, appeal, code_index=station.keys.index("query code", code), new=new)
    if new:
        uow.publish(events.contact_changed(_asker(appeal, given.who), ring=station.keys.transport))
    received = events.appeal_received(
        appeal,
        sealed=given.sealed,
        # An author who is on record is reached as that says, which notify has.
        reached_by_message=known or given.who.is_reached_by_message,
        query_code=code,
        ring=station.keys.transport,
        asker=station.keys.asker(given.who.known_by),
    )
    uow.publish(received)
    return Receipt(
        appeal_id=appeal.id,
        number=appeal.number,
        received_at=appeal.received_at,
        placing=appeal.location.placing,
        place_id=appeal.location.place_id,
        suggested_category=appeal.suggested_category,
        query_code=code,
    )


def _headline(given: Submission) -> str:
    """Who gives no title says what it is about in the first sentence, or in all of a few words."""
    return given.title or (given.words if len(given.words) <= LIMIT else first_sentence(given.words))


def _asker(appeal: Appeal, who: Who) -> Asker:
    return Asker(
        id=appeal.person_id or appeal.id,
        kind=who.kind,
        name=who.name,
        means=who.means,
        address=who.address,
        language=who.language,
    )


def _received_at(uow: UnitOfWork, given: Submission) -> datetime:
    past = given.received_at or given.written_at
    return past if given.historic and past else uow.now


def _known_category(station: Station, code: str | None) -> str | None:
    category = station.categories.find(code) if code else None
    if code and (category is None or category.retired):
        raise NoSuchCategory(code)
    return code


def _must_know_staff(uow: UnitOfWork, given: Submission) -> None:
    known = copies.list_known_staff(uow, given.complained_of)
    for nth, subject in enumerate(given.complained_of):
        if subject not in known:
            raise NoSuchStaff(f"/complained_of/{nth}")


def _may_take(person: Person, given: Submission) -> None:
    if OPERATOR in person.roles:
        _settles_by_a_post(person, given)
        return
    if given.historic:
        raise NotYours("historic_is_operators", "Only an operator brings in a finished past.", field="/historic")
    if given.who.origin:
        raise NotYours(
            "origin_is_operators", "Only an operator knows whose name it is in a source.", field="/who/origin"
        )
    if person.posts:
        return
    if RESIDENT not in person.roles:
        raise NotYours("no_post", "Appeals are taken by who holds a post, and filed by residents: you are neither now.")
    if given.channel is not Channel.WEB:
        raise NotYours("web_is_residents", "Residents file by the channel web.", field="/channel")
    for name in ("source", "done_on_the_spot", "urgent", "sealed"):
        if getattr(given, name):
            raise NotYours("staff_only", f"Only staff give {name}: leave it out.", field=f"/{name}")


def _settles_by_a_post(person: Person, given: Submission) -> None:
    """The case is answered and closed in the post of whoever took it."""
    if given.done_on_the_spot and not person.posts:
        raise NotYours(
            "no_post_to_settle",
            "What is settled on the spot is answered by who holds a post, and you hold none: leave it out.",
            field="/done_on_the_spot",
        )


def _must_agree(uow: UnitOfWork, given: Submission, station: Station) -> None:
    """Each field is well formed by itself; these are the pairs that cannot both be."""
    for wrong, field, detail in _contradictions(uow, given, station):
        if wrong:
            raise Contradiction("contradiction", detail, field=field)


def _contradictions(uow: UnitOfWork, given: Submission, station: Station) -> list[tuple[bool, str, str]]:
    who = given.who
    category = station.categories.find(given.category or "")
    is_sealed = given.sealed or bool(given.complained_of) or (category is not None and category.sealed)
    named = bool(who.name or who.address or who.reference or who.origin)
    latest = uow.now + _AHEAD
    return [
        *_contradictions_of_assignment(given),
        (
            (given.source is None) != (given.external_id is None),
            "/external_id" if given.source else "/source",
            "A source goes with its external number: give both or neither.",
        ),
        (bool(who.origin) and given.source is None, "/source", "An origin is a name within a source: give the source."),
        (
            who.kind is WhoKind.ANONYMOUS and named,
            "/who/kind",
            "Somebody anonymous has no name, address or reference: leave them out, or say who it is.",
        ),
        (
            who.kind is WhoKind.RESIDENT and who.reference is None and who.origin is None,
            "/who/reference",
            "A resident is one of the register: give the reference, or take them as an outsider.",
        ),
        (who.means is Means.INBOX, "/who/means", "The inbox is for staff: choose sms, sandbox or none."),
        (
            who.means is not Means.NONE and not who.address,
            "/who/address",
            "To be told by this means takes an address: give it, or choose none.",
        ),
        (
            bool(who.address) and not fits(who.means, who.address or ""),
            "/who/address",
            "This is no telephone number: give its 7 to 15 digits, or choose none.",
        ),
        (
            given.received_at is not None and not given.historic,
            "/received_at",
            "What is not historic is received now: leave it out, and say in written_at when it was written.",
        ),
        (
            given.historic and given.received_at is None and given.written_at is None,
            "/received_at",
            "A finished past needs its time: give received_at or written_at.",
        ),
        (
            given.repeat_of is not None and (given.historic or given.done_on_the_spot),
            "/repeat_of",
            "What is over asks nothing again: leave out the code of the earlier appeal.",
        ),
        (given.historic and given.done_on_the_spot, "/historic", "A finished past is not done on the spot."),
        (
            given.done_on_the_spot and is_sealed,
            "/done_on_the_spot",
            "What is sealed or complains of staff is not settled by whoever takes it: leave this out.",
        ),
        (
            given.done_on_the_spot and given.answer is None,
            "/answer",
            "What is done on the spot is answered by it: say what was said or done, in words for the resident.",
        ),
        (
            given.answer is not None and not given.done_on_the_spot,
            "/answer",
            "Only what is done on the spot is answered as it is taken: leave this out, or say that it is done.",
        ),
        (_after(given.received_at, latest), "/received_at", "This lies in the future: correct it."),
        (_after(given.written_at, latest), "/written_at", "This lies in the future: correct it."),
    ]


def _contradictions_of_assignment(given: Submission) -> list[tuple[bool, str, str]]:
    order = given.assignment
    if order is None:
        is_lacking = given.channel is Channel.ASSIGNED and not given.historic
        return [
            (is_lacking, "/assignment", "What is assigned from above: say by whom, under which number and by when."),
        ]
    return [
        (
            given.channel is not Channel.ASSIGNED,
            "/channel",
            "What was assigned from above comes by the channel assigned: choose that, or leave the assignment out.",
        ),
        (
            given.is_another_source,
            "/source",
            "The office and number of the assignment are its source: leave source and external_id out.",
        ),
        (
            _after(given.written_at, order.due_at),
            "/assignment/due_at",
            "Their limit lies before the date that it bears: correct one of them.",
        ),
        (
            given.done_on_the_spot and order.report_owed,
            "/done_on_the_spot",
            "They review a report back before it is closed: it is not settled on the spot.",
        ),
    ]


def _after(moment: datetime | None, latest: datetime) -> bool:
    return moment is not None and moment > latest
