"""Every query of the network, by what it is about: places, posts, offices, the register, people."""
