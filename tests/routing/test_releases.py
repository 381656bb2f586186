"""What a release before would misread comes into force only once none of its processes runs."""

from collections.abc import Callable

import pytest
from kit.db import Database
from routing.domain.calendar import Calendar, Hours
from routing.domain.releases import FORM, KNOWS, list_behind
from routing.domain.rule_document import SettingLine
from routing.errors import ReleaseBeforeRuns
from routing.repository.policy import get_zone
from routing.service.releases import check_known

from tests.routing.test_rule_documents import city, line_of, tighten


def test_who_reads_less_than_is_needed_is_known_by_their_connections() -> None:
    connected = ["routing_api", "routing_clock form 1", "routing_consumer form 2", "routing_relay", "psql", ""]
    assert list_behind(connected, 2) == ["routing_api", "routing_clock"]
    assert list_behind(connected, 1) == []
    assert list_behind([f"routing_api {KNOWS}"], FORM) == []


def test_what_the_first_form_has_is_read_by_all() -> None:
    assert city().form == 1
    assert city(runs_from="received").form == 2
    assert city(settings=[SettingLine(1, "redo", "2")]).form == 2
    assert tighten(line_of(needs=["review"])).form == 2
    assert Calendar(2).form == 1
    assert Calendar(2, stations={"x": Hours({})}).form == 2


async def test_while_a_process_of_a_release_before_is_connected_it_waits(
    fresh_database_of: Callable[[str], str],
) -> None:
    url = fresh_database_of("routing")
    mine = Database(url, role="routing_api", knows=KNOWS)
    before = Database(url, role="routing_consumer")
    try:
        await mine.run_everywhere(lambda uow: check_known(uow, FORM))
        await before.run_everywhere(get_zone)
        with pytest.raises(ReleaseBeforeRuns, match="routing_consumer"):
            await mine.run_everywhere(lambda uow: check_known(uow, FORM))
        await mine.run_everywhere(lambda uow: check_known(uow, 1))
    finally:
        await before.close()
        await mine.close()
