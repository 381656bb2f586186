"""Intake's rules: where an appeal is, what it may be told as, what it may be about."""
