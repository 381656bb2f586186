"""The network of the demonstration city as the rows of its own import files."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from contracts.grid import Duty

from grid.demonstration.names import People, Somebody
from grid.domain.register import Fee, OrganisationKind

CITY, DISTRICT, BAIYANG, TOWNSHIP, RURAL = "HL", "HZ", "HZ-BY", "HZ-LH", "HZ-LH-SQ"

#: Baiyang's 103 buildings by area, and the chiefs of an area.
BUILDINGS_BY_AREA = (17, 17, 17, 17, 17, 18)
CHIEFS_AN_AREA = 10
VILLAGES = ("石桥村", "柳湾村", "竹溪村", "杉岭村", "莲塘村")
PARTY_BRANCHES = 6
COMMUNITIES_A_STREET = 8

#: What one community's staff do for the cases of its own remit.
STATION = (
    (Duty.SUPERVISOR, "站长"),
    (Duty.DISPATCHER, "派单员"),
    (Duty.AGENCY, "代办专员"),
    (Duty.FOLLOW_UP, "跟踪协调专员"),
    (Duty.MUNICIPAL, "市政设施专员"),
    (Duty.PUBLIC_SERVICE, "公共服务专员"),
    (Duty.LEGAL, "法律援助联络员"),
    (Duty.PETITION, "综治信访维稳专员"),
)

BUREAUS = (
    ("HL-WATER", "水务局", ("municipal.water", "municipal.drainage")),
    ("HL-GAS", "燃气管理处", ("municipal.gas_heating", "municipal.emergency")),
    (
        "HL-HOUSING",
        "住房和城乡建设局",
        ("administrative.housing_support", "administrative.home_sales", "municipal.property"),
    ),
    ("HL-POLICE", "公安局", ("administrative.hukou", "municipal.traffic", "legal.crime")),
    ("HL-JUSTICE", "司法局", ("legal.litigation", "legal.aid")),
    ("HL-PETITIONS", "信访局", ("stability",)),
)
DEPARTMENTS = (
    ("HZ-CIVIL", "海州区民政局", ("administrative.relief", "administrative.veterans")),
    ("HZ-LEGAL-AID", "海州区法律援助中心", ("legal.aid",)),
    ("HZ-STABILITY", "海州区综治信访维稳中心", ("stability",)),
    ("HZ-HALL", "海州区行政审批大厅", ("administrative.government_service", "administrative.employment")),
)

WEEKDAYS = tuple({"weekday": day, "opens": "08:30", "closes": "17:30"} for day in range(5))
HOURS: dict[str, tuple[dict[str, Any], ...]] = {
    CITY: tuple({"weekday": day, "opens": "09:00", "closes": "17:00"} for day in range(5)),
    BAIYANG: (*WEEKDAYS, {"weekday": 5, "opens": "09:00", "closes": "12:00"}),
    RURAL: tuple({"weekday": day, "opens": "08:00", "closes": "17:00"} for day in range(5)),
}


@dataclass(frozen=True)
class Row:
    """As spreadsheets.Row, made instead of read."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True)
class Team:
    code: str
    name: str
    place: str
    skills: tuple[str, ...]
    areas: tuple[str, ...]
    fee: Fee


@dataclass(frozen=True)
class Volunteer:
    team: str
    kind: str
    name: str
    subject: str | None = None


@dataclass(frozen=True)
class Homes:
    """How many live in a community, and in which of its places."""

    community: str
    places: tuple[str, ...]
    households: int
    people: int
    low_income_households: int
    low_income_people: int
    retired_members: int
    branches: tuple[str, ...]
    most_in_one: int = 6


