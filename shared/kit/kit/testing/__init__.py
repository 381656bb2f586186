"""What tests need of the kit: the real servers under a rollback, fakes, and people who sign in."""
