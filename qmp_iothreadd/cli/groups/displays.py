"""Options of displays and sound."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.cli.command_line import CommandLine, Finished
from qmp_iothreadd.cli.option import Option, accept, words_of
from qmp_iothreadd.errors import LocatedError
from qmp_iothreadd.qom.option_lists import HELP

_WINDOWS = ("gtk", "sdl")


def _set_display(line: CommandLine, text: str) -> None:
    if text in HELP:
        raise Finished("Available display backend types:\nnone")
    if text.startswith("vnc"):
        if not text.startswith("vnc="):
            raise errors.vnc_without_display()
        _set_vnc(line, text.removeprefix("vnc="))
        return
    from qmp_iothreadd.cli.described import read_described  # reads the schema

    options = read_described(line, "DisplayOptions", text, implied="type")
    if "type" not in options:
        raise errors.missing_parameter("type")
    if "window-close" in options and options["type"] not in _WINDOWS:
        line.say(LocatedError(errors.window_close_ignored()))


def _set_vnc(line: CommandLine, text: str) -> None:
    options = line.read_list("vnc", text)
    address = options.get("vnc")
    if address in HELP:
        raise Finished(line.list_of("vnc").help(), status=1)
    if address and address != "none" and ":" not in address:
        raise errors.vnc_without_port()
    displays = line.config.vnc
    name = options.id or (f"vnc{len(displays) + 1}" if displays else "default")
    has_secret = options.get("password-secret") is not None
    displays[name] = has_secret or options.get_bool("password", False)


def _set_spice(line: CommandLine, text: str) -> None:
    line.read_list("spice", text)
    line.config.spice = True


def _set_vga(line: CommandLine, text: str) -> None:
    line.vga = text


def _list_cards() -> Iterable[str]:
    from qmp_iothreadd.cli.display_checks import VGA_CARDS  # only to make the pages

    return (*VGA_CARDS, "help")


def _add_audio(line: CommandLine, text: str) -> None:
    """An -audiodev with a name of its own, and a sound card, which there is not."""
    from qmp_iothreadd.qom import keyval  # only here

    values, wants_help = keyval.parse(text, "driver")
    if wants_help or values.get("driver") in HELP:
        _list_audio_drivers()
    model = values.pop("model", None)
    if model in HELP:
        raise Finished("Valid sound card names (comma separated):")
    words = ",".join(f"{name}={value}" for name, value in values.items())
    _take_audiodev(line, words if "id" in values else f"{words},id=audiodev0".lstrip(","))
    if model is not None:
        raise errors.no_sound_card(str(model))


def _add_audiodev(line: CommandLine, text: str) -> None:
    if text in HELP:
        _list_audio_drivers()
    _take_audiodev(line, text)


def _take_audiodev(line: CommandLine, text: str) -> None:
    from qmp_iothreadd.cli.described import read_described  # reads the schema

    take_audiodev(line, read_described(line, "Audiodev", text, implied="driver"))


def take_audiodev(line: CommandLine, options: dict[str, Any]) -> None:
    """Keep an audio back end.

    Raises:
        QmpError: parts of it are missing, or exclude each other.
    """
    for name in ("id", "driver"):
        if name not in options:
            raise errors.missing_parameter(name)
    from qmp_iothreadd.machine.audiodevs import complete  # only here

    line.config.audiodevs.append(complete(options))


def _list_audio_drivers() -> None:
    raise Finished("Available audio drivers:\nnone")


def _add_data_folder(line: CommandLine, text: str) -> None:
    if text in HELP:
        line.questions.append(_list_data_folders)
    else:
        line.data_folders.append(text)


def _list_data_folders(line: CommandLine) -> None:
    """Those given, and the one of the package."""
    import qmp_iothreadd

    own = os.path.join(os.path.dirname(qmp_iothreadd.__file__), "share")
    raise Finished("\n".join([*line.data_folders, own]))


OPTIONS = (
    Option(
        "display",
        "TYPE[,PROP=VALUE]...",
        _set_display,
        "a window, or 'none'",
        no_effect=True,
        words=lambda: ("none", "vnc=", "help"),
    ),
    Option(
        "vnc", "[HOST]:N[,...]", _set_vnc, "a VNC server", no_effect=True, words=words_of("vnc")
    ),
    Option(
        "spice",
        "[port=N][,...]",
        _set_spice,
        "a SPICE server",
        no_effect=True,
        words=words_of("spice"),
    ),
    Option("vga", "CARD", _set_vga, "a graphic card", words=_list_cards),
    Option("full-screen", "", accept, "begin with a full screen", no_effect=True),
    Option("k", "LANGUAGE", accept, "the layout of the keyboard", no_effect=True),
    Option(
        "audiodev",
        "DRIVER,id=ID[,PROP=VALUE]...",
        _add_audiodev,
        "where sound goes",
        no_effect=True,
        words=lambda: ("none", "help"),
    ),
    Option(
        "audio",
        "DRIVER[,model=CARD][,PROP=VALUE]...",
        _add_audio,
        "the same, and a sound card",
        no_effect=True,
        words=lambda: ("none", "help"),
    ),
    Option(
        "L",
        "PATH",
        _add_data_folder,
        "where firmware lies ('help' lists folders)",
    ),
)
