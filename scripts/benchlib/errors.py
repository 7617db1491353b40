"""The one error of the benchmark: its text says what went wrong and what to do next."""

from __future__ import annotations


class BenchError(Exception):
    """A measurement that cannot be taken."""
