"""A rule document is read line by line; what a narrower place says never loosens what holds above it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from contracts.grid import Duty
from contracts.routing import Kind, Remit
from hypothesis import given
from hypothesis import strategies as st
from kit.testing.servers import NOW
from routing.domain.calendar import ORDINARY_HOURS, Hours
from routing.domain.promise import Term, Unit, due, is_no_longer
from routing.domain.rule_changes import DUTIES, PastCase, count_changes, earliest, list_changes, list_setting_changes
from routing.domain.rule_document import RuleDocument, RuleLine, SettingLine, read, term_of, written
from routing.domain.rules import GIVEN_TO_RESIDENTS, ORDINARY_LIMITS, Category, Demand, Limit, Rule, RuleSet, Start
from routing.errors import UnfitDocument

from tests.routing.test_promise import CALENDAR, ZONE, at
from tests.routing.test_promise import stations as any_stations

DISTRICT, COMMUNITY = "/d/", "/d/c/"


def make_category(code: str, kind: Kind, remit: Remit, **more: Any) -> Category:
    facts = {
        "version": 1,
        "parent": None,
        "name_zh": f"名{code}",
        "name_en": f"Name {code}",
        "words": (),
        "line": (code,),
    }
    return Category(code, kind=kind, remit=remit, retired=False, effective_from=NOW, **facts | more)


LIGHTS = make_category("municipal.lights", Kind.MUNICIPAL, Remit.COMMUNITY)
GONE = make_category("municipal.gone", Kind.MUNICIPAL, Remit.COMMUNITY)
CATEGORIES = {LIGHTS.code: LIGHTS, GONE.code: replace(GONE, retired=True)}


def table(**of_lights: Any) -> Iterator[RuleLine]:
    """A whole table: five working days for everything; ``of_lights`` on its first line."""
    facts = {"handler": "municipal", "promise": "5 working days"}
    for line, (kind, remit) in enumerate(((kind, remit) for kind in Kind for remit in Remit), start=2):
        mine = of_lights if (kind, remit) == (Kind.MUNICIPAL, Remit.COMMUNITY) else {}
        yield RuleLine(line, kind, remit, **{**facts, **mine})


def city(*more: RuleLine, settings: Sequence[SettingLine] = (), **of_lights: Any) -> RuleSet:
    return read(RuleDocument([*table(**of_lights), *more], settings), ABOVE, CATEGORIES, version=2, path="/")


ABOVE = RuleSet(1, ZONE, NOW, [])
CITY = city()


def tighten(
    *lines: RuleLine, above: RuleSet = CITY, settings: Sequence[SettingLine] = (), path: str = DISTRICT
) -> RuleSet:
    return read(RuleDocument(lines, settings), above, CATEGORIES, version=3, path=path)


def line_of(number: int = 7, **more: Any) -> RuleLine:
    return RuleLine(number, **{"kind": "municipal", "remit": "community", **more})


def by_law(number: int = 20, *, limit: str = "7 working days", **more: Any) -> RuleLine:
    facts = {"handler": "municipal", "promise": "3 working days", "category": LIGHTS.code}
    return line_of(number, **{**facts, "statutory": limit, "statute": "Law 1", **more})


def test_a_citys_table_is_read_with_its_lines() -> None:
    rules = city(
        line_of(
            20,
            urgent=True,
            handler="municipal",
            promise="12小时",
            runs_from="received",
            needs=["evidence"],
            superior="2 hours",
        ),
        line_of(21, category=LIGHTS.code, handler="municipal", promise="当日", superior="2 hours", again="4 hours"),
        settings=[
            SettingLine(1, "warnings", "50, 80"),
            SettingLine(1, "superior", "1 working day"),
            SettingLine(1, "rating", "7"),
        ],
    )
    assert (rules.shares, rules.climb, rules.limit(Limit.RATING)) == ((50, 80), Term(Unit.WORKING_DAYS, 1), 7)
    urgent, own = rules.rules[-2:]
    assert (urgent.term, urgent.starts, urgent.line) == (Term(Unit.CLOCK_HOURS, 12), Start.RECEIVED, 20)
    assert urgent.demands == {Demand.EVIDENCE}
    assert (own.category, own.term, own.climb, own.version) == (
        *(LIGHTS.code, Term(Unit.SAME_DAY), Term(Unit.CLOCK_HOURS, 2)),
        2,
    )


BAD_LINES = [
    (line_of(kind="municiple", handler="municipal", promise="same day"), "kind is municiple; it may be administrative"),
    (line_of(remit="", handler="municipal", promise="same day"), "remit is missing"),
    (line_of(handler="plumber", promise="same day", urgent=True), "handler is plumber"),
    (line_of(handler="municipal", promise="soon", urgent=True), "soon is no time: write same day, 3 working days"),
    (line_of(handler="municipal", promise="0 hours", urgent=True), "0 hours is not from 1 to 365 days"),
    (line_of(handler="municipal", promise="366 working days", urgent=True), "is not from 1 to 365 days"),
    (line_of(handler="municipal", urgent=True), "needs a promise"),
    (line_of(promise="same day", urgent=True), "needs a handler"),
    (line_of(handler="municipal", promise="same day"), "repeats line 5"),
    (line_of(handler="municipal", promise="same day", runs_from="noon", urgent=True), "runs_from is noon"),
    (line_of(handler="municipal", promise="same day", needs=["luck"], urgent=True), "needs is luck"),
    (line_of(handler="municipal", promise="same day", category="no.such"), "there is no category no.such"),
    (line_of(handler="municipal", promise="same day", category=GONE.code), "there is no category municipal.gone"),
    (
        line_of(remit="city", handler="municipal", promise="same day", category=LIGHTS.code),
        "municipal.lights is of municipal, community",
    ),
    (
        line_of(handler="municipal", promise="same day", superior="1 working day", urgent=True),
        "a superior's 1 working day is longer than the promise of same day",
    ),
    (
        line_of(handler="municipal", promise="2 hours", contact="4 hours", urgent=True),
        "contact within 4 hours is later than the promise of 2 hours",
    ),
    (
        line_of(handler="municipal", promise="same day", category=LIGHTS.code, statutory="9 working days"),
        "a statutory limit and its statute go together",
    ),
    (
        line_of(handler="municipal", promise="same day", urgent=True, statutory="9 working days", statute="Law 1"),
        "a statutory limit is of an item: name its category",
    ),
    (
        line_of(
            handler="municipal", promise="9 working days", category=LIGHTS.code, statutory="7 days", statute="Law 1"
        ),
        "7 days is no time",
    ),
    (by_law(7, promise="9 working days"), "9 working days is longer than the 7 working days of Law 1, of line 7"),
]
BAD_LINES.append(
    (
        line_of(handler="municipal", promise="12 hours", urgent=True, runs_from="papers_complete"),
        "what is counted in hours waits for no papers",
    )
)
BAD_SETTINGS = [
    (SettingLine(7, "patience", "5"), "there is no patience; it may be warnings"),
    (SettingLine(7, "rating", "0"), "rating is a number of days from 1 to 365"),
    (SettingLine(7, "rating", "五"), "rating is a number of days"),
    (SettingLine(7, "returns", "10"), "returns is a number from 0 to 9"),
    (SettingLine(7, "warnings", "50, 100"), "before the limit"),
    (SettingLine(7, "warnings", "120"), "before the limit"),
    (SettingLine(7, "warnings", "80, 50"), "one after the other"),
    (SettingLine(7, "superior", "a while"), "a while is no time"),
    (SettingLine(7, "contact", "soon"), "soon is no time"),
]


@pytest.mark.parametrize("line, why", BAD_LINES, ids=[why[:40] for _, why in BAD_LINES])
def test_a_bad_line_is_named_with_what_is_wrong(line: RuleLine, why: str) -> None:
    with pytest.raises(UnfitDocument, match=f"line 7: .*{why}".replace("(", r"\(")):
        city(line)


@pytest.mark.parametrize("setting, why", BAD_SETTINGS, ids=[why for _, why in BAD_SETTINGS])
def test_a_bad_setting_is_named_with_what_is_wrong(setting: SettingLine, why: str) -> None:
    with pytest.raises(UnfitDocument, match=f"line 7: .*{why}"):
        city(settings=[setting])


def test_a_superiors_time_for_all_is_held_against_each_promise() -> None:
    with pytest.raises(
        UnfitDocument, match="line 5: a superior's 2 working days is longer than the promise of same day"
    ):
        city(settings=[SettingLine(1, "superior", "2 working days")], promise="same day")


def test_all_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(UnfitDocument, match=r"line 30: .*; line 31: "):
        city(line_of(31, kind="x"), line_of(30, kind="y"))


def test_a_citys_table_leaves_no_kind_and_remit_out() -> None:
    rest = [line for line in table() if (line.kind, line.remit) != ("legal", "city")]
    with pytest.raises(UnfitDocument, match=r"line 1: .*: legal, city\."):
        read(RuleDocument(rest), ABOVE, CATEGORIES, version=2, path="/")


LOOSER = [
    (line_of(promise="6 working days"), "6 working days loosens the 5 working days of line 5 of rule set 2"),
    (line_of(promise="6 calendar days"), "6 calendar days loosens the 5 working days"),
    (line_of(promise="121 hours"), "121 hours loosens the 5 working days"),
    (line_of(promise="6 working days", category=LIGHTS.code), "loosens the 5 working days of line 5"),
    (line_of(promise="6 working days", urgent=True), "loosens the 5 working days"),
    (line_of(runs_from="papers_complete"), "runs_from papers_complete loosens accepted of line 5"),
    (line_of(promise="3 working days", handler="legal"), "who handles a matter is for the city to say"),
    (line_of(promise="3 working days", again="1 hour"), "again is for the city to say"),
    (line_of(promise="3 working days", climbs_to=["district supervisor"]), "whom it climbs to is for the city to say"),
    (line_of(), "it tightens nothing"),
]


@pytest.mark.parametrize("line, why", LOOSER, ids=[why[:50] for _, why in LOOSER])
def test_a_place_may_tighten_and_never_loosen(line: RuleLine, why: str) -> None:
    with pytest.raises(UnfitDocument, match=f"line 7: .*{why}"):
        tighten(line)


def test_a_superiors_time_is_tightened_and_never_loosened() -> None:
    above = city(superior="1 working day")
    assert tighten(line_of(superior="4 hours"), above=above).rules[0].climb == Term(Unit.CLOCK_HOURS, 4)
    with pytest.raises(UnfitDocument, match="line 7: a superior's 2 working days loosens the 1 working day above it"):
        tighten(line_of(superior="2 working days"), above=above)
    with pytest.raises(
        UnfitDocument, match="line 7: a superior's 1 working day is longer than the promise of same day"
    ):
        tighten(line_of(promise="same day"), above=above)


def test_first_contact_is_tightened_and_never_loosened() -> None:
    above = city(contact="1 working day")
    assert tighten(line_of(contact="4 hours"), above=above).rules[0].contact == Term(Unit.CLOCK_HOURS, 4)
    why = "line 7: contact within 2 working days loosens the 1 working day of line 5 of rule set 2"
    with pytest.raises(UnfitDocument, match=why):
        tighten(line_of(contact="2 working days"), above=above)
    with pytest.raises(UnfitDocument, match="line 7: contact within 1 working day is later than the promise of same"):
        tighten(line_of(promise="same day", contact="1 working day"), above=above)


def test_first_contact_for_all_matters_is_tightened_and_never_loosened() -> None:
    above = city(settings=[SettingLine(1, "contact", "1 working day")])
    district = tighten(settings=[SettingLine(4, "contact", "same day")], above=above)
    both = replace(above, layers=(district,))
    terms = [each.term for each in both.contacts_of(both.rule_for(LIGHTS, urgent=False))]
    assert terms == [Term(Unit.WORKING_DAYS, 1), Term(Unit.SAME_DAY)]
    with pytest.raises(UnfitDocument, match="line 4: contact within 1 working day loosens the same day above it"):
        tighten(settings=[SettingLine(4, "contact", "1 working day")], above=both, path=COMMUNITY)


def test_a_rules_own_contact_goes_before_its_sets() -> None:
    rules = city(settings=[SettingLine(1, "contact", "1 working day")], contact="4 hours")
    assert [(each.term, each.line) for each in rules.contacts_of(rules.rule_for(LIGHTS, urgent=False))] == [
        (Term(Unit.CLOCK_HOURS, 4), 5)
    ]


def test_no_promise_within_an_item_is_longer_than_the_law_allows() -> None:
    """A branch of it, and what is urgent and goes before it."""
    lamp = make_category("municipal.lights.lamp", Kind.MUNICIPAL, Remit.COMMUNITY, line=(LIGHTS.code, "lamp"))
    known = CATEGORIES | {lamp.code: replace(lamp, line=(LIGHTS.code, lamp.code))}
    long = {"handler": "municipal", "promise": "8 working days"}
    for line in (line_of(21, category=lamp.code, **long), line_of(21, urgent=True, **long)):
        with pytest.raises(
            UnfitDocument, match=r"line 21: 8 working days is longer than the 7 working days of Law 1, of"
        ):
            read(RuleDocument([*table(), by_law(), line]), ABOVE, known, version=2, path="/")


def test_a_place_may_name_a_shorter_statutory_limit_and_keeps_its_own() -> None:
    above = city(by_law())
    shorter = {"handler": "", "promise": "2 working days"}
    rules = replace(above, layers=(tighten(by_law(9, limit="2 working days", **shorter), above=above),))
    law = rules.law_of(LIGHTS)
    assert law is not None
    assert (law.law, law.line) == (Term(Unit.WORKING_DAYS, 2), 9)
    with pytest.raises(UnfitDocument, match="line 9: statutory 8 working days loosens the 7 working days of Law 1, of"):
        tighten(by_law(9, limit="8 working days", **shorter), above=above)
    with pytest.raises(UnfitDocument, match="line 9: 3 working days is longer than the 2 working days of Law 1"):
        tighten(by_law(9, limit="2 working days", handler="", promise=""), above=above)


@pytest.mark.parametrize("limit", ORDINARY_LIMITS)
def test_limits_of_all_matters_are_tightened_to_the_residents_good(limit: Limit) -> None:
    now, better = ORDINARY_LIMITS[limit], 1 if limit in GIVEN_TO_RESIDENTS else -1
    tightened = tighten(settings=[SettingLine(4, limit, str(now + better))])
    assert replace(CITY, layers=(tightened,)).limit(limit) == now + better
    unit = "" if limit is Limit.RETURNS else " days"
    why = f"line 4: {limit} of {now - better}{unit} loosens the {now}{unit} above it"
    with pytest.raises(UnfitDocument, match=why):
        tighten(settings=[SettingLine(4, limit, str(now - better))])


def test_of_what_is_not_there_unless_it_is_said_a_place_may_say_it_first() -> None:
    assert CITY.find_limit(Limit.HOLDING) is None
    district = tighten(settings=[SettingLine(4, "holding", "2")])
    above = replace(CITY, layers=(district,))
    assert above.find_limit(Limit.HOLDING) == 2
    with pytest.raises(UnfitDocument, match="line 4: holding of 3 days loosens the 2 days above it"):
        tighten(settings=[SettingLine(4, "holding", "3")], above=above, path=COMMUNITY)


@pytest.mark.parametrize("name", ["warnings", "superior", "again"])
def test_what_is_for_the_city_to_say_is_said_by_no_other(name: str) -> None:
    with pytest.raises(UnfitDocument, match=f"line 4: {name} is for the city to say: leave it out"):
        tighten(settings=[SettingLine(4, name, "50")])


def test_a_community_is_held_to_its_district() -> None:
    district = tighten(line_of(promise="3 working days"))
    above = replace(CITY, layers=(district,))
    with pytest.raises(UnfitDocument, match="4 working days loosens the 3 working days of line 7 of rule set 3"):
        tighten(line_of(promise="4 working days"), above=above, path=COMMUNITY)
    community = tighten(line_of(promise="2 working days", needs=["review"]), above=above, path=COMMUNITY)
    rule = replace(CITY, layers=(community, district)).at("/d/c/a/").rule_for(LIGHTS, urgent=False)
    assert [each.term.count for each in rule.all] == [5, 3, 2]
    assert rule.demands == {Demand.REVIEW}
    assert [
        each.term.count
        for each in replace(CITY, layers=(community, district)).at("/d/x/").rule_for(LIGHTS, urgent=False).all
    ] == [5, 3]


def test_a_term_is_read_as_it_is_written() -> None:
    for unit in (Unit.SAME_DAY, Unit.WORKING_DAYS, Unit.CALENDAR_DAYS, Unit.CLOCK_HOURS):
        for count in (1, 12) if unit is not Unit.SAME_DAY else (0,):
            assert term_of(written(Term(unit, count))) == Term(unit, count)


# The tightened set against the one above it, by an oracle that knows neither `rule_for` nor how layers are combined:
# what each document says of a matter is looked up line by line, and each promise is counted by itself.

TERMS = st.one_of(
    st.just(Term(Unit.SAME_DAY)),
    st.builds(Term, st.sampled_from((Unit.WORKING_DAYS, Unit.CALENDAR_DAYS)), st.integers(1, 9)),
    st.builds(Term, st.just(Unit.CLOCK_HOURS), st.integers(1, 200)),
)
MATTERS = [
    make_category(code, kind, Remit.COMMUNITY, line=line)
    for code, kind, line in (
        ("m", Kind.MUNICIPAL, ("m",)),
        ("m.a", Kind.MUNICIPAL, ("m", "m.a")),
        ("l", Kind.LEGAL, ("l",)),
    )
]
KNOWN = {item.code: item for item in MATTERS}
LINES = st.builds(
    lambda matter, as_item, urgent, term, starts, needs: RuleLine(
        *(1, matter.kind, matter.remit, matter.code if as_item else "", urgent, "municipal", written(term), starts),
        tuple(needs),
    ),
    st.sampled_from(MATTERS),
    st.booleans(),
    st.booleans(),
    TERMS,
    st.sampled_from(Start),
    st.sets(st.sampled_from(Demand)),
)
DOCUMENTS = st.lists(LINES, max_size=6, unique_by=lambda line: (line.kind, line.category, line.urgent))
CITY_TERMS = st.lists(TERMS, min_size=15, max_size=15)
COMES = st.datetimes(datetime(2025, 12, 20), datetime(2026, 11, 20), timezones=st.just(UTC))  # noqa: DTZ001


def numbered(lines: Sequence[RuleLine]) -> list[RuleLine]:
    return [replace(line, line=number) for number, line in enumerate(lines, start=1)]


def waits_by_the_clock(line: RuleLine) -> bool:
    return line.runs_from == Start.PAPERS_COMPLETE and "hour" in line.promise


def layered(lines: Sequence[RuleLine], above: RuleSet, path: str, version: int) -> RuleSet:
    """As far as it is taken: what is refused is left out, as an officer would."""
    kept = [replace(line, handler="") for line in numbered(lines)]
    while True:
        try:
            return read(RuleDocument(kept), above, KNOWN, version=version, path=path)
        except UnfitDocument as refused:
            kept = [line for line in kept if f"line {line.line}:" not in str(refused)]


def said_of(rules: RuleSet, matter: Category, *, urgent: bool) -> Rule | None:
    """The oracle: urgent lines before others where it is urgent, then the nearest branch's, then the table's."""
    for wanted in (True, False) if urgent else (False,):
        for branch in (*reversed(matter.line), None):
            for rule in rules.rules:
                is_table = rule.category is None and (rule.kind, rule.remit) == (matter.kind, matter.remit)
                if rule.urgent == wanted and rule.category == branch and (branch is not None or is_table):
                    return rule
    return None


@given(CITY_TERMS, DOCUMENTS, DOCUMENTS, DOCUMENTS, st.sampled_from(MATTERS), st.booleans(), COMES, any_stations)
def test_no_case_is_ever_worse_off_where_a_place_has_tightened(  # noqa: PLR0917  # what is drawn
    terms: list[Term],
    of_city: list[RuleLine],
    of_district: list[RuleLine],
    of_community: list[RuleLine],
    matter: Category,
    urgent: bool,
    comes: datetime,
    hours: Hours,
) -> None:
    keys = [(kind, remit) for kind in Kind for remit in Remit]
    table_of = [
        RuleLine(1, *key, handler="legal", promise=written(term)) for key, term in zip(keys, terms, strict=True)
    ]
    own = [line for line in of_city if (line.category or line.urgent) and not waits_by_the_clock(line)]
    rules = read(RuleDocument(numbered([*table_of, *own])), ABOVE, KNOWN, version=2, path="/")
    district = layered(of_district, rules, DISTRICT, 3)
    above = replace(rules, layers=(district,))
    community = layered(of_community, above, COMMUNITY, 4)
    whole = replace(rules, layers=(district, community))

    case = PastCase(matter.code, 1, urgent, comes, comes, None, hours)
    found, before = (each.rule_for(matter, urgent=urgent) for each in (whole, above))
    said = [rule for each in (rules, district, community) if (rule := said_of(each, matter, urgent=urgent)) is not None]
    instants = [due(rule.term, comes, calendar=CALENDAR, hours=hours, zone=ZONE) for rule in said]
    assert earliest(found, case, CALENDAR, ZONE) == min(instants)
    assert min(instants) <= earliest(before, case, CALENDAR, ZONE) <= instants[0]
    assert found.demands == frozenset().union(*(rule.demands for rule in said)) >= before.demands
    assert found.duty is said[0].duty
    assert list(Start).index(found.starts_first) <= list(Start).index(before.starts_first)


@given(TERMS, TERMS, COMES)
def test_what_is_taken_as_no_longer_ends_no_later_by_ordinary_hours(term: Term, than: Term, comes: datetime) -> None:
    """Of an ordinary station, and but for hours, which the clock counts over the end of a day."""
    if is_no_longer(term, than) and Unit.CLOCK_HOURS not in {term.unit, than.unit}:
        ends, must = (due(each, comes, calendar=CALENDAR, hours=ORDINARY_HOURS, zone=ZONE) for each in (term, than))
        assert ends <= must


def test_what_changes_is_said_in_words() -> None:
    after = city(
        line_of(20, category=LIGHTS.code, handler="legal", promise="same day", needs=["review"], runs_from="received"),
        promise="3 working days",
        settings=[SettingLine(1, "rating", "7")],
    )
    table_line, own = list_changes(CITY, after, CATEGORIES)
    assert table_line.said[0] == "第5行，市政设施，社区权限：承诺由5个工作日改为3个工作日。"
    assert table_line.said[1] == (
        "Line 5, municipal facilities in the community's remit: "
        "promised within 3 working days instead of 5 working days."
    )
    assert own.said[0] == (
        "第20行，“名municipal.lights”：承诺由5个工作日改为当日办结；起算点由受理时改为收到诉求时；"
        "承办由市政专员改为涉法涉诉专员；须答复前审核。"
    )
    assert own.said[1] == (
        "Line 20, “Name municipal.lights”: promised within the same working day instead of 5 working days; "
        "counted from when the resident came instead of from the acceptance; "
        "handled by who sees to legal matters instead of who sees to municipal facilities; "
        "needs a review before the answer."
    )
    (setting,) = list_setting_changes(CITY, after)
    assert setting.said == (
        "居民评价期限（工作日）：由5改为7。",
        "Working days for residents to say what they think: 7 instead of 5.",
    )
    assert list_changes(CITY, CITY, CATEGORIES) == []


def test_a_change_of_first_contact_is_said_in_words() -> None:
    (change,) = list_changes(CITY, city(contact="4 hours"), CATEGORIES)
    assert change.said[0] == "第5行，市政设施，社区权限：首次联系时限由-改为4小时。"
    assert change.said[1].endswith("the resident reached within 4 hours by the clock, day and night instead of none.")


def test_a_change_of_the_law_is_said_in_words() -> None:
    before, after = city(by_law()), city(by_law(limit="6 working days"))
    (change,) = list_changes(before, after, CATEGORIES)
    assert change.said == (
        "第20行，“名municipal.lights”：法定期限6个工作日（Law 1）。",
        "Line 20, “Name municipal.lights”: statutory limit 6 working days (Law 1).",
    )
    (gone,) = list_changes(before, city(by_law(statutory="", statute="")), CATEGORIES)
    assert gone.said[1].endswith("no statutory limit any more.")


def test_a_narrower_places_change_is_named_by_the_line_of_its_own_document() -> None:
    (change,) = list_changes(CITY, replace(CITY, layers=(tighten(line_of(promise="3 working days")),)), CATEGORIES)
    assert change.line == 7


def test_a_line_for_all_matters_changes_nothing_of_what_is_urgent_and_promised_sooner() -> None:
    urgent = line_of(20, urgent=True, handler="municipal", promise="24 hours", superior="12 hours")
    before = city(urgent)
    after = replace(before, layers=(tighten(line_of(promise="3 working days"), above=before),))
    (change,) = list_changes(before, after, CATEGORIES)
    assert change.said[1].endswith("community's remit: promised within 3 working days instead of 5 working days.")


def test_what_a_document_does_not_speak_of_any_more_is_told_too() -> None:
    before = city(line_of(20, category=LIGHTS.code, handler="municipal", promise="same day"))
    (gone,) = list_changes(before, CITY, CATEGORIES)
    assert gone.line is None
    assert gone.said[1].endswith("promised within 5 working days instead of the same working day.")


def past(answered: str | None, *, start: str = "2026-10-12 10:00", category: str = LIGHTS.code) -> PastCase:
    return PastCase(category, 1, False, at(start), at(start), at(answered) if answered else None, ORDINARY_HOURS)


def test_last_months_cases_are_promised_a_second_time() -> None:
    after = replace(CITY, layers=(tighten(line_of(promise="3 working days")),))
    known = {(LIGHTS.code, 1): LIGHTS, ("legal", 1): make_category("legal", Kind.LEGAL, Remit.CITY)}
    cases = [past("2026-10-14 10:00"), past("2026-10-16 10:00"), past(None), past("2026-10-30 10:00")]
    cases.append(past("2026-10-16 10:00", category="legal"))
    numbers = count_changes(cases, CITY, after, known, CALENDAR)
    assert (numbers.cases, numbers.earlier, numbers.later) == (4, 4, 0)
    assert (numbers.newly_late, numbers.newly_kept, numbers.other_handler) == (1, 0, 0)
    back = count_changes(cases, after, CITY, known, CALENDAR)
    assert (back.earlier, back.later, back.newly_late, back.newly_kept) == (0, 4, 0, 1)
    assert count_changes(cases, CITY, city(handler="legal"), known, CALENDAR).other_handler == 4


def test_duties_have_a_word_each() -> None:
    assert set(DUTIES) == set(Duty)
