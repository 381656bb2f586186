"""What a station has to hand: its keys, the names of places and the words of categories, kept in memory."""

from datetime import datetime, timedelta
from uuid import UUID

from contracts.grid import PlaceState
from kit.db import UnitOfWork

from intake.domain.placing import PlaceNames, is_root
from intake.domain.sorting import Categories
from intake.errors import NamesNotKnown
from intake.repository import copies
from intake.repository.copies import NamedPlace
from intake.repository.sealing import Keys

#: So long after the last change the copy is looked through again: a longer transaction would be a defect.
_SETTLED = timedelta(minutes=1)

#: A chain of mergers longer than this goes in a circle.
_MERGERS = 8


class Station:
    """One a process, refreshed behind the requests; no request waits for it or asks the database for names."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.names = PlaceNames()
        self.categories = Categories()
        self._roots: dict[UUID, str] = {}
        self._codes: dict[UUID, str] = {}
        self._open: dict[str, tuple[UUID, str]] = {}
        self._places_at: datetime | None = None
        self._categories_at: datetime | None = None
        self._is_read = False

    def must_know(self) -> None:
        """Nothing is placed or sorted by a memory that has not been filled: codes that are right would be refused."""
        if not self._is_read:
            raise NamesNotKnown

    def root_of(self, taken: str) -> str:
        """The city of who takes it, or else the first that was laid here (ids are in the order of time).

        A wrong city's dispatcher puts it right; a case of no city is nobody's. ``/`` only while there is no city.
        """
        if taken != "/":
            return taken[: taken.index("/", 1) + 1]
        return self._roots[min(self._roots)] if self._roots else "/"

    def find_city(self, code: str) -> str | None:
        """The path of the root with this code."""
        _, path = self.find_open(code) or (None, None)
        return path if path in self._roots.values() else None

    def find_open(self, code: str) -> tuple[UUID, str] | None:
        """The open place with this code, and its path; none where the copy itself has to be asked."""
        return self._open.get(code)

    def refresh(self, uow: UnitOfWork) -> int:
        """Take over what has changed in the copies; how many places and categories that were."""
        places_at, categories_at = copies.latest_changes(uow)
        changed = self._refresh_places(uow, places_at) + self._refresh_categories(uow, categories_at)
        self._places_at, self._categories_at = places_at, categories_at
        self._is_read = True
        return changed

    def _refresh_places(self, uow: UnitOfWork, latest: datetime | None) -> int:
        if latest is None or (latest == self._places_at and uow.now - latest > _SETTLED):
            return 0
        changed = list(copies.changed_places(uow, self._places_at))
        successors = _successors(uow, changed)
        for place in changed:
            self._take(place, successors)
        return len(changed)

    def _take(self, place: NamedPlace, successors: dict[UUID, str]) -> None:
        self._note_code(place)
        path = successors.get(place.place_id) if place.state == PlaceState.MERGED else place.path
        if place.state == PlaceState.RETIRED or path is None:
            self.names.remove(place.place_id)
            self._roots.pop(place.place_id, None)
            return
        self.names.put(place.place_id, path, place.names)
        if is_root(path) and place.state == PlaceState.ACTIVE:
            self._roots[place.place_id] = path

    def _note_code(self, place: NamedPlace) -> None:
        before = self._codes.pop(place.place_id, "")
        if self._open.get(before, (None, ""))[0] == place.place_id:
            del self._open[before]
        if place.state == PlaceState.ACTIVE:
            self._codes[place.place_id] = place.code
            self._open[place.code] = (place.place_id, place.path)

    def _refresh_categories(self, uow: UnitOfWork, latest: datetime | None) -> int:
        if latest is None or (latest == self._categories_at and uow.now - latest > _SETTLED):
            return 0
        categories = copies.list_categories(uow)
        self.categories = Categories(categories)
        return len(categories)


def _successors(uow: UnitOfWork, changed: list[NamedPlace]) -> dict[UUID, str]:
    """Where what was merged lies now: at the end of its chain of mergers. People go on using the old names."""
    into = {p.place_id: p.merged_into for p in changed if p.state == PlaceState.MERGED and p.merged_into}
    if not into:
        return {}
    ends = copies.ends_of_mergers(uow, set(into.values()), at_most=_MERGERS)
    return {place_id: ends[target] for place_id, target in into.items() if target in ends}
