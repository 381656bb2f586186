"""What can be wrong with a request about the network.

::

    NotFound   PlaceNotFound, PostNotFound, OfficeNotFound, HoldingNotFound, HolderNotFound,
               HouseholdNotFound, RosterNotFound, TierUnknown (as Invalid)
    Conflict   CodeTaken, PlaceClosed, PlaceInUse, PostRetired, TermsOverlap
    Invalid    TierTooWide, TooDeep, InsideItself, TermBackwards, FileRefused, RowsRefused, TurnsRefused, RosterTooLong
    Forbidden  NotYours
"""

from collections.abc import Sequence

from kit.errors import Conflict, Forbidden, Invalid, NotFound, Stale


class PlaceNotFound(NotFound):
    def __init__(self, place: object) -> None:
        super().__init__("place_not_found", f"There is no place {place}.")


class PostNotFound(NotFound):
    def __init__(self, post: object) -> None:
        super().__init__("post_not_found", f"There is no post {post}.")


class OfficeNotFound(NotFound):
    def __init__(self, office: object) -> None:
        super().__init__("office_not_found", f"There is no office {office}.")


class HoldingNotFound(NotFound):
    def __init__(self, holding: object) -> None:
        super().__init__("holding_not_found", f"The post has no holding {holding}.")


class HolderNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("holder_not_found", "Nobody with this sign-in name holds or held a post.")


class HouseholdNotFound(NotFound):
    def __init__(self, household: object) -> None:
        super().__init__("household_not_found", f"There is no household {household} where you answer for the register.")


class RosterNotFound(NotFound):
    def __init__(self, place: str, version: int | None) -> None:
        which = "duty roster" if version is None else f"version {version} of a duty roster"
        super().__init__("roster_not_found", f"{place} has no {which}: import one.")


class ChangedMeanwhile(Stale):
    def __init__(self, what: str, version: int) -> None:
        detail = f"The {what} is at version {version} now: read it again, and repeat."
        super().__init__("changed_meanwhile", detail, present={"version": version})


class CodeTaken(Conflict):
    def __init__(self, code: str) -> None:
        super().__init__(
            "code_taken", f"The code {code} belongs to another: codes are never used again.", field="/code"
        )


class PlaceClosed(Conflict):
    def __init__(self, code: str, state: str, *, field: str | None = None) -> None:
        super().__init__("place_closed", f"The place {code} is {state}: name an active one.", field=field)


class PlaceInUse(Conflict):
    def __init__(self, code: str, what: str) -> None:
        super().__init__(
            "place_in_use", f"The place {code} still has {what}: move or retire them first, or merge the place."
        )


class PostRetired(Conflict):
    def __init__(self, code: str) -> None:
        super().__init__("post_retired", f"The post {code} is retired: nobody can be assigned to it.")


class TermsOverlap(Conflict):
    def __init__(self, since: object) -> None:
        super().__init__(
            "terms_overlap",
            f"The post is held by another from {since}: end that term first, or say that the new holder relieves them.",
            field="/since",
        )


class TierUnknown(Invalid):
    def __init__(self, tier: str) -> None:
        super().__init__(
            "tier_unknown", f"There is no tier {tier}: list the tiers, or let an operator add it.", field="/tier"
        )


class TierTooWide(Invalid):
    def __init__(self, tier: str, parent: str) -> None:
        super().__init__(
            "tier_too_wide", f"A {tier} cannot lie within a {parent}: name a wider place.", field="/parent"
        )


class InsideItself(Invalid):
    def __init__(self, code: str, *, field: str = "/parent") -> None:
        super().__init__(
            "inside_itself", f"The place {code} cannot lie within itself or what it contains.", field=field
        )


class TooDeep(Invalid):
    def __init__(self, most: int) -> None:
        super().__init__("too_deep", f"The tree is at most {most} tiers deep: name a wider parent.", field="/parent")


class TermBackwards(Invalid):
    def __init__(self) -> None:
        super().__init__("term_backwards", "A term ends after it begins: give a later end.", field="/until")


class FileRefused(Invalid):
    """The file as a whole cannot be read; rows are not looked at."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail, field="/file")


class RowsRefused(Invalid):
    """Rows cannot be taken, and all or nothing was asked; ``problems`` are of (line, column, code, reason)."""

    REMEDY = "put them right, or import the good ones (partial=true)"

    def __init__(self, rows: int, problems: Sequence[tuple[int, str, str, str]]) -> None:
        refused = len({line for line, *_ in problems})
        detail = f"{refused} of {rows} rows cannot be taken, so none was: {self.REMEDY}."
        super().__init__("rows_refused", detail, field="/file")
        self.problems = problems


class TurnsRefused(RowsRefused):
    """A roster is taken whole."""

    REMEDY = "put them right"


class RosterTooLong(Invalid):
    def __init__(self, most: int) -> None:
        super().__init__("roster_too_long", f"A duty roster has at most {most} lines: shorten its time.", field="/file")


class NotYours(Forbidden):
    def __init__(self, remedy: str) -> None:
        super().__init__("not_yours", remedy)
