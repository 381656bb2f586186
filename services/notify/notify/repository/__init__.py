"""Every query of notify."""

from notify.repository.contacts import Contact, blank_messages_of, list_contacts, put_contacts
from notify.repository.notices import Wording, add_inbox_items, add_messages, list_wordings, move_messages
from notify.repository.reading import (
    InboxItem,
    Message,
    find_message,
    list_inbox,
    list_messages_of_case,
    list_troubled_anywhere,
    list_troubled_in_scope,
    mark_read,
    take_up_again,
)
from notify.repository.sandbox import SandboxMessage, add_sandbox_messages, list_sandbox
from notify.repository.sending import Claimed, Prepared, claim_due, hold, mark_called, settle

__all__ = [
    "Claimed",
    "Contact",
    "InboxItem",
    "Message",
    "Prepared",
    "SandboxMessage",
    "Wording",
    "add_inbox_items",
    "add_messages",
    "add_sandbox_messages",
    "blank_messages_of",
    "claim_due",
    "find_message",
    "hold",
    "list_contacts",
    "list_inbox",
    "list_messages_of_case",
    "list_sandbox",
    "list_troubled_anywhere",
    "list_troubled_in_scope",
    "list_wordings",
    "mark_called",
    "mark_read",
    "move_messages",
    "put_contacts",
    "settle",
    "take_up_again",
]
