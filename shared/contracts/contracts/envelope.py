"""The event as every service sees it: facts in the body, attributes as CloudEvents 1.0 headers.

On the wire (CloudEvents 1.0, Kafka protocol binding, binary mode) an event is

- key: the subject's id, so that one partition keeps one order per subject;
- value: the JSON of the event class, or nothing (a tombstone) on a compacted topic;
- headers: ``ce_specversion``, ``ce_id`` (UUIDv7), ``ce_type``, ``ce_source`` (``/intake``), ``ce_time`` (RFC 3339,
  UTC), ``ce_subject`` (the key again), ``ce_subjectversion`` (decimal, grows with every event of the subject),
  ``content-type`` (``application/json``), ``traceparent``, and ``ce_topicid``, which the relay adds: the broker's id of
  the topic that it wrote to, by which a consumer notices that the log was laid anew.
"""

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

#: A value encrypted for the services that hold the transport key (kit.crypto); opaque to everybody else.
Sealed = Annotated[str, Field(json_schema_extra={"x-sealed": True}, max_length=20_000)]

#: An instant with its offset.
Moment = AwareDatetime

#: Words by or about people. Never on a public topic, in a log, a metric, a key or a header.
Personal = Annotated[str, Field(json_schema_extra={"x-pii": True}, max_length=10_000)]

#: The ids from the root of the tree to a place, as ``/<hex>/<hex>/``; compared bytewise.
Path = Annotated[str, Field(pattern=r"^/([0-9a-f]{32}/)*$", max_length=700)]


class Fact(BaseModel):
    """A part of an event's body. Readers pass over what a newer writer added."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Fact):
    """One fact about one subject, as of the subject's ``version``."""

    TYPE: ClassVar[str]
    TOPIC: ClassVar[str]
    SUBJECT: ClassVar[str]

    version: int = Field(ge=1, description="The subject's version that this event made.")

    @property
    def key(self) -> str:
        return str(getattr(self, self.SUBJECT))


class Tombstone(Fact):
    """What erases a subject from a compacted topic: its key and no body."""

    topic: str
    type: str
    key: str
    version: int
