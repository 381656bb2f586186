"""What notify refuses.

::

    NotFound   MessageNotFound, InboxItemNotFound, TellingNotFound
    Conflict   MessageNotRetryable
    Forbidden  NotYoursToRetry, NotYoursToVisit
    Invalid    ContactUnreadable, WordingMissing, UnknownHousehold, NotACase
"""

from kit.errors import Conflict, Forbidden, Invalid, NotFound


class MessageNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("message_not_found", "There is no such message, or it is not yours to see.")


class InboxItemNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("inbox_item_not_found", "Your inbox has no such item.")


class MessageNotRetryable(Conflict):
    def __init__(self, state: str) -> None:
        super().__init__(
            "message_not_retryable", f"The message is {state}: only one that failed or is unknown can be sent again."
        )


class TellingNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("telling_not_found", "The case has no such telling, or it is not yours to see.")


class NotACase(Invalid):
    def __init__(self, field: str) -> None:
        super().__init__(
            "not_a_case", "This is the number of an appeal: name its case, whose number begins with C.", field=field
        )


class UnknownHousehold(Invalid):
    """``index`` is the household's in the request's list."""

    def __init__(self, index: int) -> None:
        super().__init__(
            "unknown_household",
            f"Household {index + 1} of the list is none that this telling concerns where you answer: take those of "
            "`households`, or leave it out. Nothing was entered.",
            field=f"/household_ids/{index}",
        )


class NotYoursToVisit(Forbidden):
    def __init__(self) -> None:
        super().__init__(
            "not_yours_to_visit",
            "Visits are entered by who holds a post of the building or of a place above it: ask the building chief.",
        )


class ContactUnreadable(Invalid):
    """The sealed contact does not open: a key is missing from TRANSPORT_KEYS, or it was tampered with."""

    def __init__(self) -> None:
        super().__init__("contact_unreadable", "A sealed value does not open: check NOTIFY_TRANSPORT_KEYS.")


class NotYoursToRetry(Forbidden):
    def __init__(self) -> None:
        super().__init__("not_yours_to_retry", "Operators, and dispatchers and supervisors of the place, send again.")


class WordingMissing(Invalid):
    def __init__(self, code: str) -> None:
        super().__init__("wording_missing", f"No template {code} is in force: add a row to notify's template table.")
