"""What the progress page says, read without its markup."""

import re
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from intake.api.pages import day, page, when
from intake.domain.progress import Progress, Standing

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
