"""Every query of intake, and how what is stored is sealed."""
