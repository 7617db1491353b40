"""Network back ends: what is kept of them, what is said of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine import netdevs as module
from qmp_iothreadd.machine.netdevs import Netdevs
from qmp_iothreadd.testing import make_machine


@pytest.fixture
def netdevs() -> Iterator[Netdevs]:
    machine = make_machine()
    yield machine.part(Netdevs)
    machine.close()


def port(id: str, hub: int, **more: Any) -> dict[str, Any]:
    return {"type": "hubport", "id": id, "hubid": hub, **more}


def test_hubs_come_before_what_is_to_none(netdevs: Netdevs) -> None:
    netdevs.add({"type": "user", "id": "u", "net": "10.1.0.0/16", "restrict": True})
    netdevs.add({"type": "user", "id": "v"})
    netdevs.hold({"type": "tap", "id": "t"})
    netdevs.add(port("p", 0, netdev="v"))
    netdevs.add(port("q", 0, netdev="t"))
    netdevs.add(port("r", 1, netdev="p"))
    v = "v: index=0,type=user,net=10.0.2.0,restrict=off"
    assert netdevs.describe().splitlines() == [
        *("hub 1", " \\ r: p"),
        *("hub 0", " \\ q: t: index=0,type=tap", f" \\ p: {v}"),
        "u: index=0,type=user,net=10.1.0.0,restrict=on",
    ]
    netdevs.delete("v")
    assert " \\ p\n" in netdevs.describe()
    assert list(netdevs.netdevs) == ["u", "t", "p", "q", "r"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"type": "user", "id": "9"}, "Parameter 'id' expects an identifier"),
        ({"type": "user", "id": "u"}, "Duplicate ID 'u'"),
        (port("p", 0, netdev="zz"), "netdev 'zz' not found"),
        ({"type": "tap", "id": "t"}, "tap"),
        ({"type": "user", "id": "w"}, "1"),
    ],
)
def test_what_cannot_be_is_not_kept(
    netdevs: Netdevs, options: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    netdevs.add({"type": "user", "id": "u"})
    monkeypatch.setattr(module, "NETDEVS_MAX", 1 if options["id"] == "w" else 9)
    with pytest.raises(QmpError, match=message):
        netdevs.add(options)
    assert list(netdevs.netdevs) == ["u"]
    with pytest.raises(QmpError, match="Device 'w' not found"):
        netdevs.delete("w")
