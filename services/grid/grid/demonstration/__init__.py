"""The demonstration city as data: generated, the same for the same seed, every name of a person invented."""