@dataclass
class Network:
    places: list[Row] = field(default_factory=list)
    offices: list[Row] = field(default_factory=list)
    posts: list[Row] = field(default_factory=list)
    holders: list[Row] = field(default_factory=list)
    organisations: list[tuple[str, str, OrganisationKind, str]] = field(default_factory=list)
    teams: list[Team] = field(default_factory=list)
    volunteers: list[Volunteer] = field(default_factory=list)
    homes: list[Homes] = field(default_factory=list)

    def place(self, code: str, name: str, tier: str, parent: str = "", **more: str) -> str:
        self._add(self.places, code=code, name=name, tier=tier, parent=parent, **more)
        return code

    def post(self, place: str, duty: Duty, title: str, who: Somebody, *, code: str = "", office: str = "") -> None:
        code = code or f"{place}/{duty.value}"
        self._add(self.posts, code=code, title=title, duty=duty.value, place=place, office=office)
        self._add(self.holders, post=code, subject=who.subject, name=who.name, means="inbox")

    def office(self, code: str, name: str, kind: str, place: str, matters: Iterable[str]) -> None:
        self._add(self.offices, code=code, name=name, kind=kind, place=place, matters=";".join(matters))

    @staticmethod
    def _add(rows: list[Row], **cells: str) -> None:
        rows.append(Row(len(rows) + 2, cells))


def make_network(*, seed: int, communities: int) -> Network:
    """Of so many communities: Baiyang, the rural one, and smaller ones by streets."""
    random = Random(f"network {seed}")  # noqa: S311  # invented people, not secrets
    network, people = Network(), People(random)
    staff = _name_the_known(people)
    _lay_top(network, people, staff)
    _lay_baiyang(network, people, staff)
    if communities >= 2:
        _lay_rural(network, people)
    for number in range(1, communities - 1):
        _lay_small(network, people, random, number)
    return network


def _name_the_known(people: People) -> dict[str, Somebody]:
    """Those whom the first page names as who can sign in."""
    return {
        "city": people.named("gao.ning", "高宁"),
        "district": people.named("xu.wei", "徐薇"),
        "supervisor": people.named("zhou.lan", "周岚"),
        "dispatcher": people.named("chen.jing", "陈静"),
        "window": people.named("lin.yue", "林月"),
        "area": people.named("zhao.peng", "赵鹏"),
        "bureau": people.named("he.rui", "何锐"),
    }


def _lay_top(network: Network, people: People, staff: dict[str, Somebody]) -> None:
    network.place(CITY, "海澜市", "city", phone="12345")
    network.place(DISTRICT, "海州管理区", "district", CITY, aliases="海州区;海州", phone="0799-8600000")
    desk = staff["city"]
    network.post(CITY, Duty.DISPATCHER, "海澜市派单员", desk)
    network.post(CITY, Duty.SUPERVISOR, "海澜市督办", people.invent())
    network.post(CITY, Duty.WINDOW_CLERK, "海澜市12345受理员", desk)
    network.post(CITY, Duty.FOLLOW_UP, "海澜市跟踪协调专员", people.invent())
    network.post(DISTRICT, Duty.DISPATCHER, "海州管理区派单员", staff["district"])
    network.post(DISTRICT, Duty.SUPERVISOR, "海州管理区督办", people.invent())
    for code, name, matters in BUREAUS:
        network.office(code, name, "bureau", CITY, matters)
        officer = staff["bureau"] if code == "HL-GAS" else people.invent()
        network.post(CITY, Duty.BUREAU, f"{name}联络员", officer, code=f"{code}/liaison", office=code)
    for code, name, matters in DEPARTMENTS:
        network.office(code, name, "department", DISTRICT, matters)
        network.post(DISTRICT, Duty.DEPARTMENT, f"{name}联络员", people.invent(), code=f"{code}/liaison", office=code)


