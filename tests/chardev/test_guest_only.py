"""Devices for a guest: they are there, and that is all."""

from __future__ import annotations

import pytest

from qmp_iothreadd.chardev.chardevs import Chardevs
from tests.chardev.echoes import Echoes


@pytest.mark.parametrize("kind", ["msmouse", "qemu-vdagent", "testdev", "vc", "wctablet"])
async def test_what_is_written_is_dropped(chardevs: Chardevs, kind: str) -> None:
    made = chardevs.add("c", {"type": kind, "data": {}})
    made.attach(Echoes())
    assert made.info() == {"label": "c", "filename": kind, "frontend-open": True}
    assert made.type.name == f"chardev-{kind}"
