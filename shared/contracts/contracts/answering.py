"""Who answers: one rule for grid, which owns the posts, and for every copy of them, so that all answer alike."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from contracts.grid import Duty


class AnySeat(Protocol):
    """A post on the line from a place to its root, with one who acts in it now; nobody: ``subject`` is None."""

    @property
    def code(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def duty(self) -> Duty: ...
    @property
    def subject(self) -> str | None: ...
    @property
    def stand_in(self) -> bool: ...


S = TypeVar("S", bound=AnySeat)


@dataclass(frozen=True)
class Answer(Generic[S]):
    """Who answers, and the posts that handed it on: vacant, or held by one who must not."""

    seat: S | None
    passed_over: tuple[S, ...] = ()


def answer(seats: Iterable[S], duty: Duty, *, never: Collection[str] = ()) -> Answer[S]:
    """The narrowest filled seat with the duty, held by nobody in ``never``.

    Where the post of the duty is vacant, or held by somebody in ``never``, the next tier up takes it: its post of the
    same duty, or else its dispatcher. Where no tier has such a post, the narrowest dispatcher takes it. Of several
    posts of a duty at one place (five windows, say) the first by its code takes it; in a post, a stand-in goes before
    the holder.
    """
    ordered = sorted(seats, key=lambda seat: (-len(seat.path), seat.duty is not duty, seat.code, not seat.stand_in))
    below = next((len(seat.path) for seat in ordered if seat.duty is duty), None)
    passed: list[S] = []
    for seat in ordered:
        stands_in_for_duty = seat.duty is Duty.DISPATCHER and (below is None or len(seat.path) < below)
        if seat.duty is not duty and not stands_in_for_duty:
            continue
        if seat.subject is not None and seat.subject not in never:
            return Answer(seat, tuple(passed))
        passed.append(seat)
    return Answer(None, tuple(passed))
