"""Introspection, against QEMU 11.1's own and in its details."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.qapi import Schema, load_schema
from qmp_iothreadd.qapi.embedded import embedded_path
from qmp_iothreadd.qapi.introspect import introspect

RECORDED = Path(__file__).parents[3] / "shared/conformance/introspection-11.1.json"

#: What QEMU has and this schema leaves out: (object's place, members or branches).
LACKING = {
    "query-block.ret-type[]": {"inserted"},
    "object-add.arg-type": {
        "acpi-generic-initiator",
        "acpi-generic-port",
        "authz-list",
        "authz-listfile",
        "authz-pam",
        "authz-simple",
        "can-host-socketcan",
        "colo-compare",
        "cryptodev-backend",
        "cryptodev-backend-builtin",
        "cryptodev-backend-lkcf",
        "cryptodev-vhost-user",
        "dbus-vmstate",
        "filter-buffer",
        "filter-dump",
        "filter-mirror",
        "filter-redirector",
        "filter-replay",
        "filter-rewriter",
        "input-barrier",
        "input-linux",
        "iommufd",
        "memory-backend-epc",
        "memory-backend-file",
        "memory-backend-memfd",
        "memory-backend-ram",
        "memory-backend-shm",
        "monitor-hmp",
        "monitor-qmp",
        "pr-manager-helper",
        "qtest",
        "rng-builtin",
        "rng-egd",
        "rng-random",
        "secret",
        "secret_keyring",
        "sev-guest",
        "sev-snp-guest",
        "tdx-guest",
        "thread-context",
        "throttle-group",
        "tls-cipher-suites",
        "tls-creds-anon",
        "tls-creds-psk",
        "tls-creds-x509",
        "x-remote-object",
        "x-vfio-user-server",
    },
}


@pytest.fixture(scope="module")
def embedded() -> Schema:
    return load_schema(embedded_path())


def load(folder: Path, text: str) -> Schema:
    path = folder / "schema.json"
    path.write_text(text)
    return load_schema(str(path))


class Shapes:
    """Introspection with type names replaced by what they stand for, as deep as they go."""

    def __init__(self, infos: list[dict[str, Any]]) -> None:
        self.by_name = {info["name"]: info for info in infos}

    def of(self, name: str, place: str, around: tuple[str, ...] = ()) -> Any:
        if name in around:
            return f"loop of {len(around) - around.index(name)}"
        info = dict(self.by_name[name])
        around = (*around, name)
        if info["meta-type"] not in ("command", "event", "builtin"):
            del info["name"]
        for key in ("arg-type", "ret-type"):
            if key in info:
                info[key] = self.of(info[key], f"{place}.{key}", around)
        if "element-type" in info:
            info["element-type"] = self.of(info["element-type"], f"{place}[]", around)
        for key in ("members", "variants"):
            if key in info:
                info[key] = self.parts(info, key, place, around)
        return info

    def parts(
        self, info: dict[str, Any], key: str, place: str, around: tuple[str, ...]
    ) -> list[dict[str, Any]]:
        parts = []
        for part in info[key]:
            name = part.get("name", part.get("case", "?"))
            if name in LACKING.get(place, ()):
                continue
            if "type" in part:
                part = part | {"type": self.of(part["type"], f"{place}.{name}", around)}
            parts.append(part)
        if key == "variants":  # where a branch is empty it comes last, so leaving one out reorders
            parts.sort(key=lambda part: str(part["case"]))
        return parts


def shared_names() -> list[str]:
    schema = load_schema(embedded_path())
    return [*schema.commands, *schema.events]


@pytest.mark.parametrize("name", shared_names())
def test_commands_and_events_are_those_of_qemu_11_1(name: str, embedded: Schema) -> None:
    if not RECORDED.exists():
        pytest.skip("QEMU's introspection is not at hand")
    theirs, ours = Shapes(json.loads(RECORDED.read_text())), Shapes(introspect(embedded))
    assert ours.of(name, name) == theirs.of(name, name)
