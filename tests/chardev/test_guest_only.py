"""Devices for a guest: they are there, and that is all."""

from __future__ import annotations

import pytest

from qmp_iothreadd.chardev.chardevs import Chardevs
from qmp_iothreadd.errors import QmpError
from tests.chardev.echoes import Echoes


@pytest.mark.parametrize("kind", ["msmouse", "qemu-vdagent", "testdev", "vc", "wctablet"])
async def test_what_is_written_is_dropped(chardevs: Chardevs, kind: str) -> None:
    made = chardevs.add("c", {"type": kind, "data": {}})
    made.attach(Echoes())
    assert made.info() == {"label": "c", "filename": kind, "frontend-open": True}
    assert made.type.name == f"chardev-{kind}"


async def test_a_channel_of_spice_is_for_something_known(chardevs: Chardevs) -> None:
    made = chardevs.add("c", {"type": "spicevmc", "data": {"type": "vdagent"}})
    assert made.info()["filename"] == "spicevmc"
    with pytest.raises(QmpError, match="unsupported type name: x") as raised:
        chardevs.add("d", {"type": "spicevmc", "data": {"type": "x"}})
    assert raised.value.hint == "allowed spice char type names: vdagent, smartcard, usbredir"
