"""What notify refuses.

::

    NotFound   MessageNotFound, InboxItemNotFound
    Conflict   MessageNotRetryable
    Forbidden  NotYoursToRetry
    Invalid    ContactUnreadable, WordingMissing
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
