"""What telling needs besides the case itself."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from kit.crypto import KeyRing


@dataclass(frozen=True)
class Office:
    """``address`` is where residents see how their appeal stands, without the code: https://city.example/progress;
    ``ratings`` where they say what they think of an answer, without the ticket.
    """

    keys: KeyRing
    transport: KeyRing
    zone: ZoneInfo
    address: str
    ratings: str
