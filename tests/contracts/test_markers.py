"""Markers planted in every personal field, followed through intake, routing and notify to the public feed.

No key and no header of any event may hold one; no body of a public topic may; and sealed contacts show none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from contracts.intake import Channel, Means
from contracts.routing import HandoverMeans, Outcome
from contracts.topics import TOPICS
from intake.domain.appeal import Receipt, Submission, Who, WhoKind
from intake.repository.sealing import Keys
from intake.service.receiving import receive_appeal
from intake.service.station import Station
from kit.auth import OPERATOR, Claims, Person
from kit.crypto import KeyRing, new_key
from kit.kafka.record import Record
from kit.kafka.taking import take
from kit.outbox import Outgoing
from kit.relay.window import Pending
from kit.testing.servers import NOW, RolledBackUnitOfWork
from kit.testing.tokens import find_person
from network.people import POSTS
from routing.service import steps
from sqlalchemy import text

from tests.conftest import UnitOfWorkOf
from tests.contracts.services import book_of
from tests.contracts.stories import batches_of, read
from tests.contracts.test_examples import EXAMPLE_KEYS

#: What the examples say of people: names, sign-in subjects and telephone numbers of staff, names of small places.
OF_STAFF = ["王敏", "wang.min", "李娜", "li.na", "0558-5550111", "12号楼", "第三片"]

WORDS, TITLE, NAME, ADDRESS, PLACE, ORIGIN, NUMBER, ANSWER = (
    f"planted{field}" for field in ("Words", "Title", "Name", "Address", "Place", "Origin", "Number", "Answer")
)
OF_RESIDENT = [WORDS, TITLE, NAME, ADDRESS, PLACE, ORIGIN, NUMBER]
MARKERS = [*OF_RESIDENT, ANSWER, *OF_STAFF]


@dataclass
class City:
    """The services over the examples' places and posts; ``said`` is every event that one of them published."""

    uow_of: UnitOfWorkOf
    said: list[Outgoing] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)

    def __post_init__(self) -> None:
        for service in ("intake", "routing", "notify"):
            self._take(service, [r for batch in batches_of(book_of(service)) for r in batch if _is_known_before(r)])
        self.said.clear()

    def hand_in(self, *, place: str | None, category: str | None, number: str, on_the_spot: bool = False) -> None:
        importing = replace(self.person("intake", "wang.min"), roles=frozenset({OPERATOR}))
        clerk = self.uow_of("intake", person=importing)
        station = Station(Keys(KeyRing.parse(new_key("s")), KeyRing.parse(EXAMPLE_KEYS)))
        station.refresh(self.uow_of("intake", role="consumer"))
        who = Who(kind=WhoKind.OUTSIDER, name=NAME, means=Means.SANDBOX, address=ADDRESS, origin=ORIGIN)
        given = Submission(
            channel=Channel.WINDOW,
            words=f"我叫{NAME}，{WORDS}，住在{PLACE}，电话13812345678。",
            title=TITLE,
            who=who,
            place=place,
            address=None if place else PLACE,
            category=category,
            source="open-data",
            external_id=f"{NUMBER}{number}",
            done_on_the_spot=on_the_spot,
            answer=ANSWER if on_the_spot else None,
        )
        self.receipts.append(receive_appeal(clerk, given, station=station))
        self._spread(clerk)

    def go_its_way(self) -> None:
        """The first case from its start to its close."""
        find = text("select c.case_id, c.version from cases c join case_appeal using (case_id) where appeal_id = :a")
        uow = self.uow_of("routing", person=self.person("routing", "wang.min"))
        row = uow.execute(find, {"a": self.receipts[0].appeal_id}).one()
        case = steps.start_case(uow, row.case_id, version=row.version)
        case = steps.answer_case(uow, row.case_id, version=case.version, outcome=Outcome.SOLVED, answer=ANSWER)
        case = steps.hand_over_case(uow, row.case_id, version=case.version, means=HandoverMeans.COLLECTED)
        steps.close_case(uow, row.case_id, version=case.version)
        self._spread(uow)

    def person(self, service: str, subject: str) -> Person:
        uow = self.uow_of(service)
        uow.enter()
        return find_person(POSTS, uow.connection, Claims(subject), NOW)

    def _spread(self, uow: RolledBackUnitOfWork) -> None:
        """What was published, to each service that takes it (contacts come before the cases), and what they publish."""
        published = uow.published
        uow.flush()
        self.said += published
        for service in ("intake", "notify", "routing"):
            self._take(service, [on_the_wire(event) for event in published])

    def _take(self, service: str, records: Sequence[Record]) -> None:
        book = book_of(service)
        wanted = [record for record in records if book.find(record.topic, _type_of(record))]
        if not wanted:
            return
        uow = self.uow_of(service, role="consumer")
        results = take(uow, service, [read(book, record) for record in wanted]).results
        assert {result for _, result in results} == {"applied"}
        self._spread(uow)


def on_the_wire(event: Outgoing) -> Record:
    pending = Pending(1, event.event_id, event.topic, event.type, event.key, event.version, event.body, event.headers)
    headers = pending.wire_headers(TOPICS[event.topic].owner, "5x1TnH0oQxCq3kTn0aUzkA")
    value = None if event.body is None else event.body.encode()
    return Record(event.topic, 0, event.version, event.key.encode(), value, tuple(headers))


def _type_of(record: Record) -> str:
    return next((value or b"").decode() for name, value in record.headers if name == "ce_type")


def _is_known_before(record: Record) -> bool:
    return TOPICS[record.topic].compacted and record.topic != "intake.contact.v1"


def markers_in(text_: str) -> list[str]:
    return [marker for marker in MARKERS if marker in text_]


@pytest.fixture
def city(uow_of: UnitOfWorkOf) -> City:
    city = City(uow_of)
    city.hand_in(place="LJ-HZ-BY-3-12", category="administrative.relief", number="1")
    city.hand_in(place=None, category=None, number="2")
    city.hand_in(place="LJ-HZ-BY", category="administrative.relief", number="3", on_the_spot=True)
    city.go_its_way()
    return city


def test_no_key_header_or_public_body_of_any_event_holds_a_marker(city: City) -> None:
    said = {event.type for event in city.said}
    assert {event.TYPE for event in TOPICS["city.case.v1"].events} <= said
    assert {"intake.appeal.received.v1", "intake.contact.changed.v1", "routing.case.answered.v1"} <= said
    for event in city.said:
        record = on_the_wire(event)
        shown = (record.key or b"").decode() + "".join(f"{n}={(v or b'').decode()};" for n, v in record.headers)
        assert markers_in(shown) == [], event.type
        if TOPICS[event.topic].public or event.topic == "intake.contact.v1":
            assert markers_in(event.body or "") == [], event.type


def test_what_a_resident_said_does_not_leave_intake_but_as_a_gist(city: City) -> None:
    """The answer and the handler's name are for the resident; of the resident's own only the masked gist is known."""
    for event in city.said:
        told = markers_in(event.body or "")
        assert not {NAME, ADDRESS, ORIGIN, NUMBER} & set(told), f"{event.type}: {told}"
        assert "13812345678" not in (event.body or ""), event.type
    answers = [event.body or "" for event in city.said if event.type == "routing.case.answered.v1"]
    assert {ANSWER, "王敏"} <= set(markers_in("".join(answers))), "a marker that comes through would not be found"
