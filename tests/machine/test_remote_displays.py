"""Which displays ask for a password."""

from __future__ import annotations

from qmp_iothreadd.machine.remote_displays import RemoteDisplays
from qmp_iothreadd.testing import make_machine


def test_the_first_display_is_the_one_without_a_name() -> None:
    displays = make_machine().part(RemoteDisplays)
    assert displays.vnc_asks_password(None) is None
    displays.vnc |= {"first": True, "second": False}
    assert displays.vnc_asks_password(None) is True
    assert displays.vnc_asks_password("second") is False
    assert displays.vnc_asks_password("third") is None
