"""The history of a case shows every change that is made to it afterwards."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from routing.domain.chain import GENESIS, Entry, link, list_faults

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CASE = UUID(int=7)


def make_history(length: int = 4) -> list[Entry]:
    entries: list[Entry] = []
    for seq in range(1, length + 1):
        entries.append(
            link(
                entries[-1].hash if entries else GENESIS,
                case_id=CASE,
                seq=seq,
                at=NOW,
                step="answered",
                by="lin.qing",
                post_id=uuid4(),
                facts={"outcome": "solved", "n": seq},
                words="水管已经换好" if seq == 3 else None,
            )
        )
    return entries


def faults(entries: list[Entry], head: str | None = None, length: int | None = None) -> list[str]:
    return list_faults(entries, head=head or make_head(entries), length=len(entries) if length is None else length)


def make_head(entries: list[Entry]) -> str:
    return entries[-1].hash if entries else GENESIS


def test_an_untouched_history_is_whole() -> None:
    assert faults(make_history()) == []
    assert faults([]) == []


@pytest.mark.parametrize(
    "change",
    [
        {"step": "closed"},
        {"by": "somebody.else"},
        {"by": None},
        {"post_id": UUID(int=1)},
        {"at": datetime(2026, 11, 23, 2, 0, 1, tzinfo=UTC)},
        {"facts": {"outcome": "explained", "n": 2}},
        {"commitment": "00"},
    ],
)
def test_a_changed_entry_is_found(change: dict[str, object]) -> None:
    entries = make_history()
    entries[1] = replace(entries[1], **change)  # type: ignore[arg-type]
    assert faults(entries) == ["entry 2 was changed"]


def test_a_changed_entry_with_a_new_hash_is_found_at_the_next_one() -> None:
    entries = make_history()
    entries[1] = link(
        entries[0].hash, case_id=CASE, seq=2, at=NOW, step="closed", by=None, post_id=None, facts={}, words=None
    )
    assert faults(entries) == ["entry 3 was changed"]


def test_changed_words_are_found() -> None:
    entries = make_history()
    entries[2] = replace(entries[2], words="没有修好")
    assert faults(entries) == ["the words of entry 3 were changed"]


def test_erasing_the_words_leaves_the_chain_whole() -> None:
    entries = make_history()
    entries[2] = replace(entries[2], words=None, salt=None)
    assert faults(entries) == []


def test_a_removed_entry_is_found() -> None:
    entries = make_history()
    assert faults(entries[:1] + entries[2:]) == ["entry 2 is missing"]


def test_a_cut_tail_is_found_by_the_length() -> None:
    entries = make_history()
    assert faults(entries[:3], head=entries[-1].hash, length=4) == ["there are 3 entries of 4"]


def test_a_rewritten_tail_is_found_by_the_head() -> None:
    entries = make_history()
    other = [*entries[:3], replace(make_history()[3])]
    assert faults(other, head=entries[-1].hash) != []


def test_the_same_words_are_committed_to_differently_each_time() -> None:
    assert make_history()[2].commitment != make_history()[2].commitment
