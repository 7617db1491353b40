"""CPU models as lists of features."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qmp_iothreadd.machine.cpus.expansion import expand
from qmp_iothreadd.machine.cpus.models import cpu_properties
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.testing import make_machine


@pytest.fixture
def machine() -> Iterator[Machine]:
    made = make_machine()
    yield made
    made.close()


def test_a_static_expansion_is_base_with_features(machine: Machine) -> None:
    name, features = expand(machine, "static", "max", {})
    assert name == "base"
    assert (features["avx2"], features["vmx"], features["min-level"]) == (True, False, 13)
    assert "sse4_1" not in features
    assert "migratable" not in features
    assert expand(machine, "static", "max", {"migratable": False}) == (name, features)


def test_what_a_model_is_expanded_to_is_that_model(machine: Machine) -> None:
    """libvirt asks so: what it got of ``max`` it adds to ``base``, and wants all of that."""
    name, features = expand(machine, "static", "max", {})
    rebuilt, every = expand(machine, "full", name, features)
    whole = expand(machine, "full", "max", {})
    assert (rebuilt, every) == ("base", whole[1])
    assert (every["sse4_1"], every["sse4-1"], every["level"]) == (True, True, 13)
    assert set(every) - set(cpu_properties()) == {"memory", "realized"}


def test_base_has_nothing_but_what_it_is_given(machine: Machine) -> None:
    features = expand(machine, "static", "base", {"sse4_1": True})[1]
    assert [name for name, value in features.items() if value] == ["sse4.1"]


def test_versions_are_the_same_and_others_are_not_known(machine: Machine) -> None:
    assert expand(machine, "static", "qemu64", {}) == expand(machine, "static", "qemu64-v1", {})
    assert expand(machine, "full", "Haswell", {}) == ("Haswell", {})
    assert expand(machine, "full", "Haswell", {"check": True}) == ("Haswell", {"check": True})
    assert expand(machine, "static", "Haswell", {"avx": False}) == ("base", {"avx": False})


def test_without_kvm_host_has_what_max_has(machine: Machine) -> None:
    """libvirt 9.0 asks for ``host``; what it is told is <cpu mode="host-model">."""
    for kind in ("static", "full"):
        assert expand(machine, kind, "host", {})[1] == expand(machine, kind, "max", {})[1]
    assert expand(machine, "full", "host", {"migratable": False})[0] == "host"