def _lay_baiyang(network: Network, people: People, staff: dict[str, Somebody]) -> None:
    network.place(BAIYANG, "白杨社区", "community", DISTRICT, aliases="白杨", phone="0799-8610000")
    known = [staff[name] for name in ("supervisor", "dispatcher", "window", "area")]
    eleven = [*known, *(people.invent() for _ in range(7))]
    _fill_baiyangs_station(network, eleven)
    chiefs: list[Somebody] = []
    buildings: list[str] = []
    for area, count in enumerate(BUILDINGS_BY_AREA, start=1):
        code = network.place(f"{BAIYANG}-{area}", f"白杨社区第{_ZH[area]}片", "area", BAIYANG)
        network.post(code, Duty.AREA_CHIEF, f"第{_ZH[area]}片片长", eleven[2 + area])
        ten = [people.invent() for _ in range(CHIEFS_AN_AREA)]
        buildings += _lay_buildings(network, code, count, ten)
        chiefs += ten
    branches = _lay_organisations(network, BAIYANG, "白杨社区", branches=PARTY_BRANCHES)
    _lay_teams(network, people, chiefs, eleven)
    network.homes.append(Homes(BAIYANG, tuple(buildings), 7_130, 17_291, 130, 257, 152, branches))


def _fill_baiyangs_station(network: Network, eleven: Sequence[Somebody]) -> None:
    """Five windows, the station's posts: each of the eleven holds some."""
    for number in range(5):
        title = f"{_ZH[number + 1]}号服务窗口"
        network.post(BAIYANG, Duty.WINDOW_CLERK, title, eleven[2 + number], code=f"{BAIYANG}/window-{number + 1}")
    holders = (0, 1, 7, 1, 8, 9, 10, 0)
    for (duty, title), holder in zip(STATION, holders, strict=True):
        network.post(BAIYANG, duty, f"白杨社区{title}", eleven[holder])


def _lay_buildings(network: Network, area: str, count: int, chiefs: Sequence[Somebody]) -> list[str]:
    codes = []
    for number in range(1, count + 1):
        code = network.place(f"{area}-{number:02}", f"白杨{area[-1]}片{number}号楼", "building", area)
        chief = chiefs[(number - 1) % len(chiefs)]
        network.post(code, Duty.BUILDING_CHIEF, f"{area[-1]}片{number}号楼楼长", chief)
        codes.append(code)
    return codes


def _lay_organisations(network: Network, place: str, name: str, *, branches: int) -> tuple[str, ...]:
    kinds = (
        ("property", "安居物业公司", OrganisationKind.PROPERTY_COMPANY),
        ("owners", "业主委员会", OrganisationKind.OWNERS_COMMITTEE),
        ("market", "便民农贸市场", OrganisationKind.ENTERPRISE),
        ("school", "第一小学", OrganisationKind.INSTITUTION),
    )
    network.organisations += [(f"{place}/{key}", f"{name}{label}", kind, place) for key, label, kind in kinds]
    codes = tuple(f"{place}/branch-{number}" for number in range(1, branches + 1))
    network.organisations += [
        (code, f"{name}第{_ZH[number]}党支部", OrganisationKind.PARTY_BRANCH, place)
        for number, code in enumerate(codes, start=1)
    ]
    return codes


def _lay_teams(network: Network, people: People, chiefs: Sequence[Somebody], staff: Sequence[Somebody]) -> None:
    """48 volunteers in five teams: 18 of the building chiefs, 10 assistants, 20 others."""
    teams = (
        ("repair", "水电维修服务队", ("plumbing", "electricity", "locks"), Fee.LOW),
        ("care", "助老助残服务队", ("care", "company"), Fee.FREE),
        ("safety", "治安巡防服务队", ("patrol", "fire_safety"), Fee.FREE),
        ("green", "环境卫生服务队", ("cleaning", "greening"), Fee.FREE),
        ("culture", "文体宣传服务队", ("culture", "teaching"), Fee.FREE),
    )
    areas = tuple(f"{BAIYANG}-{number}" for number in range(1, 7))
    for number, (key, name, skills, fee) in enumerate(teams):
        code = f"{BAIYANG}/team-{key}"
        network.teams.append(Team(code, f"白杨社区{name}", BAIYANG, skills, areas, fee))
        network.post(BAIYANG, Duty.TEAM_LEADER, f"{name}队长", staff[6 + number], code=f"{code}/leader")
    serving = [("building_chief", chief) for chief in chiefs[::3][:18]]
    serving += [("assistant", people.invent()) for _ in range(10)]
    serving += [("volunteer", people.invent()) for _ in range(20)]
    for number, (kind, who) in enumerate(serving):
        team = network.teams[number % len(teams)].code
        network.volunteers.append(Volunteer(team, kind, who.name, who.subject if kind == "building_chief" else None))


