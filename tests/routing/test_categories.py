"""The default tree sorts what people write, and a city's own classification binds to it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from contracts.routing import Kind, Remit
from contracts.topics import TOPICS
from intake.domain.sorting import Categories
from intake.domain.sorting import Category as Suggested
from kit.testing.servers import RolledBackUnitOfWork
from routing.domain.promise import Term, Unit
from routing.domain.rules import Category, RuleSet
from routing.domain.taxonomy import Bound, Row, bind, code_of, plan
from routing.errors import UnboundBranches, UnfitTree, UnknownBranch
from routing.migrations import first_data
from routing.repository import policy
from sqlalchemy import text

from tests.conftest import UnitOfWorkOf
from tests.routing.conftest import statements_of

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TREE = list(first_data.default_tree())
LEAVES = [item for item in TREE if item.words]


@pytest.fixture(scope="module")
def suggester() -> Categories:
    return Categories(Suggested(c.code, c.parent, {"zh": c.name_zh, "en": c.name_en}, c.words) for c in TREE)


@pytest.mark.parametrize(
    "letter, code",
    [
        ("小区附近工地半夜施工，吵得老人睡不着", "municipal.noise"),
        ("楼下饭店油烟直排，窗户都不敢开", "municipal.pollution"),
        ("我们单元自来水水压太低，高层用水困难", "municipal.water"),
        ("下水道堵了，污水倒流进院子", "municipal.drainage"),
        ("路灯坏了半个月没人修", "municipal.street_lights"),
        ("邻居在楼顶违规搭建阳光房", "municipal.illegal_building"),
        ("物业公司乱收物业费，业委会也没成立", "municipal.property"),
        ("公交车班次太少，等一个小时", "municipal.public_transport"),
        ("路口没有红绿灯，早高峰堵得一塌糊涂", "municipal.traffic"),
        ("小区门口车辆乱停乱放，停车位不够", "municipal.parking"),
        ("垃圾站臭味很大，没人清运", "municipal.sanitation"),
        ("门前道路坑坑洼洼，请修路", "municipal.roads"),
        ("开发商延期交房，还说要我们加钱", "administrative.home_sales"),
        ("房产证办了两年还没办下来", "administrative.housing_purchase"),
        ("工地拖欠农民工工资", "administrative.wages"),
        ("孩子上小学学位不够怎么办", "administrative.school"),
        ("小区配套幼儿园什么时候转公办", "administrative.kindergarten"),
        ("退休金怎么算，社保断缴几年有影响吗", "administrative.social_insurance"),
        ("户口怎么迁到这边来", "administrative.hukou"),
        ("申请低保要什么材料", "administrative.relief"),
        ("拆迁补偿款一直没有到位", "administrative.land_acquisition"),
        ("健身房关门跑路，预付卡退不了款", "administrative.consumer"),
        ("驾校不退学费", "administrative.training"),
        ("公积金贷款能贷多少", "administrative.housing_support"),
        ("家里门锁坏了需要开锁", "public_service.repair"),
        ("有人在楼下养狗，大型犬不拴绳", "public_service.pets"),
        ("法院判决了对方还是不执行", "legal.litigation"),
        ("被人电话诈骗了两万块", "legal.crime"),
        ("村干部贪污征地款，请纪委查", "stability.discipline"),
        ("多次上访，信访局一直没有答复", "stability.petition"),
        ("燃气泄漏，满屋子都是味", "municipal.emergency"),
    ],
)
def test_a_letter_is_sorted_as_a_clerk_would(suggester: Categories, letter: str, code: str) -> None:
    found = suggester.suggest(title=letter, words="")
    assert found is not None
    assert found.category == code, found.why


def test_the_tree_is_about_forty_leaves_under_the_five_kinds() -> None:
    assert {item.code for item in TREE if item.parent is None} == {kind.value for kind in Kind}
    assert 40 <= len(LEAVES) <= 60
    codes = {item.code for item in TREE}
    assert all(item.parent in codes and item.line == (item.parent, item.code) for item in LEAVES)
    assert all(item.name_zh and item.name_en for item in TREE)


def test_no_word_suggests_two_categories() -> None:
    words = [word for item in LEAVES for word in item.words]
    twice = {word for word in words if words.count(word) > 1}
    assert twice == set()


def test_every_kind_and_remit_has_a_rule_urgent_or_not(uow: RolledBackUnitOfWork) -> None:
    rules = policy.get_policy(uow, [], [])[0]
    for kind in Kind:
        for remit in Remit:
            for urgent in (False, True):
                category = make_category("x", kind=kind, remit=remit)
                rule = rules.rule_for(category, urgent=urgent)
                assert (rule.kind, rule.remit) == (kind, remit)
                assert rule.urgent <= urgent


def test_the_tables_promises_are_those_of_the_city(uow: RolledBackUnitOfWork) -> None:
    rules = policy.get_policy(uow, [], [])[0]

    def term(kind: Kind, remit: Remit, *, urgent: bool = False) -> Term:
        return rules.rule_for(make_category("x", kind=kind, remit=remit), urgent=urgent).term

    assert term(Kind.ADMINISTRATIVE, Remit.COMMUNITY) == Term(Unit.SAME_DAY)
    assert term(Kind.ADMINISTRATIVE, Remit.DISTRICT) == Term(Unit.WORKING_DAYS, 3)
    assert term(Kind.ADMINISTRATIVE, Remit.CITY) == Term(Unit.WORKING_DAYS, 7)
    assert term(Kind.LEGAL, Remit.DISTRICT) == Term(Unit.SAME_DAY)
    assert term(Kind.STABILITY, Remit.DISTRICT) == Term(Unit.SAME_DAY)
    assert term(Kind.MUNICIPAL, Remit.CITY, urgent=True).unit is Unit.CLOCK_HOURS


def test_a_rule_set_of_tomorrow_does_not_count_today(uow: RolledBackUnitOfWork) -> None:
    today = policy.get_policy(uow, [], [])[0].version
    uow.connection.execute(text("reset role"))
    for version, day in ((today + 1, "2026-11-24"), (today + 2, "2026-12-01")):
        head = "insert into rule_set (version, zone, note, effective_from) values (:v, 'Asia/Shanghai', '', :day)"
        uow.connection.execute(text(head), {"v": version, "day": day})
        uow.connection.execute(
            text(
                "insert into rule (version, kind, remit, category, urgent, duty, unit, count) "
                "select :v, kind, remit, category, urgent, duty, unit, count from rule where version = 1"
            ),
            {"v": version},
        )
    found: RuleSet = policy.get_policy(uow, [], [])[0]
    assert found.version == today
    uow.now = datetime(2026, 11, 25, tzinfo=UTC)
    assert policy.get_policy(uow, [], [])[0].version == today + 1


def test_what_stands_is_read_once_and_what_changes_is_seen_by_the_next(uow_of: UnitOfWorkOf) -> None:
    uow = uow_of("routing", role="api")
    codes = [LEAVES[0].code, LEAVES[1].code]
    rules, calendar, categories, _ = policy.get_policy(uow, codes, [])
    assert len(statements_of(uow, lambda: policy.get_policy(uow, codes, []))) == 1

    policy.add_categories(uow, [replace(LEAVES[0], version=7, name_en="Anew", effective_from=uow.now)])
    after = policy.get_policy(uow, codes, [])
    assert after[2][codes[0]].name_en == "Anew"
    assert after[2][codes[1]] is categories[codes[1]]
    assert after[:2] == (rules, calendar)


def test_a_version_given_anew_is_not_taken_for_the_one_that_was_read(uow_of: UnitOfWorkOf) -> None:
    uow = uow_of("routing", role="api")
    uow.enter()
    for name in ("One", "Another"):
        with uow.connection.begin_nested() as given:
            policy.add_categories(uow, [replace(LEAVES[0], version=7, name_en=name, effective_from=uow.now)])
            assert policy.get_policy(uow, [LEAVES[0].code], [])[2][LEAVES[0].code].name_en == name
            given.rollback()


def test_the_tree_is_published_with_the_first_start(uow: RolledBackUnitOfWork) -> None:
    topic = TOPICS["routing.category.v1"].name
    query = text("select count(*) from event_snapshot where topic = :topic")
    uow.connection.execute(text("reset role"))
    # And the branch that came with the sealed ones.
    assert uow.connection.execute(query, {"topic": topic}).scalar_one() == len(TREE) + 1


def make_category(code: str, **overrides: object) -> Category:
    facts: dict[str, object] = {
        "code": code,
        "version": 1,
        "parent": None,
        "name_zh": code,
        "name_en": code,
        "kind": Kind.MUNICIPAL,
        "remit": Remit.CITY,
        "words": (),
        "line": (code,),
        "retired": False,
        "effective_from": NOW,
    }
    return Category(**{**facts, **overrides})  # type: ignore[arg-type]


def load(
    *names: tuple[str, ...], current: Mapping[str, Category] | None = None, replaces: bool = False
) -> list[Category]:
    rows = [Row(line, item) for line, item in enumerate(names, start=2)]
    return plan(rows, {}, current or {}, now=NOW, replaces=replaces)


@pytest.mark.parametrize(
    "names, kind, remit",
    [
        (("城乡建设", "城市建设和市政管理", "路灯"), Kind.MUNICIPAL, Remit.CITY),
        (("城乡建设", "住房保障与房地产", "公租房"), Kind.ADMINISTRATIVE, Remit.DISTRICT),
        (("政法", "户籍证件", "户口迁移"), Kind.ADMINISTRATIVE, Remit.COMMUNITY),
        (("政法", "诉讼", "民事"), Kind.LEGAL, Remit.DISTRICT),
        (("民政", "社会救助"), Kind.ADMINISTRATIVE, Remit.DISTRICT),
    ],
)
def test_a_branch_is_bound_by_what_it_is_called(names: tuple[str, ...], kind: Kind, remit: Remit) -> None:
    assert bind(names, {}) == Bound(kind, remit)


def test_discipline_and_violence_at_home_are_sealed_by_what_they_are_called_or_by_a_binding() -> None:
    assert bind(("纪检监察", "其他"), {}) == Bound(Kind.STABILITY, Remit.DISTRICT, sealed=True)
    assert bind(("政法", "家庭暴力"), {}) == Bound(Kind.LEGAL, Remit.DISTRICT, sealed=True)
    bound = Bound(Kind.ADMINISTRATIVE, Remit.DISTRICT, sealed=True)
    rows = [Row(2, ("民政", "收养"))]
    made = plan(rows, {"民政/收养": bound}, {}, now=NOW, replaces=False)
    assert [item.sealed for item in made] == [False, True]
    (opened,) = plan(rows, {}, {item.code: item for item in made}, now=NOW, replaces=False)
    assert (opened.version, opened.sealed) == (2, False)


def test_the_narrowest_binding_goes_before_the_rules() -> None:
    legal, service = Bound(Kind.LEGAL, Remit.CITY), Bound(Kind.PUBLIC_SERVICE, Remit.COMMUNITY)
    bindings = {"民政": legal, "民政/社会服务": service}
    assert bind(("民政", "社会服务", "养老"), bindings) == service
    assert bind(("民政", "其他"), bindings) == legal


def test_a_file_makes_branches_and_leaves_once() -> None:
    made = load(("民政", "社会救助"), ("民政", "优抚"))
    assert [(item.name_zh, item.version) for item in made] == [("民政", 1), ("社会救助", 1), ("优抚", 1)]
    assert made[1].line == (code_of(("民政",)), code_of(("民政", "社会救助")))
    assert load(("民政", "社会救助"), ("民政", "优抚"), current={item.code: item for item in made}) == []


def test_what_the_file_leaves_out_is_retired_only_when_it_replaces() -> None:
    current = {item.code: item for item in load(("民政", "优抚"))} | {"old": make_category("old")}
    assert load(("民政", "优抚"), current=current) == []
    (retired,) = load(("民政", "优抚"), current=current, replaces=True)
    assert (retired.code, retired.version, retired.retired) == ("old", 2, True)


def test_a_retired_branch_comes_back_as_a_further_version() -> None:
    code = code_of(("民政",))
    gone = make_category(code, version=4, retired=True)
    (back,) = load(("民政",), current={code: gone})
    assert (back.version, back.retired) == (5, False)


def test_what_nothing_binds_is_named_by_line() -> None:
    with pytest.raises(UnboundBranches, match="line 3: 谜; line 3: 谜/语") as refused:
        load(("民政",), ("谜", "语"))
    assert refused.value.branches == [(3, "谜"), (3, "谜/语")]


def test_a_binding_of_no_branch_is_named_rather_than_passed_over() -> None:
    bound = {"民政": Bound(Kind.LEGAL, Remit.CITY), "民正/优抚": Bound(Kind.LEGAL, Remit.CITY)}
    with pytest.raises(UnknownBranch, match="民正/优抚"):
        plan([Row(2, ("民政", "优抚"))], bound, {}, now=NOW, replaces=False)


@pytest.mark.parametrize(
    "rows, words",
    [
        ([("民政", "优抚"), ("民政", "优抚")], "Line 3: repeats line 2"),
        ([("民政", "", "优抚")], "Line 2: a level is empty"),
        ([("民政/优抚",)], "Line 2: a name holds /"),
    ],
)
def test_an_unfit_tree_is_refused_by_line(rows: list[tuple[str, ...]], words: str) -> None:
    with pytest.raises(UnfitTree, match=words):
        load(*rows)
