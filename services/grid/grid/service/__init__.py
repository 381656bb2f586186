"""Use cases: the tree, posts and who holds them, offices, the register, and whole files of them at once."""
