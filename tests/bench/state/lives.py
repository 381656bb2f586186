"""A story played by the services' own functions: every row and event is made by the code that makes the real ones.

What the doors and queries do around them is left out: the rows are copied in, thousands at a time.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from random import Random
from typing import Any

from contracts.intake import AppealReceivedV1, Channel, PersonContactChangedV1, Placing
from contracts.routing import CaseFact
from intake import events
from intake.consumers import PASSED
from intake.domain.appeal import Appeal, Asker, EntryKind, Location, Who, WhoKind, WithdrawalReason
from intake.domain.gist import LIMIT, first_sentence, gist_of
from intake.domain.sorting import Categories, Suggestion
from intake.models import appeal_entry, appeal_grant, progress
from intake.repository import appeals
from intake.repository.sealing import Envelope
from intake.service import following
from kit.ids import new_id
from kit.numbers import new_number, new_query_code
from kit.outbox import outgoing
from network.posts import Seat
from routing.domain.case import Case
from sqlalchemy import BigInteger, Column, DateTime, MetaData, SmallInteger, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from tests.bench.state.course import Course, Moment, put_case
from tests.bench.state.ground import CityGround
from tests.bench.state.sheets import Sheets
from tests.bench.state.stories import End, Story

#: The kit's own table, which its migrations make without a model.
event_snapshot = Table(
    "event_snapshot",
    MetaData(),
    Column("topic", Text),
    Column("key", Text),
    Column("event_id", Uuid),
    Column("shard", SmallInteger),
    Column("type", Text),
    Column("version", BigInteger),
    Column("body", Text),
    Column("headers", JSONB),
    Column("recorded_at", DateTime(timezone=True)),
)


@dataclass(frozen=True)
class Life:
    """What came of a story, for whoever tells of it."""

    asker: Asker | None
    case: Case
    facts: Sequence[CaseFact]
    traceparent: str


@dataclass(frozen=True)
class Player:
    ground: CityGround
    now: datetime
    intake: Sheets
    routing: Sheets

    def play(self, story: Story, chance: Random) -> Life:
        trace = f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-02"
        clerk = None if story.channel is Channel.WEB else self.ground.clerks.get(story.spot.station)
        received, asker = self._file(story, clerk, trace)
        course = Course(self.ground.grounds[story.spot.path], story, clerk, chance, self.now)
        case = course.open(received)
        course.carry(case, taken_by=received.taken_by)
        put_case(self.routing, case, now=self.now)
        self._put_progress(course.facts)
        return Life(asker, case, course.facts, trace)

    def _file(self, story: Story, clerk: Seat | None, trace: str) -> tuple[AppealReceivedV1, Asker | None]:
        """As intake.service.receiving stores and tells it; as amending does where it is withdrawn."""
        keys, moment = self.ground.keys, Moment(story.received, sheets=self.intake)
        envelope = Envelope.new(keys, owner=new_id(story.received))
        appeal = self._appeal(story, clerk, envelope)
        code = new_query_code()
        asker, who = _asker(story, appeal), None
        if asker:
            who = Who(asker.kind, asker.name, means=asker.means, address=asker.address, language=asker.language)
            self._put_snapshot(events.contact_changed(asker, ring=keys.transport), story.received, trace)
        told = keys.asker(asker.address if asker else None)
        received = events.appeal_received(appeal, query_code=code, ring=keys.transport, asker=told)
        if story.withdrawn:
            appeal.withdraw(at=story.withdrawn)
            self._put_withdrawal(appeal, story.withdrawn)
        appeals.add_appeal(moment, keys, envelope, appeal, code_index=keys.index("query code", code), new=who)
        return received, asker

    def _appeal(self, story: Story, clerk: Seat | None, envelope: Envelope) -> Appeal:
        anonymous = story.name is None
        suggestion = _suggested(self.ground.words, story.words)
        return Appeal(
            id=envelope.owner if anonymous else new_id(story.received),
            number=new_number("A"),
            channel=story.channel,
            words=story.words,
            title="",
            address=story.address,
            gist=_gist(story.words),
            suggested_category=suggestion.category if suggestion else None,
            suggestion_why=suggestion.why if suggestion else (),
            category=story.category,
            location=Location(Placing.GIVEN, story.spot.place_id, story.spot.path),
            taken_path=clerk.path if clerk else "/",
            taken_by=clerk.subject if clerk else f"resident.{envelope.owner.hex[-8:]}",
            source=None,
            external_id=None,
            received_at=story.received,
            written_at=None,
            historic=False,
            language=story.language,
            person_id=None if anonymous else envelope.owner,
            urgent=False,
            done_on_the_spot=story.end is End.SPOT and clerk is not None,
            complained_of=(),
        )

    def _put_snapshot(self, event: PersonContactChangedV1, at: datetime, trace: str) -> None:
        """The last state of a compacted subject, which is kept for good."""
        out = outgoing(event, now=at)
        row = {name: getattr(out, name) for name in ("topic", "key", "event_id", "shard", "type", "version", "body")}
        self.intake.add(event_snapshot, {**row, "headers": {"traceparent": trace}, "recorded_at": at})

    def _put_withdrawal(self, appeal: Appeal, at: datetime) -> None:
        entry = dict.fromkeys(appeal_entry.c.keys()) | {
            "id": new_id(at),
            "appeal_id": appeal.id,
            "at": at,
            "by": appeal.taken_by,
            "kind": EntryKind.WITHDRAWN.value,
            "version": appeal.version,
            "reason": WithdrawalReason.UNWANTED.value,
        }
        self.intake.add(appeal_entry, entry)

    def _put_progress(self, facts: Sequence[CaseFact]) -> None:
        """The row that the steps leave, each over the one before."""
        row: dict[str, Any] = dict.fromkeys(progress.c.keys()) | {"steps": []}
        followed = [fact for fact in facts if not isinstance(fact, PASSED)]
        for fact in followed:
            for step in following._rows(fact):
                row |= step | {"steps": row["steps"] + step.get("steps", [])}
        self.intake.add(progress, row)
        for appeal_id, office_id in sorted({given for fact in followed for given in following._given(fact)}):
            self.intake.add(appeal_grant, {"appeal_id": appeal_id, "office_id": office_id})


def _asker(story: Story, appeal: Appeal) -> Asker | None:
    if appeal.person_id is None:
        return None
    return Asker(appeal.person_id, WhoKind.OUTSIDER, story.name, story.means, story.reach, story.language)


@lru_cache(maxsize=4096)
def _gist(words: str) -> str:
    return gist_of(title="", words=words)


@lru_cache(maxsize=4096)
def _suggested(categories: Categories, words: str) -> Suggestion | None:
    """As receiving asks: who gives no title says in the first sentence what it is about."""
    return categories.suggest(title=words if len(words) <= LIMIT else first_sentence(words), words=words)