def _lay_rural(network: Network, people: People) -> None:
    """Three tiers: township, community, village (§4)."""
    network.place(TOWNSHIP, "柳河镇", "township", DISTRICT, phone="0799-8620000")
    network.post(TOWNSHIP, Duty.DISPATCHER, "柳河镇派单员", people.invent())
    network.post(TOWNSHIP, Duty.SUPERVISOR, "柳河镇督办", people.invent())
    network.place(RURAL, "石桥农村社区", "community", TOWNSHIP, aliases="石桥社区;石桥", phone="0799-8630000")
    staff = [people.invent() for _ in range(5)]
    _fill_station(network, RURAL, "石桥社区", staff)
    villages = []
    for number, name in enumerate(VILLAGES, start=1):
        code = network.place(f"{RURAL}-{number}", name, "village", RURAL)
        network.post(code, Duty.AREA_CHIEF, f"{name}片长", people.invent())
        villages.append(code)
    branches = _lay_organisations(network, RURAL, "石桥社区", branches=1)
    network.homes.append(Homes(RURAL, tuple(villages), 1_308, 4_860, 64, 141, 38, branches, most_in_one=9))


def _fill_station(network: Network, place: str, name: str, staff: Sequence[Somebody]) -> None:
    posts = [(Duty.WINDOW_CLERK, "服务窗口"), *STATION]
    for number, (duty, title) in enumerate(posts):
        network.post(place, duty, f"{name}{title}", staff[number % len(staff)])


def _lay_small(network: Network, people: People, random: Random, number: int) -> None:
    """A community of three areas and a dozen buildings, under a street that eight share."""
    street_number, place_in_street = divmod(number - 1, COMMUNITIES_A_STREET)
    street = f"{DISTRICT}-S{street_number + 1}"
    if place_in_street == 0:
        network.place(street, f"{_STREETS[street_number % len(_STREETS)]}{street_number + 1}街道", "street", DISTRICT)
        network.post(street, Duty.DISPATCHER, f"{street}街道派单员", people.invent())
        network.post(street, Duty.SUPERVISOR, f"{street}街道督办", people.invent())
    name = f"{_STREETS[number % len(_STREETS)]}{number}社区"
    code = network.place(f"{street}-{place_in_street + 1}", name, "community", street)
    _fill_station(network, code, name, [people.invent() for _ in range(5)])
    buildings = []
    for area in range(1, 4):
        area_code = network.place(f"{code}-{area}", f"{name}第{_ZH[area]}片", "area", code)
        network.post(area_code, Duty.AREA_CHIEF, f"{name}第{_ZH[area]}片片长", people.invent())
        for building in range(1, 5):
            at = network.place(f"{area_code}-{building}", f"{name}{area}片{building}号楼", "building", area_code)
            network.post(at, Duty.BUILDING_CHIEF, f"{name}{area}片{building}号楼楼长", people.invent())
            buildings.append(at)
    households = random.randint(120, 240)
    network.homes.append(Homes(code, tuple(buildings), households, households * 12 // 5, 4, 9, 5, ()))


_ZH = "零一二三四五六七八九"
_STREETS = ("梧桐", "海棠", "银杏", "紫荆", "翠竹", "丹桂", "云杉", "青松")
