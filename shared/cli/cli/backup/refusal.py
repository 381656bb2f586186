"""What a backup or a restore ends with when it cannot be: one line, with what to do."""


class Refusal(Exception):
    """Nothing was changed, or what was begun is told."""
