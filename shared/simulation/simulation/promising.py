"""What the city and its places promise anew: the documents that their officers hand in."""

from dataclasses import replace

from contracts.routing import Kind, Remit
from grid.demonstration.network import BAIYANG, DISTRICT
from kit.db import UnitOfWork
from routing.domain.rule_document import RuleDocument, RuleLine, SettingLine, written_rules, written_settings
from routing.domain.rules import Demand
from routing.repository import policy

from simulation.days import day_at

_PUBLIC_SERVICES = (Kind.PUBLIC_SERVICE, Remit.COMMUNITY, "", False)
_JUNE = 6


def of_the_city(uow: UnitOfWork) -> RuleDocument:
    """The one in force, but public services within a community in two working days, from the first of June."""
    rules, *_ = policy.get_policy(uow, [], [])
    lines = [replace(line, promise="2 working days") if _is_of(line) else line for line in written_rules(rules)]
    settings = [SettingLine(line, *said) for line, said in enumerate(written_settings(rules).items(), start=1)]
    return RuleDocument(lines, settings, "公共服务提速", begins=day_at(uow.now).replace(month=_JUNE, day=1))


def of_the_district(_: UnitOfWork) -> RuleDocument:
    """Its municipal matters in three working days, each answer reviewed; what was not solved, in two."""
    municipal = RuleLine(2, Kind.MUNICIPAL, Remit.DISTRICT, promise="3 working days", needs=[Demand.REVIEW])
    return RuleDocument([municipal], [SettingLine(1, "redo", "2")], "海州管理区服务承诺", place=DISTRICT)


def of_a_community(_: UnitOfWork) -> RuleDocument:
    """Its lamps within a working day, and municipal matters of its own counted from when people came."""
    lamps = RuleLine(1, Kind.MUNICIPAL, Remit.DISTRICT, "municipal.street_lights", promise="1 working day")
    own = RuleLine(2, Kind.MUNICIPAL, Remit.COMMUNITY, runs_from="received")
    return RuleDocument([lamps, own], note="白杨社区服务承诺", place=BAIYANG)


def _is_of(line: RuleLine) -> bool:
    return (line.kind, line.remit, line.category, line.urgent) == _PUBLIC_SERVICES
