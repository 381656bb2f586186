"""What routing refuses.

::

    ServiceError
    ├── NotFound   CaseNotFound
    ├── Conflict   StepNotAllowed, NobodyHolds
    ├── Stale      CaseChanged
    ├── Forbidden  NotYourStep, NotYourPlace, NotTheOperator
    └── Invalid    UnknownCategory, UnknownPlace, CategoryMissing, PlaceMissing, UnboundBranches, UnfitTree
"""

from collections.abc import Sequence
from uuid import UUID

from kit.errors import Conflict, Forbidden, Invalid, NotFound, Stale


class CaseNotFound(NotFound):
    def __init__(self, case_id: UUID) -> None:
        super().__init__("case_not_found", f"There is no case {case_id}, or it is not for you to see.")


class CaseChanged(Stale):
    def __init__(self, version: int) -> None:
        super().__init__(
            "case_changed", f"The case has changed since you read it: it is at version {version}. Read it again."
        )


class StepNotAllowed(Conflict):
    def __init__(self, step: str, state: str, allowed: Sequence[str]) -> None:
        now = ", ".join(allowed) or "nothing"
        super().__init__(
            "step_not_allowed", f"A case that is {state} does not allow the step {step}; it allows: {now}."
        )


class NobodyHolds(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "nobody_holds",
            "Nobody who may handle this holds a post for that place: fill the post or name a stand-in first.",
        )


class NotYourStep(Forbidden):
    def __init__(self, step: str) -> None:
        super().__init__("not_your_step", f"The step {step} is for who holds the case, or for its dispatcher.")


class NotYourPlace(Forbidden):
    def __init__(self) -> None:
        super().__init__(
            "not_your_place", "You do not dispatch for that place: choose one at or below your own.", field="/place_id"
        )


class NotTheOperator(Forbidden):
    def __init__(self) -> None:
        super().__init__("not_the_operator", "Only the city's operator changes the category tree.")


class UnknownCategory(Invalid):
    def __init__(self, code: str) -> None:
        super().__init__(
            "unknown_category",
            f"There is no category {code}: take one from GET /routing/v1/categories.",
            field="/category",
        )


class UnknownPlace(Invalid):
    def __init__(self, place_id: UUID) -> None:
        super().__init__("unknown_place", f"There is no open place {place_id}: choose one that is.", field="/place_id")


class UnknownPlaceAsked(Invalid):
    def __init__(self) -> None:
        super().__init__("unknown_place", "There is no such place: take its id from grid.", field="/place")


class PlaceMissing(Invalid):
    def __init__(self) -> None:
        super().__init__("place_missing", "Nobody knows yet where this is: name the place.", field="/place_id")


class CategoryMissing(Invalid):
    def __init__(self) -> None:
        super().__init__("category_missing", "The case has no category yet: name it.", field="/category")


class UnboundBranches(Invalid):
    """Branches of a taxonomy that neither a binding nor a name rule gives a kind of matter."""

    SHOWN = 50

    def __init__(self, branches: Sequence[tuple[int, str]]) -> None:
        named = "; ".join(f"line {line}: {name}" for line, name in branches[: self.SHOWN])
        more = f"; and {len(branches) - self.SHOWN} more" if len(branches) > self.SHOWN else ""
        super().__init__(
            "unbound_branches",
            f"Nothing was changed. Bind these branches to a kind and a remit: {named}{more}.",
            field="/rows",
        )
        self.branches = list(branches)


class UnknownBranch(Invalid):
    """A binding that speaks of no branch of its tree would bind nothing: a slip of the pen."""

    def __init__(self, branch: str) -> None:
        super().__init__(
            "unknown_branch",
            f"Nothing was changed. The bindings name {branch}, which is no branch of the tree: write its names from "
            f"the first level on, joined by /.",
            field="/bindings",
        )


class UnfitTree(Invalid):
    def __init__(self, line: int, reason: str) -> None:
        super().__init__("unfit_tree", f"Nothing was changed. Line {line}: {reason}.", field="/rows")
