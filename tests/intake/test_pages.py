"""What the progress page says, read without its markup."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from contracts.routing import HandoverMeans
from intake.api.pages import day, page, span, when
from intake.api.wording import FOR_PAPERS, say_done, say_elapsed
from intake.domain.progress import Done, DoneStep, Progress, Standing

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 12, 4, 4, tzinfo=UTC)


def read(language: str, standing: Standing, **told: Any) -> str:
    progress = Progress("A000-0000-0001", standing, NOON, **told)
    shown = page(
        *("progress.html", language),
        here="/progress/0",
        progress=progress,
        rate=None,
        when=partial(when, zone=ZONE),
        day=partial(day, zone=ZONE),
        span=partial(span, zone=ZONE),
        said_done=partial(say_done, language=language),
        elapsed=say_elapsed(progress.elapsed, language),
        for_papers=FOR_PAPERS[language],
    )
    return re.sub(r"<[^>]*>", "", bytes(shown.body).decode())


@pytest.mark.parametrize(
    "language, said",
    [
        ("zh", "挂账办理，2027年4月30日前，由区住建局办理"),
        ("en", "Planned, by 30 April 2027, and done by 区住建局"),
    ],
)
def test_a_plan_is_told_with_its_day_and_who_does_it(language: str, said: str) -> None:
    assert said in read(language, Standing.IN_PROGRESS, planned_for=date(2027, 4, 30), planned_who="区住建局", due=NOON)


@pytest.mark.parametrize(
    "language, said",
    [("zh", "已经答复。没有收到答复的，请拨打社区服务站电话。"), ("en", "It is answered. If the answer")],
)
def test_what_is_answered_promises_no_day_any_more(language: str, said: str) -> None:
    shown = read(language, Standing.ANSWERED, due=NOON, promise={"zh": "三日内办结", "en": "within three days"})
    assert said in shown
    assert "三日内办结" not in shown
    assert "within three days" not in shown


def test_who_has_rated_reads_whether_it_is_handled_again() -> None:
    assert "正在重新办理" in read("zh", Standing.ASSIGNED, rated=True)
    assert "it is being handled again" in read("en", Standing.IN_PROGRESS, rated=True)
    assert "您已评价，谢谢。" in read("zh", Standing.CLOSED, rated=True)


def test_how_it_is_done_is_told_in_plain_words_the_latest_first() -> None:
    steps = (DoneStep(NOON, Done.PASSED_ON, "区供水局"), DoneStep(NOON + timedelta(days=1), Done.SITE_VISIT))
    told = {"steps": steps, "now": NOON + timedelta(days=3, hours=5)}
    shown = re.sub(r"\s+", " ", read("zh", Standing.IN_PROGRESS, **told))
    assert "2026年12月5日 现场查看 2026年12月4日 已转区供水局办理" in shown
    assert "到现在多久了 3天5小时" in shown
    shown = re.sub(r"\s+", " ", read("en", Standing.IN_PROGRESS, **told))
    assert "5 December 2026 Looked at on site 4 December 2026 Passed on to 区供水局" in shown
    assert "How long it has been 3 days, 5 hours" in shown


@pytest.mark.parametrize("done", Done)
def test_each_thing_that_is_done_has_words_in_both_languages(done: Done) -> None:
    chinese, english = (say_done(DoneStep(NOON, done), language) for language in ("zh", "en"))
    assert chinese
    assert english.isascii()


@pytest.mark.parametrize(
    "means, chinese, english",
    [
        (HandoverMeans.COLLECTED, "已答复，办好的材料请来取", "Answered: what is finished is ready to be collected"),
        (HandoverMeans.BROUGHT_HOME, "已答复，办好的材料送到您家", "Answered: what is finished is brought to your"),
    ],
)
def test_what_is_ready_with_the_answer_is_told(means: HandoverMeans, chinese: str, english: str) -> None:
    steps = (DoneStep(NOON, Done.ANSWERED, handover=means),)
    assert chinese in read("zh", Standing.CLOSED, steps=steps)
    assert english in read("en", Standing.CLOSED, steps=steps)


def test_papers_that_are_missing_are_told_with_the_day_and_then_when_they_were_complete() -> None:
    named = DoneStep(NOON, Done.PAPERS_MISSING, missing=("户口簿", "残疾人证"), until=NOON + timedelta(days=9))
    first = DoneStep(NOON + timedelta(days=1), Done.PAPERS_RECEIVED, missing=("残疾人证",))
    shown = read("zh", Standing.IN_PROGRESS, steps=(named, first))
    assert "残疾人证" in shown
    assert "户口簿" not in shown
    assert "2026年12月4日已告知您" in shown
    assert "2026年12月4日到2026年12月13日：等您补齐材料" in shown
    last = DoneStep(NOON + timedelta(days=2), Done.PAPERS_RECEIVED, missing=())
    shown = re.sub(r"\s+", " ", read("zh", Standing.IN_PROGRESS, steps=(named, first, last)))
    assert "残疾人证" not in shown
    assert "2026年12月4日到2026年12月6日：等您补齐材料" in shown
    assert "材料齐了的日子 2026年12月6日" in shown


def test_a_pause_that_ends_the_day_it_began_is_told_as_one_day() -> None:
    suspended = DoneStep(NOON, Done.SUSPENDED, until=NOON + timedelta(days=9), why={"zh": "检测", "en": "Testing"})
    steps = (suspended, DoneStep(NOON + timedelta(hours=2), Done.RESUMED))
    assert "\n2026年12月4日：检测\n" in read("zh", Standing.IN_PROGRESS, steps=steps)
    assert "\n4 December 2026: Testing\n" in read("en", Standing.IN_PROGRESS, steps=steps)


@pytest.mark.parametrize(
    "language, stands, why, finished",
    [
        ("zh", "不予受理 – 诉求办理进度", "不予受理：已进入诉讼程序", "办结"),
        ("en", "Not taken on – How your appeal stands", "Not taken on: Before a court already", "finished"),
    ],
)
def test_what_is_declined_is_not_said_to_be_finished(language: str, stands: str, why: str, finished: str) -> None:
    reason = {"zh": "已进入诉讼程序", "en": "Before a court already"}
    shown = read(language, Standing.CLOSED, steps=(DoneStep(NOON, Done.DECLINED, why=reason),))
    assert stands in shown
    assert why in shown
    assert finished not in shown


def test_what_was_said_on_the_spot_is_told() -> None:
    assert "当场给您的答复" not in read("zh", Standing.CLOSED)
    assert "周六上午开门" in read("zh", Standing.CLOSED, said="周六上午开门")


@pytest.mark.parametrize(
    "minutes, zh, en",
    [
        (59, "不到1小时", "less than an hour"),
        (60, "1小时", "1 hour"),
        (24 * 60, "1天", "1 day"),
        (49 * 60, "2天1小时", "2 days, 1 hour"),
    ],
)
def test_time_is_told_in_days_and_hours(minutes: int, zh: str, en: str) -> None:
    elapsed = timedelta(minutes=minutes)
    assert (say_elapsed(elapsed, "zh"), say_elapsed(elapsed, "en")) == (zh, en)
