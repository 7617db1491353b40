"""A short soak; tests/fuzz/soak.py runs a long one."""

from __future__ import annotations

from tests.fuzz.soak import soak


def test_random_requests_against_loaded_iothreads_leak_nothing() -> None:
    assert soak(3.0, seed=1, report=lambda text: None) == []
