"""A short soak; tests/fuzz/soak.py runs a long one."""

from __future__ import annotations

from tests.fuzz import soak_clients
from tests.fuzz.soak import soak


def test_random_requests_against_loaded_iothreads_leak_nothing() -> None:
    assert soak(3.0, seed=1, report=lambda text: None) == []


def test_each_reply_of_clients_that_come_and_go_is_accounted_for() -> None:
    done = soak_clients.soak(soak_clients.Plan(10_000, 20, seed=1, clients=8), lambda text: None)
    done.settled = None  # that takes half a million requests
    assert done.findings() == []
    assert done.account.sent >= 20_000 or done.account.answered > 1000
    assert sum(map(len, done.noted.values())) > 0
