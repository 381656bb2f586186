"""Who is above whoever holds a case: whose it is to see to what is late, and under whose eye it is done again
(domain.md, section 4).
"""

from collections.abc import Iterable

from contracts.grid import Duty
from network.posts import Seat

from routing.domain.case import Case
from routing.domain.steps import OVERSEEING


def superior_of(seats: Iterable[Seat], case: Case, late: Seat | None, *, redone: bool = False) -> Seat | None:
    """The narrowest supervisor above who is late, or else a dispatcher; where nobody is above, one beside them; never
    one with an interest in the case. ``redone``: of a tier above theirs alone. Of what is sealed, who keeps it.
    """
    others = [seat for seat in seats if _may_see_to(seat, case, late)]
    if case.seal is not None:
        return _narrowest(seat for seat in others if seat.post_id == case.keeper_post_id)
    if late is None:
        return _narrowest(seat for seat in others if seat.office_id is None)
    line = [seat for seat in others if seat.office_id in (None, late.office_id) and late.path.startswith(seat.path)]
    above = (seat for seat in line if is_higher(seat, late) or (not redone and stands_over(seat, late)))
    return _narrowest(above) or _narrowest(seat for seat in line if _height(seat) == _height(late))


def superiors_of(seats: Iterable[Seat], case: Case, late: Seat | None, *, redone: bool = False) -> list[Seat]:
    """One a tier, each above the one before, and somebody else."""
    line: list[Seat] = []
    while (found := superior_of(seats, case, late, redone=redone)) is not None:
        line.append(found)
        seats = [seat for seat in seats if is_higher(seat, found) and seat.subject != found.subject]
    return line


def stands_over(seat: Seat, late: Seat) -> bool:
    """Of a tier above; or at the same place or office, over whoever does not oversee it themselves: a station's head
    over its clerks.
    """
    is_of_staff = late.duty not in OVERSEEING
    return is_higher(seat, late) or (is_of_staff and _height(seat) == _height(late))


def is_higher(seat: Seat, than: Seat) -> bool:
    """Of a tier above; the tree's own tier is above the offices that belong to it."""
    return _height(seat) < _height(than)


def _height(seat: Seat) -> tuple[int, bool]:
    return len(seat.path), seat.office_id is not None


def _may_see_to(seat: Seat, case: Case, late: Seat | None) -> bool:
    """An overseer's post that somebody else answers in, who has no interest in the case."""
    is_other = late is None or (seat.post_id != late.post_id and seat.subject != late.subject)
    return seat.duty in OVERSEEING and is_other and seat.subject is not None and seat.subject not in case.barred


def _narrowest(seats: Iterable[Seat]) -> Seat | None:
    """A supervisor before a dispatcher; an office's own before the tree's, and a stand-in before whom they stand in
    for.
    """
    return min(
        seats,
        key=lambda seat: (
            *(seat.duty is not Duty.SUPERVISOR, -len(seat.path), seat.office_id is None, seat.code),
            not seat.stand_in,
        ),
        default=None,
    )
