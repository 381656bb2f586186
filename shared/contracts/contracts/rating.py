"""What a resident's link to say something of an answer is about, as notify writes it and intake reads it."""

from uuid import UUID

#: What the link is signed for (kit.crypto, tickets): it opens nothing else.
PURPOSE = "rating"

_ID_BYTES, _ANSWER_BYTES = 16, 2


def subject_of(appeal_id: UUID, answer: int) -> bytes:
    """Which of the answers to which appeal; nothing about anybody."""
    return appeal_id.bytes + answer.to_bytes(_ANSWER_BYTES, "big")


def asked_by(subject: bytes) -> tuple[UUID, int]:
    if len(subject) != _ID_BYTES + _ANSWER_BYTES:
        raise ValueError("the link is about no answer")
    return UUID(bytes=subject[:_ID_BYTES]), int.from_bytes(subject[_ID_BYTES:], "big")
