"""Every wording says what it should, in both languages, for every notice that a step can owe."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pkgutil import iter_modules
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from contracts.routing import (
    Ask,
    CaseAcceptedV1,
    CaseAccompaniedV1,
    CaseAnsweredV1,
    CaseAssignedV1,
    CaseClosedV1,
    CaseFact,
    CaseHandedToHotlineV1,
    CaseHelperCalledV1,
    CaseHelperReleasedV1,
    CaseHelperReportedV1,
    CaseHolderLeftV1,
    CaseHotlineRepliedV1,
    CaseOpenedV1,
    CasePlannedV1,
    CasePressedV1,
    CaseRecordedV1,
    CaseRecusedV1,
    CaseReportReviewedV1,
    CaseRuledV1,
    CaseSuspendedV1,
    ContactDeadlineApproachingV1,
    ContactDeadlineBreachedV1,
    ContactDeadlineMovedV1,
    DeadlineApproachingV1,
    DeadlineBreachedV1,
    DeadlineKind,
    DeadlineMovedV1,
    HandoverMeans,
    JoinKind,
    PressingEnded,
    PressingKind,
    Queue,
    RecordKind,
    SupervisionClimbedV1,
)
from jinja2.exceptions import SecurityError, UndefinedError
from notify import migrations
from notify.domain.moments import spoken
from notify.domain.owed import Owed, Template, owed_by
from notify.migrations import wordings_v1
from notify.service.words import named, rendered, shortened, spoken_facts

from tests.notify.factories import OWN, make_event, make_handler, make_joined, make_party
from tests.notify.test_owed import TABLE

ZONE = ZoneInfo("Asia/Shanghai")
DUE = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


def _later_wordings() -> Iterator[Any]:
    """In the order in which migrations add them."""
    found = [module.name for module in iter_modules(migrations.__path__) if module.name.startswith("wordings_v")]
    for name in sorted(found, key=lambda name: int(name.removeprefix("wordings_v")))[1:]:
        yield import_module(f"notify.migrations.{name}")


#: The newest wording of each template.
WORDINGS = wordings_v1.WORDINGS | {
    code: wordings for later in _later_wordings() for code, (_, wordings) in later.WORDINGS.items()
}

NOTICES = [(event, notice) for event, _ in TABLE for notice in owed_by(event)]


def words_of(notice: Owed, language: str, **more: str) -> tuple[str, str]:
    facts = spoken_facts(notice.facts, language=language, zone=ZONE) | more
    facts |= {"query_code": "ABCD-EFGH-JKMN-P", "progress": "https://city.example/progress/ABCD-EFGH-JKMN-P"}
    title, body = WORDINGS[notice.template.value][language]
    return rendered(title, facts), rendered(body, facts)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("event, notice", NOTICES, ids=lambda value: getattr(value, "template", None))
def test_every_notice_can_be_worded(event: CaseFact, notice: Owed, language: str) -> None:
    title, body = words_of(notice, language)
    assert notice.facts["number"] in title
    for text in (title, body):
        assert "None" not in text
        assert "{" not in text
        assert "  " not in text


def test_every_template_has_both_languages() -> None:
    assert {(code, language) for code, said in WORDINGS.items() for language in said} == {
        (template.value, language) for template in Template for language in ("zh", "en")
    }


def test_the_resident_reads_whom_to_talk_to_who_does_it_and_by_when() -> None:
    handler = make_handler(title="海州社区民政窗口", name="王敏", phone="0518-555-0101")
    text = {
        "zh": "3个工作日内答复或办结，2026年11月25日17:30前",
        "en": "within 3 working days, by 17:30 on 25 November 2026",
    }
    event = make_event(CaseAcceptedV1, handler=handler, promise_due=DUE, promise_text=text)
    (notice,) = owed_by(event)
    _, chinese = words_of(notice, "zh")
    _, english = words_of(notice, "en")
    assert f"承诺：{text['zh']}。承办：海州社区民政窗口 王敏，电话 0518-555-0101。" in chinese
    assert f"You will have an answer {text['en']}. Who does it: " in english
    assert "王敏, phone 0518-555-0101." in english
    for wording in (chinese, english):
        assert "ABCD-EFGH-JKMN-P" in wording
        assert "https://city.example/progress/ABCD-EFGH-JKMN-P" in wording


def test_without_a_promise_in_the_readers_language_the_date_still_stands() -> None:
    event = make_event(CaseAcceptedV1, promise_due=DUE, promise_text={"zh": "三日内"})
    (notice,) = owed_by(event)
    assert "You will have an answer by Wednesday 25 November, 17:30." in words_of(notice, "en")[1]
    assert "三日内" in words_of(notice, "zh")[1]


@pytest.mark.parametrize(
    "pressed, chinese, english",
    [
        (
            {"pressing": PressingKind.NUDGE, "pressing_number": "3", "due_at": None},
            "第3次催办",
            "Nudge 3, from 海州区督办",
        ),
        (
            {"due_at": DUE},
            "督办方：海州区督办。请于 11月25日（星期三）17:30 前书面反馈",
            "Ordered by 海州区督办: your report is owed by Wednesday 25 November, 17:30.",
        ),
        (
            {"pressing": PressingKind.INSTRUCTION, "due_at": None, "leader": "区长"},
            "区长批示，由海州区督办转达",
            "区长 has given an instruction, entered by 海州区督办",
        ),
    ],
)
def test_the_holder_reads_who_presses_how_and_by_when(pressed: dict[str, object], chinese: str, english: str) -> None:
    (notice,) = owed_by(make_event(CasePressedV1, **pressed))
    assert chinese in words_of(notice, "zh")[1]
    assert english in words_of(notice, "en")[1]


def test_the_resident_reads_whom_to_ask_at_the_centre_and_who_follows_it() -> None:
    handler = make_handler(title="白杨社区司法联络员", name="李娜", phone="0000-5678")
    notice, _ = owed_by(make_event(CaseAccompaniedV1, handler=handler))
    _, chinese = words_of(notice, "zh")
    _, english = words_of(notice, "en")
    assert "已由社区干部王敏陪同移交海州区法律援助中心，此后可向其询问（0000-1234）。" in chinese
    assert "白杨社区司法联络员 李娜，电话 0000-5678 全程跟踪" in chinese
    assert "handed over to 海州区法律援助中心" in english
    assert "ask there from now on, telephone 0000-1234." in english


@pytest.mark.parametrize("corrects", [False, True])
@pytest.mark.parametrize(
    "means, chinese, english",
    [
        (HandoverMeans.COLLECTED, "办好的材料请前来取走。", "What you asked for is ready: please collect it."),
        (HandoverMeans.BROUGHT_HOME, "办好的材料将送至您家中。", "What you asked for will be brought to your home."),
    ],
)
def test_the_resident_reads_that_it_is_to_be_collected_or_is_brought_home(
    means: HandoverMeans, chinese: str, english: str, corrects: bool
) -> None:
    (told,) = owed_by(make_event(CaseAnsweredV1, handover=means, corrects=corrects))
    assert chinese in words_of(told, "zh")[1]
    assert english in words_of(told, "en")[1]
    (untold,) = owed_by(make_event(CaseAnsweredV1, corrects=corrects))
    assert chinese not in words_of(untold, "zh")[1]


def test_a_dispatcher_reads_that_it_waits_by_conflict_of_interest() -> None:
    waiting = {"queue": Queue.VACANT, "dispatcher": make_handler("zhao.jun")}
    (vacant,) = owed_by(make_event(CaseOpenedV1, **waiting))
    (conflict,) = owed_by(make_event(CaseOpenedV1, **waiting, conflict=True))
    assert "空缺" in words_of(vacant, "zh")[1]
    assert "回避" in words_of(conflict, "zh")[1]


def test_a_holder_reads_by_when_what_was_rejected_is_wanted_again() -> None:
    (notice,) = owed_by(make_event(CaseReportReviewedV1, due_at=DUE))
    assert "审核退回，请重新办理，新时限 11月25日（星期三）17:30。" in words_of(notice, "zh")[1]
    assert "rejects the report: see to it again by Wednesday 25 November, 17:30." in words_of(notice, "en")[1]


def test_a_holder_reads_that_what_is_with_the_hotline_is_still_theirs_and_how_it_stands_there() -> None:
    (handed,) = owed_by(make_event(CaseHandedToHotlineV1, reply_due=DUE))
    assert "应于 11月25日（星期三）17:30 前回复。仍由您承办" in words_of(handed, "zh")[1]
    (replied,) = owed_by(make_event(CaseHotlineRepliedV1))
    assert "（热线工单号 RX17）：已办结。" in words_of(replied, "zh")[1]
    assert "(their number RX17). It is done with them." in words_of(replied, "en")[1]


def test_a_new_holder_reads_how_many_reports_go_with_the_case() -> None:
    (notice,) = owed_by(make_event(CaseAssignedV1, reports_owed=2))
    assert "另有2份督办或批示的书面反馈一并由您负责。" in words_of(notice, "zh")[1]
    assert "yours too now: 2." in words_of(notice, "en")[1]
    (notice,) = owed_by(make_event(CaseAssignedV1))
    assert "反馈" not in words_of(notice, "zh")[1]
    assert "Reports" not in words_of(notice, "en")[1]


def test_who_pressed_reads_in_one_notice_all_that_ended_without_a_report() -> None:
    ended = [
        PressingEnded(pressing=PressingKind.ORDER, pressing_number=number, presser=make_handler("sun.yue"))
        for number in ("D1", "D2")
    ]
    (notice,) = owed_by(make_event(CaseClosedV1, reason="withdrawn", handler=None, parties=[], pressings_ended=ended))
    assert "您的督办或批示 D1、D2 尚未反馈，诉求人已撤回" in words_of(notice, "zh")[1]
    assert "No report came on D1, D2: the case was withdrawn" in words_of(notice, "en")[1]


def test_the_dispatcher_above_reads_which_post_is_vacant_and_how_much_lies_there() -> None:
    (notice,) = owed_by(make_event(CaseHolderLeftV1))
    assert "市政专员无人在岗，名下3件在办事项无人办理" in words_of(notice, "zh")[1]
    assert "cases lie with it: 3." in words_of(notice, "en")[1]


def test_the_resident_reads_why_it_is_suspended_until_when_and_the_new_promise() -> None:
    (notice,) = owed_by(make_event(CaseSuspendedV1, promise_due=DUE))
    assert (
        "因“检测”中止办理，2026年12月17日（星期四）恢复，答复期限顺延至 11月25日（星期三）17:30 前。"
        in words_of(notice, "zh")[1]
    )
    assert (
        "is suspended until Thursday 17 December 2026: Testing. "
        "It goes on then, and your answer comes by Wednesday 25 November, 17:30."
    ) in words_of(notice, "en")[1]


def test_the_resident_reads_for_which_reason_it_is_declined_and_who_can_help() -> None:
    reason = {"zh": "已进入诉讼程序", "en": "Before a court already"}
    declined = {"reason": "declined", "answer": "请向法院立案庭询问", "handler": None}
    (notice,) = owed_by(make_event(CaseClosedV1, **declined, reason_text=reason))
    assert "依规不予受理：已进入诉讼程序。请向法院立案庭询问" in words_of(notice, "zh")[1]
    assert "could not be taken on: Before a court already. 请向法院立案庭询问" in words_of(notice, "en")[1]
    (notice,) = owed_by(make_event(CaseClosedV1, **declined))
    assert "依规不予受理：请向法院立案庭询问" in words_of(notice, "zh")[1]


@pytest.mark.parametrize(
    "facts, chinese, english",
    [
        (
            {"who": None},
            "暂不能办结，已挂账办理：在2027年4月30日（星期五）前办理。列入明年春季改造。",
            "cannot be settled now, and is planned: to be done by Friday 30 April 2027. 列入明年春季改造。",
        ),
        (
            {"again": True},
            "改期办理：由海州区住建局在2027年4月30日（星期五）前办理。",
            "is planned for another day: to be done by Friday 30 April 2027, by 海州区住建局.",
        ),
    ],
)
def test_the_resident_reads_by_which_day_it_is_planned_and_who_does_it(
    facts: dict[str, object], chinese: str, english: str
) -> None:
    notice = owed_by(make_event(CasePlannedV1, **facts))[0]
    assert chinese in words_of(notice, "zh")[1]
    assert english in words_of(notice, "en")[1]


@pytest.mark.parametrize(
    "ask, chinese, english",
    [
        (Ask.SUSPENSION, "您的中止申请已获准。", "to suspend it, is granted."),
        (Ask.RETURN, "您的退单申请已获准。", "to return it, is granted."),
        (Ask.EXTENSION, "您的延期申请已获准。", "more time, is granted."),
    ],
)
def test_whoever_asked_reads_what_was_ruled_on(ask: Ask, chinese: str, english: str) -> None:
    (notice,) = owed_by(make_event(CaseRuledV1, ask=ask))
    assert chinese in words_of(notice, "zh")[1]
    assert english in words_of(notice, "en")[1]


def test_a_superior_reads_when_nobody_handles_it() -> None:
    notice = next(n for n in owed_by(make_event(DeadlineBreachedV1, handler=None)))
    assert "无人承办" in words_of(notice, "zh")[1]
    assert "Nobody handles it" in words_of(notice, "en")[1]


def test_a_superior_reads_by_when_they_have_to_see_to_it_and_what_comes_after() -> None:
    (_, told) = owed_by(make_event(DeadlineBreachedV1, supervise_by=DUE))
    assert "请于 11月25日（星期三）17:30 前督办，逾期上报上一级。" in words_of(told, "zh")[1]
    assert "See to it that it is done by Wednesday 25 November, 17:30; after that" in words_of(told, "en")[1]
    (_, told) = owed_by(make_event(DeadlineBreachedV1))
    assert words_of(told, "zh")[1].endswith("请督办。")
    assert words_of(told, "en")[1].endswith("See to it that it is done.")


def test_whoever_holds_it_reads_how_much_of_which_limits_time_has_passed() -> None:
    (mine, above) = owed_by(make_event(DeadlineApproachingV1, due_at=DUE, deadline=DeadlineKind.REDO))
    assert "重办期限为 11月25日（星期三）17:30，时限已过 80%" in words_of(mine, "zh")[1]
    assert "Doing it again was due by Wednesday 25 November, 17:30: 80 percent" in words_of(mine, "en")[1]
    assert words_of(above, "zh")[0].startswith("下级临期")
    assert "Handler: " in words_of(above, "en")[1]


def test_who_let_it_pass_reads_that_it_stays_theirs_and_who_is_above_that_it_is_theirs_too() -> None:
    (above, below) = owed_by(make_event(SupervisionClimbedV1, due_at=DUE))
    assert "请于 11月25日（星期三）17:30 前督办" in words_of(above, "zh")[1]
    assert "It stays yours to see to until it is done" in words_of(below, "en")[1]
    (again,) = owed_by(make_event(SupervisionClimbedV1, due_at=DUE, repeats=3, late=None))
    assert "已第 3 次提醒" in words_of(again, "zh")[1]
    assert "3 times by now" in words_of(again, "en")[1]


def test_the_resident_reads_from_when_to_when_a_calendar_has_moved_the_answer() -> None:
    (notice,) = owed_by(make_event(DeadlineMovedV1, due_before=DUE, due_at=DUE + timedelta(days=2)))
    title, body = words_of(notice, "zh")
    assert title == f"诉求 {notice.facts['number']} 答复期限顺延"
    assert "由 11月25日（星期三）17:30 前改为 11月27日（星期五）17:30 前" in body
    assert (
        "which was to be answered by Wednesday 25 November, 17:30, is answered by Friday 27"
        in words_of(notice, "en")[1]
    )


@pytest.mark.parametrize(
    "kind, chinese, english",
    [
        (DeadlineKind.PROMISE, "答复期限由", "An answer is due by"),
        (DeadlineKind.REDO, "重办期限由", "It is to be done again by"),
        (DeadlineKind.REPLY, "热线回复期限由", "The hotline replies by"),
    ],
)
def test_staff_read_which_limit_a_calendar_has_moved_and_that_it_is_no_breach(
    kind: DeadlineKind, chinese: str, english: str
) -> None:
    superior = make_handler("li.na")
    moved = make_event(DeadlineMovedV1, deadline=kind, promise_due=None, corrects=True, superior=superior)
    for notice in owed_by(moved):
        assert chinese in words_of(notice, "zh")[1]
        assert "不计超期" in words_of(notice, "zh")[1]
        assert english in words_of(notice, "en")[1]


OWN_PART_MISSED = make_event(DeadlineBreachedV1, deadline=DeadlineKind.PART, own=True)
OWN_PART_MOVED = make_event(DeadlineMovedV1, deadline=DeadlineKind.PART, own=True, promise_due=None, corrects=True)


@pytest.mark.parametrize(
    "event, chinese, english",
    [
        (make_event(ContactDeadlineApproachingV1), "首次联系期限为", "The resident was to be reached by"),
        (make_event(ContactDeadlineBreachedV1), "首次联系期限为", "The resident was to be reached by"),
        (make_event(ContactDeadlineMovedV1, corrects=True), "首次联系期限由", "The resident is to be reached by"),
        (OWN_PART_MISSED, "接办期限为", "The part of who was given it was due by"),
        (OWN_PART_MOVED, "接办期限由", "The part of who was given it is due by"),
    ],
)
def test_staff_read_that_it_is_the_limit_of_first_contact_or_of_who_was_given_it(
    event: CaseFact, chinese: str, english: str
) -> None:
    for notice in owed_by(event):
        assert chinese in words_of(notice, "zh")[1]
        assert english in words_of(notice, "en")[1]


def test_a_helper_reads_by_when_its_part_is_due_who_leads_and_that_it_has_ended() -> None:
    lead = make_handler(title="白杨社区一号窗口", name="王敏", phone="0558-5550111")
    (called,) = owed_by(make_event(CaseHelperCalledV1, due_at=DUE, handler=lead))
    assert "请在 11月25日（星期三）17:30 前完成您协办的部分" in words_of(called, "zh")[1]
    assert "牵头承办：白杨社区一号窗口 王敏，电话 0558-5550111。" in words_of(called, "zh")[1]
    assert "is due by Wednesday 25 November, 17:30. Who leads: 白杨社区一号窗口" in words_of(called, "en")[1]
    helper = make_handler("li.na", title="市水务局", name="", phone="")
    (done,) = owed_by(make_event(CaseHelperReportedV1, helper=helper))
    assert "市水务局 已完成协办" in words_of(done, "zh")[1]
    assert "市水务局 has done their part" in words_of(done, "en")[1]
    (aside,) = owed_by(make_event(CaseRecusedV1, helper=helper, handler=lead))
    assert "市水务局 因回避不再协办，其协办部分无人承担；事项仍由您牵头" in words_of(aside, "zh")[1]
    assert "市水务局 has an interest in it and helps no more" in words_of(aside, "en")[1]
    for event, chinese in (
        (make_event(CaseAnsweredV1, parties=[], helpers=[helper]), "牵头单位已答复，您协办的部分无需再办。"),
        (make_event(CaseHelperReleasedV1), "您协办的部分无需再办。"),
        (make_event(CaseClosedV1, parties=[], handler=None, helpers=[helper]), "您协办的事项已办结。"),
    ):
        (notice,) = owed_by(event)
        assert words_of(notice, "zh")[1] == chinese


def test_the_resident_reads_every_paper_that_is_missing() -> None:
    (notice,) = owed_by(make_event(CaseRecordedV1, record=RecordKind.PAPERS_MISSING, papers=["户口簿", "残疾人证"]))
    assert "还缺以下材料（已一次列全），请备齐后一次交来：户口簿、残疾人证。" in words_of(notice, "zh")[1]
    assert "these papers are missing, and no others: 户口簿, 残疾人证." in words_of(notice, "en")[1]
    assert "起算" not in words_of(notice, "zh")[1]


def test_where_the_promise_waits_for_papers_the_resident_reads_so() -> None:
    event = make_event(
        CaseRecordedV1,
        record=RecordKind.PAPERS_MISSING,
        papers=["户口簿"],
        promise_due=datetime(2026, 12, 10, 9, tzinfo=UTC),
    )
    (notice,) = owed_by(event)
    assert "办理期限自材料补齐时起算，最迟 12月10日（星期四）17:00 前答复您。" in words_of(notice, "zh")[1]
    assert "The promise counts from when they have come; you are answered by" in words_of(notice, "en")[1]


def test_the_resident_reads_where_to_say_whether_it_is_solved_and_until_when() -> None:
    (notice,) = owed_by(make_event(CaseAnsweredV1, rate_by=DUE))
    link = "https://city.example/ratings/T"
    chinese, english = (words_of(notice, language, rate=link)[1] for language in ("zh", "en"))
    assert f"问题解决了吗？请于 11月25日（星期三）17:30 前评价：{link} 有" in chinese
    assert f"Say so by Wednesday 25 November, 17:30: {link} " in english
    assert "评价" not in words_of(notice, "zh")[1]


def test_times_are_the_citys_whatever_the_offset_they_came_with() -> None:
    midnight = datetime(2026, 12, 31, 16, 5, tzinfo=UTC)
    assert spoken(midnight, language="zh", zone=ZONE) == "1月1日（星期五）00:05"
    assert spoken(midnight, language="en", zone=ZONE) == "Friday 1 January, 00:05"


@pytest.mark.parametrize(
    "handler, chinese, english",
    [
        (None, "", ""),
        ({"title": "片长", "name": "", "phone": ""}, "片长", "片长"),
        ({"title": "片长", "name": "赵军", "phone": "12"}, "片长 赵军，电话 12", "片长, 赵军, phone 12"),
    ],
)
def test_who_does_it_is_named_as_far_as_known(handler: dict[str, str] | None, chinese: str, english: str) -> None:
    assert named(handler, language="zh") == chinese
    assert named(handler, language="en") == english


def test_a_long_answer_is_cut_and_says_so() -> None:
    assert shortened("好" * 10, 10) == "好" * 10
    assert shortened("好" * 11, 10) == "好" * 9 + "…"


def test_a_template_reaches_nothing_but_its_facts() -> None:
    with pytest.raises(SecurityError):
        rendered("{{ number.__class__.__mro__ }}", {"number": "C1"})
    with pytest.raises(UndefinedError):
        rendered("{{ nobody_knows_this }}", {"number": "C1"})


def test_a_residents_words_are_never_read_as_a_template() -> None:
    assert rendered("{{ gist }}", {"gist": "{{ 7 * 7 }}"}) == "{{ 7 * 7 }}"


def test_staff_are_not_told_who_the_resident_is() -> None:
    event = make_event(CaseAssignedV1, parties=[make_party()])
    (notice,) = [n for n in owed_by(event) if n.audience == "staff"]
    assert str(event.parties[0].person_id) not in str(notice.facts)
    assert set(OWN[CaseAssignedV1]) >= {"gist"}


@pytest.mark.parametrize(
    "how, chinese, english",
    [
        (
            JoinKind.MERGED,
            ("并案办理", "C8T5-2HDN-6 并入本件，新增诉求人1位"),
            ("together with others", "was merged into it"),
        ),
        (
            JoinKind.REPEAT,
            ("与此前诉求一并办理，已提醒承办人", "累计2次"),
            ("has been reminded", "asked again so far: 2"),
        ),
    ],
)
def test_who_joins_reads_the_promise_and_the_holder_how_many_came(
    how: JoinKind, chinese: tuple[str, str], english: tuple[str, str]
) -> None:
    resident, staff = owed_by(make_joined(how, promise_due=DUE, repeats=2))
    for language, (told, noted), due in (
        ("zh", chinese, "11月25日（星期三）17:30 前答复您"),
        ("en", english, "You will have an answer by Wednesday 25 November, 17:30."),
    ):
        title, body = words_of(resident, language)
        assert told in title + body
        assert due in body
        assert noted in words_of(staff, language)[1]


def test_the_holder_of_a_merged_case_reads_where_it_goes_on() -> None:
    (notice,) = owed_by(make_event(CaseClosedV1, reason="merged", into_number="C7K2-9QXM-4"))
    assert "已并入 C7K2-9QXM-4" in words_of(notice, "zh")[1]
