"""Intake's errors.

::

    NotFound    AppealNotFound, NoSuchCode, NoSuchTicket
    Conflict    AppealWithdrawn, NumberTaken, OrderDiffers, NothingAsked
    Stale       AppealChanged
    Forbidden   NotYours
    Invalid     NoSuchPlace, PlaceClosed, NoSuchCategory, NoSuchEarlier, Contradiction
    Unavailable NamesNotKnown
"""

from collections.abc import Sequence

from kit.errors import Conflict, Forbidden, Invalid, NotFound, Stale, Unavailable


class AppealNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("no_such_appeal", "There is no such appeal in the places that your posts answer for.")


class NoSuchCode(NotFound):
    """Well formed, and nobody's."""

    def __init__(self) -> None:
        super().__init__(
            "no_such_code", "No appeal has this query code: compare it with the receipt, or call the station."
        )


class AppealWithdrawn(Conflict):
    def __init__(self, number: str) -> None:
        super().__init__("withdrawn", f"Appeal {number} has been withdrawn: take a new one.")


class NoSuchTicket(NotFound):
    def __init__(self) -> None:
        super().__init__(
            "no_such_ticket", "This link asks about no answer: open it as the message has it, or call the station."
        )


#: By why nothing can be said of an answer any more: the code, and what to do.
_OVER = {
    "withdrawn": ("withdrawn", "The appeal has been withdrawn: take a new one."),
    "rated": ("rated_already", "This answer has been rated, and that is once: if it is not solved, call the station."),
    "answered_anew": ("answered_anew", "There is a newer answer: use the link in the message that has it."),
    "not_asked": (
        "not_asked",
        "Nothing is asked of this answer any more: you were called about it, or the next one has a link of its own.",
    ),
    "too_late": ("rating_over", "The time for it is over: if it is not solved, call the station or file it again."),
}


class NothingAsked(Conflict):
    def __init__(self, over: str) -> None:
        super().__init__(*_OVER[over])
        self.over = over


class NumberTaken(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "external_id_taken",
            "This source and external number belong to an appeal that you may not see, taken down by somebody else: "
            "ask an operator.",
            field="/external_id",
        )


class OrderDiffers(Conflict):
    def __init__(self, number: str, fields: Sequence[str]) -> None:
        super().__init__(
            "order_differs",
            f"This order was taken down before as {number}, with something else in {', '.join(fields)}: read that, and "
            "correct it or agree another limit there; the same order again is answered 200 only unchanged.",
            field=fields[0],
        )


class AppealChanged(Stale):
    def __init__(self, version: int) -> None:
        detail = f'It has been changed since you read it: read it again (now "{version}").'
        super().__init__("changed", detail, present={"version": version})


class NotYours(Forbidden):
    """The person's role does not allow it; the detail says whose it is."""


class NoSuchPlace(Invalid):
    def __init__(self, code: str, field: str = "/place") -> None:
        super().__init__("no_such_place", f"There is no place with the code {code[:64]}: look it up.", field=field)


class PlaceClosed(Invalid):
    def __init__(self, code: str, successor: str | None, field: str = "/place") -> None:
        remedy = f"it was merged into {successor}: use that." if successor else "name a place that is still there."
        super().__init__("place_retired", f"The place {code[:64]} is no longer used; {remedy}", field=field)


class NoSuchCategory(Invalid):
    def __init__(self, code: str) -> None:
        super().__init__(
            "no_such_category",
            f"There is no category {code[:64]}, or it is retired: see /routing/v1/categories, or leave it out.",
            field="/category",
        )


class NoSuchStaff(Invalid):
    """Whom it complains of is nobody's sign-in subject: a name would bar nobody."""

    def __init__(self, field: str) -> None:
        super().__init__(
            "no_such_staff",
            "Nobody who holds a post signs in by this: give their sign-in subject, not their name; where you do not "
            "know it, leave it out, give sealed, and say in the words who it is.",
            field=field,
        )


class NoSuchEarlier(Invalid):
    """The code is well formed, and nobody's."""

    def __init__(self) -> None:
        super().__init__(
            "no_such_code",
            "No appeal has this query code: compare it with the earlier receipt, or leave it out.",
            field="/repeat_of",
        )


class Contradiction(Invalid):
    """Two fields that cannot both be; the detail says which."""


class NamesNotKnown(Unavailable):
    """A process that started while the database was away has no copy in memory yet."""

    def __init__(self) -> None:
        super().__init__("names_not_known", "The names of places and categories are being read: try again.")
