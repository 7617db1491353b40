"""The examples in docstrings do what they show."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

from qmp_iothreadd import testing


@pytest.mark.parametrize(
    "module",
    [
        "qmp_iothreadd",
        "qmp_iothreadd.qapi",
        "qmp_iothreadd.testing.client",
        "qmp_iothreadd.testing.memory",
        "qmp_iothreadd.testing.process",
    ],
)
def test_examples(module: str) -> None:
    found = import_module(module)
    names = {name: getattr(found, name) for name in getattr(found, "__all__", ())}
    names["DaemonProcess"] = testing.DaemonProcess
    outcome = doctest.testmod(found, extraglobs=names)
    assert outcome.attempted
    assert not outcome.failed
