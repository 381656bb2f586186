"""Events, people and keys for notify's tests. All names are invented."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from contracts.intake import Channel, Language, Means, PersonContactChangedV1, Reach
from contracts.routing import (
    Ask,
    CallBackOwedV1,
    CaseAcceptedV1,
    CaseAccompaniedV1,
    CaseAnsweredV1,
    CaseAskedV1,
    CaseAssignedV1,
    CaseCalledBackV1,
    CaseCentreReportedV1,
    CaseClosedV1,
    CaseCorrectedV1,
    CaseDraftedV1,
    CaseExclusionAskedV1,
    CaseExclusionReviewedV1,
    CaseExtendedV1,
    CaseFact,
    CaseGrantedV1,
    CaseGrantRevokedV1,
    CaseHandedOverV1,
    CaseHandedToHotlineV1,
    CaseHelperCalledV1,
    CaseHelperReleasedV1,
    CaseHelperReportedV1,
    CaseHolderLeftV1,
    CaseHotlineRepliedV1,
    CaseIncidentV1,
    CaseJoinedV1,
    CaseLinkedV1,
    CaseOpenedV1,
    CasePlannedV1,
    CasePressedV1,
    CaseRatedV1,
    CaseRecordedV1,
    CaseRecusedV1,
    CaseRedoneV1,
    CaseReportedBackV1,
    CaseReportedV1,
    CaseReportReviewedV1,
    CaseResortedV1,
    CaseResumedV1,
    CaseReviewedV1,
    CaseRuledV1,
    CaseSealedV1,
    CaseSplitOffV1,
    CaseSplitV1,
    CaseStartedV1,
    CaseState,
    CaseSuspendedV1,
    CaseUnlinkedV1,
    CaseVerifiedV1,
    ContactDeadlineApproachingV1,
    ContactDeadlineBreachedV1,
    ContactDeadlineMovedV1,
    ContactOutcome,
    DeadlineApproachingV1,
    DeadlineBreachedV1,
    DeadlineKind,
    DeadlineMovedV1,
    ExcludableRate,
    Handler,
    HandoverMeans,
    HotlineStanding,
    JoinKind,
    LinkKind,
    Outcome,
    Party,
    PressingKind,
    RecordKind,
    SupervisionClimbedV1,
)
from kit.crypto import KeyRing, new_key, seal_for_transport
from notify.service.office import Office

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LI = UUID(int=1)
WANG = UUID(int=2)


def make_handler(subject: str | None = "wang.min", **overrides: Any) -> Handler:
    return Handler(**{"post_id": uuid4(), "title": "窗口", "subject": subject, "name": "王敏", **overrides})


def make_party(person_id: UUID | None = LI) -> Party:
    return Party(appeal_id=uuid4(), appeal_number="A7K2-9QXM-4", person_id=person_id)


def make_joined(how: JoinKind = JoinKind.MERGED, *, come: UUID | None = WANG, **overrides: Any) -> CaseFact:
    """Somebody's appeal has come to a case of LI's."""
    party = make_party(come)
    more = {"joined": [party.appeal_id], "parties": [make_party(), party]}
    return make_event(CaseJoinedV1, **{"how": how, **more, **overrides})


def make_event(kind: type[CaseFact], **overrides: Any) -> CaseFact:
    common = {
        "version": 1,
        "case_id": uuid4(),
        "number": "C7K2-9QXM-4",
        "at": NOW,
        "state": CaseState.ACCEPTED,
        "placed_path": "/",
        "parties": [make_party()],
    }
    return kind(**{**common, **OWN[kind], **overrides})


OF_AN_ANSWER = {"appeal_id": uuid4(), "answer": 1}

OWN: dict[type[CaseFact], dict[str, Any]] = {
    CaseOpenedV1: {"gist": "路灯不亮", "channel": Channel.WEB},
    CaseAcceptedV1: {"promise_due": NOW, "promise_text": {"zh": "三日内"}, "handler": make_handler()},
    CaseAssignedV1: {"handler": make_handler(), "gist": "路灯不亮", "promise_due": NOW, "first": True},
    CaseStartedV1: {"handler": make_handler()},
    CaseAnsweredV1: {"outcome": Outcome.SOLVED, "answer": "修好了", "handler": make_handler(), "promise_met": True},
    CaseHandedOverV1: {"means": HandoverMeans.COLLECTED},
    CaseClosedV1: {"handler": make_handler(), "reason": "done"},
    CaseCorrectedV1: {"appeal_id": uuid4(), "gist": "停水", "handler": None},
    CaseResortedV1: {"category_before": "municipal.roads", "promise_due": NOW, "promise_text": {"zh": "三日内"}},
    CaseExtendedV1: {
        "promise_due": NOW,
        "promise_text": {"zh": "三日内"},
        "reason": "materials",
        "handler": make_handler(),
    },
    CaseSuspendedV1: {
        "until": NOW,
        "runs_again_on": date(2026, 12, 17),
        "reason": "testing",
        "reason_text": {"zh": "检测", "en": "Testing"},
        "promise_due": NOW,
        "promise_text": {"zh": "恢复办理后三个工作日"},
        "handler": make_handler(),
    },
    CaseResumedV1: {
        "gist": "路灯不亮",
        "promise_due": NOW,
        "promise_text": {"zh": "恢复办理后三个工作日"},
        "handler": make_handler(),
    },
    CasePlannedV1: {
        "day": date(2027, 4, 30),
        "due_at": NOW,
        "answer": "列入明年春季改造。",
        "who": "海州区住建局",
        "gist": "路灯不亮",
        "handler": make_handler(),
    },
    CaseAskedV1: {
        "ask": Ask.RETURN,
        "reason": "not_our_remit",
        "gist": "路灯不亮",
        "asker": make_handler(),
        "ruler": make_handler("zhao.jun"),
    },
    CasePressedV1: {
        "pressing_id": uuid4(),
        "pressing": PressingKind.ORDER,
        "pressing_number": "D7W4-HXM2-QRAW",
        "gist": "路灯不亮",
        "due_at": NOW,
        "handler": make_handler(),
        "presser_title": "海州区督办",
    },
    CaseReportedV1: {
        "pressing_id": uuid4(),
        "pressing": PressingKind.ORDER,
        "pressing_number": "D7W4-HXM2-QRAW",
        "gist": "路灯不亮",
        "handler": make_handler(),
        "presser": make_handler("sun.yue"),
    },
    CaseReportedBackV1: {
        "office": "市12345热线",
        "their_number": "GD17",
        "report": "B7W4-HXM2",
        "gist": "路灯不亮",
        "handler": make_handler(),
        "dispatcher": make_handler("li.na"),
    },
    CaseReportReviewedV1: {
        "office": "市12345热线",
        "their_number": "GD17",
        "report": "B7W4-HXM2",
        "accepted": False,
        "due_at": NOW,
        "gist": "路灯不亮",
        "handler": make_handler(),
    },
    CaseHandedToHotlineV1: {"reply_due": NOW, "gist": "路灯不亮", "handler": make_handler()},
    CaseHotlineRepliedV1: {
        "their_number": "RX17",
        "standing": HotlineStanding.DONE,
        "gist": "路灯不亮",
        "handler": make_handler(),
    },
    CaseHolderLeftV1: {
        "gist": "路灯不亮",
        "post_title": "市政专员",
        "cases": 3,
        "dispatcher": make_handler("zhao.jun"),
    },
    CaseRuledV1: {"ask": Ask.RETURN, "granted": True, "binding": False, "gist": "路灯不亮", "asker": make_handler()},
    CaseIncidentV1: {
        "telling": 1,
        "place_ids": [uuid4()],
        "words": "本楼停水检修",
        "gist": "污水倒灌",
        "handler": make_handler(),
    },
    CaseRecordedV1: {"record": RecordKind.CALL, "handler": make_handler()},
    CaseRecusedV1: {"gist": "路灯不亮"},
    CaseAccompaniedV1: {
        "gist": "租房押金纠纷",
        "centre": "海州区法律援助中心",
        "at_centre": make_handler("he.jian", phone="0000-1234"),
        "with_whom": "社区干部王敏",
        "handler": make_handler(),
        "promise_met": True,
    },
    CaseCentreReportedV1: {"centre": "海州区法律援助中心", "at_centre": None, "final": True, "handler": make_handler()},
    CaseHelperCalledV1: {
        "helper_id": uuid4(),
        "helper": make_handler("li.na"),
        "gist": "路灯不亮",
        "due_at": NOW,
        "handler": make_handler(),
    },
    CaseHelperReportedV1: {
        "helper_id": uuid4(),
        "helper": make_handler("li.na"),
        "gist": "路灯不亮",
        "handler": make_handler(),
    },
    CaseHelperReleasedV1: {"helper_id": uuid4(), "helper": make_handler("li.na"), "gist": "路灯不亮"},
    CaseLinkedV1: {"link_id": uuid4(), "link": LinkKind.FOLLOW_UP, "other_number": "C8T5-2HDN-6B"},
    CaseUnlinkedV1: {"link_id": uuid4(), "link": LinkKind.FOLLOW_UP, "other_number": "C8T5-2HDN-6B"},
    CaseDraftedV1: {"gist": "路灯不亮", "handler": make_handler(), "reviewer": make_handler("zhao.jun")},
    CaseReviewedV1: {"approved": True, "gist": "路灯不亮", "handler": make_handler()},
    CaseVerifiedV1: {"passed": True, "gist": "路灯不亮", "handler": make_handler()},
    CallBackOwedV1: {**OF_AN_ANSWER, "gist": "路灯不亮", "dispatcher": make_handler("zhao.jun")},
    CaseCalledBackV1: {
        **OF_AN_ANSWER,
        "outcome": ContactOutcome.NOT_REACHED,
        "attempt": 1,
        "handler": make_handler(),
    },
    CaseRatedV1: {**OF_AN_ANSWER, "solved": True, "rating": 4},
    CaseRedoneV1: {
        **OF_AN_ANSWER,
        "redos": 1,
        "gist": "路灯不亮",
        "promise_due": NOW,
        "promise_text": {"zh": "三日内"},
        "handler": make_handler(),
        "superior": make_handler("li.na"),
    },
    CaseJoinedV1: {
        "how": JoinKind.MERGED,
        "joined": [uuid4()],
        "from_number": "C8T5-2HDN-6",
        "gist": "污水外溢",
        "handler": make_handler(),
        "promise_due": NOW,
        "promise_text": {"zh": "三日内"},
    },
    CaseSplitV1: {"appeals": [uuid4()], "into_case_id": uuid4(), "into_number": "C8T5-2HDN-6"},
    CaseSplitOffV1: {
        "from_case_id": uuid4(),
        "from_number": "C8T5-2HDN-6",
        "gist": "污水外溢",
        "handler": make_handler(),
        "promise_due": NOW,
        "promise_text": {"zh": "三日内"},
    },
    CaseGrantedV1: {"grant_id": uuid4(), "granted": make_handler("gu.min")},
    CaseGrantRevokedV1: {"grant_id": uuid4()},
    CaseSealedV1: {},
    CaseExclusionAskedV1: {"rate": ExcludableRate.ON_TIME},
    CaseExclusionReviewedV1: {"rate": ExcludableRate.ON_TIME, "granted": True, "asked_by": "wang.min"},
    DeadlineBreachedV1: {
        "deadline_id": uuid4(),
        "deadline": DeadlineKind.PROMISE,
        "due_at": NOW,
        "gist": "路灯不亮",
        "handler": make_handler(),
        "superior": make_handler("li.na"),
    },
    DeadlineApproachingV1: {
        "deadline_id": uuid4(),
        "deadline": DeadlineKind.PROMISE,
        "due_at": NOW,
        "share": 80,
        "gist": "路灯不亮",
        "handler": make_handler(),
        "superior": make_handler("li.na"),
    },
    SupervisionClimbedV1: {
        "supervision_id": uuid4(),
        "due_at": NOW,
        "repeats": 0,
        "gist": "路灯不亮",
        "handler": make_handler(),
        "superior": make_handler("han.mei"),
        "late": make_handler("li.na"),
    },
    ContactDeadlineApproachingV1: {
        "deadline_id": uuid4(),
        "due_at": NOW,
        "share": 50,
        "gist": "路灯不亮",
        "handler": make_handler(),
    },
    ContactDeadlineBreachedV1: {
        "deadline_id": uuid4(),
        "due_at": NOW,
        "gist": "路灯不亮",
        "handler": make_handler(),
        "superior": make_handler("li.na"),
    },
    ContactDeadlineMovedV1: {
        "deadline_id": uuid4(),
        "due_before": NOW,
        "due_at": NOW + timedelta(days=2),
        "calendar_version": 2,
        "gist": "路灯不亮",
        "handler": make_handler(),
    },
    DeadlineMovedV1: {
        "deadline_id": uuid4(),
        "deadline": DeadlineKind.PROMISE,
        "due_before": NOW,
        "due_at": NOW + timedelta(days=2),
        "calendar_version": 2,
        "promise_due": NOW + timedelta(days=2),
        "promise_text": {"zh": "3个工作日内答复或办结"},
        "gist": "路灯不亮",
        "handler": make_handler(),
    },
}

PROGRESS = "https://city.example/progress"
RATINGS = "https://city.example/ratings"

OFFICE = Office(
    keys=KeyRing.parse(new_key("k1")),
    transport=KeyRing.parse(new_key("t1")),
    zone=ZoneInfo("Asia/Shanghai"),
    address=PROGRESS,
    ratings=RATINGS,
)


def make_reach(**overrides: Any) -> Reach:
    return Reach(**{"means": Means.SANDBOX, "address": "sandbox:li", "name": "李平", **overrides})


def sealed(reach: Reach, contact_id: UUID) -> str:
    return seal_for_transport(OFFICE.transport, reach, key=contact_id)


def contact_event(person_id: UUID = LI, **overrides: Any) -> PersonContactChangedV1:
    return PersonContactChangedV1(version=1, person_id=person_id, sealed=sealed(make_reach(**overrides), person_id))


def make_party_with_code(code: str, person_id: UUID = LI) -> Party:
    appeal_id = uuid4()
    return Party(
        appeal_id=appeal_id,
        appeal_number="A7K2-9QXM-4",
        person_id=person_id,
        language=Language.CHINESE,
        query_code=seal_for_transport(OFFICE.transport, code, key=appeal_id),
    )
