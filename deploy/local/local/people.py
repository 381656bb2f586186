"""Who signs in at the local identity provider with a role of their own; all others have what their posts give them."""

from collections.abc import Sequence

from kit.auth import AUDITOR, OPERATOR, RESIDENT

PEOPLE: dict[str, Sequence[str]] = {
    "operator": [OPERATOR],
    "importer": [OPERATOR],
    "auditor": [AUDITOR],
    "resident": [RESIDENT],
}
