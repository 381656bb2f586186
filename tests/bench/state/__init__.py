"""A state for the benchmarks: a city with many cases and their whole history, loaded in minutes."""

from tests.bench.state.burst import add_open
from tests.bench.state.loading import load
from tests.bench.state.sampling import Sample, sample

__all__ = ["Sample", "add_open", "load", "sample"]
