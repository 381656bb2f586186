"""Who lives where in the demonstration city: invented, and exact in number."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from grid.demonstration.names import resident_name
from grid.demonstration.network import Homes
from grid.domain.register import Flag


@dataclass(frozen=True)
class Dweller:
    name: str
    phone: str | None
    flags: tuple[str, ...] = ()
    branch: str | None = None


@dataclass(frozen=True)
class Home:
    code: str
    place: str
    room: str
    flags: tuple[str, ...]
    dwellers: tuple[Dweller, ...]

    @property
    def contact(self) -> Dweller | None:
        """Who is told for all: the first who has a telephone."""
        return next((dweller for dweller in self.dwellers if dweller.phone), None)


def spread(total: int, parts: int, random: Random, *, least: int = 1, most: int) -> list[int]:
    """``total`` into so many parts, each between the bounds."""
    assert least * parts <= total <= most * parts
    sizes = [least] * parts
    open_parts = list(range(parts))
    for _ in range(total - least * parts):
        place = random.randrange(len(open_parts))
        part = open_parts[place]
        sizes[part] += 1
        if sizes[part] == most:
            open_parts[place] = open_parts[-1]
            open_parts.pop()
    return sizes


def make_homes(homes: Homes, *, seed: int) -> Iterator[Home]:
    random = Random(f"{homes.community} {seed}")  # noqa: S311  # invented people, not secrets
    poor = set(random.sample(range(homes.households), homes.low_income_households))
    sizes = _sizes(homes, poor, random)
    members = _members(homes, random)
    for number, size in enumerate(sizes):
        place = homes.places[number % len(homes.places)]
        home = number // len(homes.places)
        flags = (Flag.LOW_INCOME.value,) if number in poor else ()
        surname = resident_name(random)[0]
        dwellers = tuple(
            _dweller(random, surname, flags, members.get(number) if first == 0 else None) for first in range(size)
        )
        yield Home(
            f"{place}/{home + 1:03}", place, f"{home // 20 + 1}-{home % 20 // 4 + 1}0{home % 4 + 1}", flags, dwellers
        )


def _sizes(homes: Homes, poor: set[int], random: Random) -> list[int]:
    low = iter(spread(homes.low_income_people, homes.low_income_households, random, most=homes.most_in_one))
    others = homes.households - homes.low_income_households
    rest = iter(spread(homes.people - homes.low_income_people, others, random, most=homes.most_in_one))
    return [next(low) if number in poor else next(rest) for number in range(homes.households)]


def _members(homes: Homes, random: Random) -> dict[int, str | None]:
    """Households with a retired party member, and the branch of each."""
    chosen = random.sample(range(homes.households), homes.retired_members)
    return {
        number: homes.branches[i % len(homes.branches)] if homes.branches else "" for i, number in enumerate(chosen)
    }


def _dweller(random: Random, surname: str, flags: tuple[str, ...], branch: str | None) -> Dweller:
    own = (*flags, Flag.RETIRED_PARTY_MEMBER.value) if branch is not None else flags
    phone = f"199{random.randrange(10**8):08}" if random.random() < 0.6 else None
    return Dweller(resident_name(random, surname if random.random() < 0.7 else None), phone, own, branch or None)
