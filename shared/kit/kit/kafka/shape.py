"""Topics of another number of partitions than the registry says, in which keys would not be where they were."""

from collections.abc import Sequence

from contracts.topics import TOPICS


def misshapen(topics: Sequence[str]) -> str:
    """One line with the remedy; empty for no topic."""
    named = ", ".join(f"{name}, not {TOPICS[name].partitions}" for name in topics)
    return f"topics have another number of partitions ({named}): see `baiyang topics drift`" if topics else ""
