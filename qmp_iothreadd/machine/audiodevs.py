"""Audio back ends: they hold what they are given, as nobody plays anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine

_TIMER_PERIOD_US: Final = 10_000
_DEFAULTS: Final[dict[str, Any]] = {"frequency": 44100, "channels": 2, "format": "s16"}
_VOICES_MAX: Final = (1 << 31) - 1


class Audiodevs:
    """All back ends of the machine, each an Audiodev as on the wire, the oldest first."""

    def __init__(self, machine: Machine) -> None:
        self.audiodevs: list[dict[str, Any]] = []

    def close(self) -> None:
        """They hold nothing that would have to be given back."""


def complete(options: Mapping[str, Any]) -> dict[str, Any]:
    """An Audiodev with all that QEMU adds where nothing is said.

    Raises:
        QmpError: parts of it exclude each other.
    """
    made = {"timer-period": _TIMER_PERIOD_US, **options}
    for direction in ("in", "out"):
        made[direction] = _complete_direction(options.get(direction, {}))
    return made


def _complete_direction(given: Mapping[str, Any]) -> dict[str, Any]:
    mixing = given.get("mixing-engine", True)
    fixed = given.get("fixed-settings", mixing)
    if not fixed and any(name in given for name in _DEFAULTS):
        raise errors.audio_settings_not_fixed()
    if fixed and not mixing:
        raise errors.audio_settings_unmixed()
    voices = 1 if mixing else _VOICES_MAX
    made = {"mixing-engine": mixing, "fixed-settings": fixed, "voices": voices}
    return {**made, **_DEFAULTS, **given}
