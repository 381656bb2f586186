"""The registry of topics: broker topics, ACLs and the catalogue come from here."""

from dataclasses import dataclass, field
from datetime import timedelta

from contracts import grid, intake, notify, routing
from contracts.envelope import Event

CASE_PARTITIONS = 24
FEW_PARTITIONS = 4


@dataclass(frozen=True)
class Topic:
    name: str
    description: str
    owner: str
    consumers: tuple[str, ...]
    events: tuple[type[Event], ...]
    partitions: int
    key: str
    compacted: bool = False
    retention: timedelta | None = field(default=timedelta(days=14))
    public: bool = False


_DEFINED = (
    Topic(
        name="grid.place.v1",
        description="The full state of each place, as of its version.",
        owner="grid",
        consumers=("intake", "routing", "notify"),
        events=(grid.PlaceChangedV1,),
        partitions=FEW_PARTITIONS,
        key="place",
        compacted=True,
        retention=None,
    ),
    Topic(
        name="grid.post.v1",
        description="The full state of each post: duty, holder, stand-in.",
        owner="grid",
        consumers=("intake", "routing", "notify"),
        events=(grid.PostChangedV1,),
        partitions=FEW_PARTITIONS,
        key="post",
        compacted=True,
        retention=None,
    ),
    Topic(
        name="grid.contact.v1",
        description="How staff and households are reached, sealed; a tombstone erases.",
        owner="grid",
        consumers=("notify",),
        events=(grid.ContactChangedV1,),
        partitions=FEW_PARTITIONS,
        key="holder",
        compacted=True,
        retention=None,
    ),
    Topic(
        name="intake.appeal.v1",
        description="Appeals as they come in, masked: the words stay in intake.",
        owner="intake",
        consumers=("routing",),
        events=(intake.AppealReceivedV1, intake.AppealCorrectedV1, intake.AppealWithdrawnV1, intake.AppealRatedV1),
        partitions=CASE_PARTITIONS,
        key="appeal",
    ),
    Topic(
        name="intake.contact.v1",
        description="How a person is reached, sealed; a tombstone erases.",
        owner="intake",
        consumers=("notify",),
        events=(intake.PersonContactChangedV1,),
        partitions=FEW_PARTITIONS,
        key="person",
        compacted=True,
        retention=None,
    ),
    Topic(
        name="routing.case.v1",
        description="Every step of a case, its promise and its deadlines, in one order.",
        owner="routing",
        consumers=("intake", "notify"),
        events=(
            routing.CaseOpenedV1,
            routing.CaseAcceptedV1,
            routing.CaseAssignedV1,
            routing.CaseStartedV1,
            routing.CaseAnsweredV1,
            routing.CaseHandedOverV1,
            routing.CaseClosedV1,
            routing.CaseResortedV1,
            routing.CaseCorrectedV1,
            routing.CaseExtendedV1,
            routing.CaseSuspendedV1,
            routing.CaseResumedV1,
            routing.CasePlannedV1,
            routing.CaseAskedV1,
            routing.CaseRuledV1,
            routing.CaseRecordedV1,
            routing.CasePressedV1,
            routing.CaseReportedV1,
            routing.CaseRecusedV1,
            routing.CaseAccompaniedV1,
            routing.CaseCentreReportedV1,
            routing.CaseReportedBackV1,
            routing.CaseReportReviewedV1,
            routing.CaseHelperCalledV1,
            routing.CaseHelperReportedV1,
            routing.CaseHelperReleasedV1,
            routing.CaseLinkedV1,
            routing.CaseUnlinkedV1,
            routing.CaseHandedToHotlineV1,
            routing.CaseHotlineRepliedV1,
            routing.CaseDraftedV1,
            routing.CaseReviewedV1,
            routing.CaseVerifiedV1,
            routing.CallBackOwedV1,
            routing.CaseCalledBackV1,
            routing.CaseRatedV1,
            routing.CaseRedoneV1,
            routing.CaseHolderLeftV1,
            routing.CaseIncidentV1,
            routing.CaseJoinedV1,
            routing.CaseSplitV1,
            routing.CaseSplitOffV1,
            routing.CaseGrantedV1,
            routing.CaseGrantRevokedV1,
            routing.CaseSealedV1,
            routing.CaseExclusionAskedV1,
            routing.CaseExclusionReviewedV1,
            routing.DeadlineBreachedV1,
            routing.DeadlineApproachingV1,
            routing.SupervisionClimbedV1,
            routing.DeadlineMovedV1,
            routing.ContactDeadlineApproachingV1,
            routing.ContactDeadlineBreachedV1,
            routing.ContactDeadlineMovedV1,
        ),
        partitions=CASE_PARTITIONS,
        key="case",
    ),
    Topic(
        name="routing.category.v1",
        description="The category tree and the words that suggest each category.",
        owner="routing",
        consumers=("intake",),
        events=(routing.CategoryChangedV1,),
        partitions=1,
        key="category",
        compacted=True,
        retention=None,
    ),
    Topic(
        name="notify.message.v1",
        description="Messages that could not be delivered, or that their readers want none of.",
        owner="notify",
        consumers=("routing",),
        events=(notify.MessageFailedV1, notify.MessageWithheldV1),
        partitions=CASE_PARTITIONS,
        key="message",
    ),
    Topic(
        name="city.case.v1",
        description="The city's public feed of cases: masked, classified, stable.",
        owner="routing",
        consumers=(),
        events=(routing.CityCaseOpenedV1, routing.CityCaseProgressedV1, routing.CityCaseClosedV1),
        partitions=CASE_PARTITIONS,
        key="case",
        public=True,
    ),
)

TOPICS: dict[str, Topic] = {topic.name: topic for topic in _DEFINED}
EVENTS: dict[str, type[Event]] = {event.TYPE: event for topic in _DEFINED for event in topic.events}
