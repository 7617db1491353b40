"""Options of displays: a board has a card, and nobody looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd import errors
from qmp_iothreadd.cli.command_line import CommandLine, Finished

if TYPE_CHECKING:
    from collections.abc import Iterator

VGA_CARDS = {
    "none": "no graphic card",
    "std": "standard VGA",
    "cirrus": "Cirrus VGA",
    "vmware": "VMWare SVGA",
    "qxl": "QXL VGA",
    "virtio": "Virtio VGA",
}
"""The graphic cards of ``-vga help``, in its order."""

# Cards of other architectures.
_UNAVAILABLE = {"tcx": "TCX framebuffer", "cg3": "CG3 framebuffer"}
_MODELS = {"std": "VGA", "cirrus": "cirrus-vga", "qxl": "qxl-vga", "virtio": "virtio-vga"}
_RETRACES = (",retrace=dumb", ",retrace=precise")


def check_vga(line: CommandLine) -> None:
    """``-vga``: a card, where the machine has a place for it."""
    text = line.vga or ""
    if text == "help":
        raise Finished("\n".join(_describe_cards()))
    for name, description in _UNAVAILABLE.items():
        if text.startswith(name):
            raise errors.vga_unavailable(description)
    card = next((each for each in VGA_CARDS if text.startswith(each)), None)
    rest = text.removeprefix(card or "")
    for retrace in _RETRACES:
        rest = rest.replace(retrace, "")
    if card is None or rest:
        raise errors.vga_unknown(text)
    if card == "none":
        return
    if not line.machine_options.has_cards:
        line.warn(errors.vga_unused().desc, about="")
    elif card not in _MODELS:
        raise errors.vga_unavailable(VGA_CARDS[card])
    else:
        line.config.cards.insert(0, (_MODELS[card], {}))


def _describe_cards() -> Iterator[str]:
    for name, description in VGA_CARDS.items():
        default = " (default)" if name == "std" else ""
        yield f"{name:<20} {description}{default}"
