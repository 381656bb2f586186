"""What the city itself changes while it goes on."""

from datetime import date, datetime, timedelta
from typing import Any

from contracts.routing import Kind, Remit
from kit.db import UnitOfWork
from routing.domain.promise import Term, Unit
from routing.domain.rules import RuleSet
from routing.repository import policy
from simulation.agenda import Agenda
from simulation.city import City
from simulation.days import Days, midnight_of
from simulation.happenings import Happenings


async def live(city: City, day: date, days: Days) -> list[datetime]:
    """A day on which nothing else happens; when it did."""
    agenda = Agenda()
    Happenings(city, agenda, days).plan_day(day)
    at = []
    for planned in agenda.until(midnight_of(day) + timedelta(days=1)):
        city.clock.set(planned.at)
        await planned.act()
        at.append(planned.at)
    return at


async def read(city: City, query: Any, *args: Any) -> Any:
    return await city.database("routing", "api").run_everywhere(lambda uow: query(uow, *args))


def rules_in_force(uow: UnitOfWork) -> RuleSet:
    return policy.get_policy(uow, [], [])[0]


def term_of(rules: RuleSet) -> Term:
    asked = (Kind.PUBLIC_SERVICE, Remit.COMMUNITY, None)
    return next(rule.term for rule in rules.rules if (rule.kind, rule.remit, rule.category) == asked)


async def test_in_june_a_rule_is_tightened_and_the_version_before_stays(city: City) -> None:
    days = Days(await read(city, policy.get_calendar))
    before = await read(city, rules_in_force)
    (at,) = await live(city, date(2026, 6, 1), days)
    after = await read(city, rules_in_force)
    assert (after.version, after.effective_from) == (before.version + 1, at)
    assert (term_of(before).count, term_of(after)) == (3, Term(Unit.WORKING_DAYS, 2))
    assert len(after.rules) == len(before.rules)
    assert term_of(await read(city, policy.get_rules, before.version)) == term_of(before)


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
