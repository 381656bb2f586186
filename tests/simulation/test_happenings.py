"""What the city itself changes while it goes on."""

from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from contracts.routing import Kind, Remit
from kit.db import UnitOfWork
from network.models import place
from routing.domain.promise import Term, Unit
from routing.domain.rule_document import matter_of
from routing.domain.rules import Demand, Limit, Rule, RuleSet, Start
from routing.repository import policy
from simulation.agenda import Agenda
from simulation.carrier import Carrier
from simulation.city import City
from simulation.days import Days, midnight_of
from simulation.happenings import Happenings
from sqlalchemy import select


async def live(city: City, day: date, days: Days) -> list[datetime]:
    """From that day on until nothing is planned any more, with nothing else happening; when something was done."""
    agenda = Agenda()
    Happenings(city, agenda, days).plan_day(day)
    at = []
    for planned in agenda.until(midnight_of(day) + timedelta(days=7)):
        city.clock.set(planned.at)
        await planned.act()
        at.append(planned.at)
    return at


async def read(city: City, query: Any, *args: Any) -> Any:
    return await city.database("routing", "api").run_everywhere(lambda uow: query(uow, *args))


def rules_at(uow: UnitOfWork, path: str) -> RuleSet:
    return policy.get_policy(uow, [], [path])[0].at(path)


def rule_of(rules: RuleSet, kind: Kind, remit: Remit) -> Rule:
    matter = matter_of((kind, remit, None, False), {})
    return rules.rule_for(matter, urgent=False)


async def carry(city: City) -> dict[str, str]:
    """Routing hears of the city's places; the path of each, by code."""
    await Carrier(city, Random("carrier"), hear=lambda _: None).carry()
    found = await read(city, lambda uow: uow.execute(select(place.c.code, place.c.path)).all())
    return {each.code: each.path for each in found}


async def test_for_june_the_city_tightens_a_rule_and_the_version_before_stays(city: City) -> None:
    days = Days(await read(city, policy.get_calendar))
    before = await read(city, rules_at, "/")
    drafted_at, activated_at = await live(city, date(2026, 5, 28), days)
    assert activated_at - drafted_at == timedelta(days=1)
    assert await read(city, rules_at, "/") == before
    city.clock.set(midnight_of(date(2026, 6, 1)))
    after = await read(city, rules_at, "/")
    assert (after.version, after.effective_from) == (before.version + 1, city.now)
    terms = [rule_of(rules, Kind.PUBLIC_SERVICE, Remit.COMMUNITY).term for rules in (before, after)]
    assert terms == [Term(Unit.WORKING_DAYS, 3), Term(Unit.WORKING_DAYS, 2)]
    assert len(after.rules) == len(before.rules)
    assert await read(city, policy.get_rules, before.version) == before


async def test_a_district_and_a_community_promise_more_than_the_city(city: City) -> None:
    paths = await carry(city)
    days = Days(await read(city, policy.get_calendar))
    for day in (date(2026, 6, 15), date(2026, 10, 9)):
        await live(city, day, days)
    here, there = [await read(city, rules_at, paths[code]) for code in ("HZ-BY", "HL")]
    assert (len(here.layers), len(there.layers)) == (2, 0)
    municipal = rule_of(here, Kind.MUNICIPAL, Remit.DISTRICT)
    assert municipal.tightest == Term(Unit.WORKING_DAYS, 3)
    assert municipal.demands == {Demand.REVIEW}
    assert (here.limit(Limit.REDO), there.limit(Limit.REDO)) == (2, 3)
    assert rule_of(here, Kind.MUNICIPAL, Remit.COMMUNITY).starts_first is Start.RECEIVED


async def test_in_october_the_calendar_is_revised_and_people_go_by_it(city: City) -> None:
    days = Days(await read(city, policy.get_calendar))
    before = days.calendar
    await live(city, date(2026, 10, 12), days)
    wednesday, saturday = date(2026, 10, 21), date(2026, 10, 24)
    assert [before.is_working(day) for day in (wednesday, saturday)] == [True, False]
    assert [days.calendar.is_working(day) for day in (wednesday, saturday)] == [False, True]
    assert days.calendar.weekday_of(saturday) == wednesday.weekday()
    assert days.calendar.version == before.version + 1


async def test_on_other_days_the_city_changes_nothing(city: City) -> None:
    days = Days(await read(city, policy.get_calendar))
    assert await live(city, date(2026, 6, 2), days) == []
