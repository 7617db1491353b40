"""What libvirt's probe asks for, and does not survive an error in answer to, has none.

tests/integration/libvirt/test_refused_probe.py shows which these are, with libvirt itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from qmp_iothreadd.qapi.compat_policy import CompatPolicy
from qmp_iothreadd.testing import MemoryClient, make_machine

TYPES = (
    *("memory-backend-file", "memory-backend-memfd"),
    *("none-machine", "generic-pc-machine", "max-x86_64-cpu"),
)
NEVER_REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("query-cpu-definitions", {}),
    *(("qom-list-properties", {"typename": name}) for name in TYPES),
]

# A schema of one's own, in which there is nothing of what libvirt asks for.
LACKING = {
    "'memory-backend-file',": "",
    "'memory-backend-file': 'MemoryBackendFileProperties',": "",
    "'memory-backend-memfd',": "",
    "'memory-backend-memfd': 'MemoryBackendMemfdProperties',": "",
}


def all_answer(client: MemoryClient) -> None:
    client.negotiate()
    for command, arguments in NEVER_REFUSED:
        reply = client.request(command, arguments)
        assert reply.get("return"), (command, arguments, reply)


@pytest.mark.parametrize("machine_type", ["none", "microvm", "pc", "q35"])
def test_every_machine_answers(machine_type: str) -> None:
    machine = make_machine(machine_type=machine_type)
    with MemoryClient(machine) as client:
        all_answer(client)
    machine.close()


def test_types_that_the_served_schema_lacks_are_known(
    extended_schema: Callable[..., str],
) -> None:
    machine = make_machine(extended_schema(replace=LACKING))
    with MemoryClient(machine) as client:
        all_answer(client)
        refused = client.request("object-add", {"qom-type": "memory-backend-file", "id": "m"})
        assert "does not accept value 'memory-backend-file'" in refused["error"]["desc"]
    machine.close()


def test_what_is_deprecated_or_unstable_is_not_among_them() -> None:
    machine = make_machine()
    machine.policy = CompatPolicy(
        {
            **dict.fromkeys(("deprecated-input", "unstable-input"), "reject"),
            **dict.fromkeys(("deprecated-output", "unstable-output"), "hide"),
        }
    )
    with MemoryClient(machine) as client:
        all_answer(client)
    machine.close()
