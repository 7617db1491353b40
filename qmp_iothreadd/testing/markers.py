"""The arguments of pytest's markers, merged from module to class to method, and checked by name."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from _pytest.nodes import Node

#: As Server calls it, and for daemons it is the fixtures'.
ALLOW_LEFT_OPEN = "allow_left_open"


def arguments(node: Node, name: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The positional arguments of all markers of that name, one after the other, and the keywords.

    The nearest marker's keyword wins; where both are dicts, its members do.
    """
    args: tuple[Any, ...] = ()
    keywords: dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers(name))):
        args += marker.args
        for key, value in marker.kwargs.items():
            before = keywords.get(key)
            if isinstance(before, dict) and isinstance(value, dict):
                value = {**before, **value}
            keywords[key] = value
    return args, keywords


def server_arguments(node: Node) -> dict[str, Any]:
    """The keywords of ``Server`` that the marker qmp_server asks for."""
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.testing.memory import make_machine
    from qmp_iothreadd.testing.server import Server

    args, keywords = arguments(node, "qmp_server")
    if args:
        _refuse(f"qmp_server takes keywords only, Server's, and no {args[0]!r}")
    options = _parameters(make_machine) | _parameters(Machine) - {"schema", "models"}
    _check_names("qmp_server", keywords, _parameters(Server) | options)
    return keywords


def daemon_arguments(node: Node) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The command-line arguments and the keywords of ``DaemonProcess`` that qmp_daemon asks for."""
    import subprocess

    from qmp_iothreadd.testing.process import DaemonProcess

    args, keywords = arguments(node, "qmp_daemon")
    for each in args:
        if not isinstance(each, str):
            _refuse(f"qmp_daemon takes command-line arguments, which are texts, and no {each!r}")
    known = _parameters(DaemonProcess) | _parameters(subprocess.Popen)
    _check_names("qmp_daemon", keywords, known - {"args"} | {ALLOW_LEFT_OPEN})
    return args, keywords


def _parameters(function: Callable[..., Any]) -> set[str]:
    found = inspect.signature(function).parameters.values()
    return {
        each.name for each in found if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)
    }


def _check_names(marker: str, given: Collection[str], known: set[str]) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        near = difflib.get_close_matches(unknown[0], known, 1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        _refuse(f"{marker} does not know {', '.join(map(repr, unknown))}{hint}")


def _refuse(text: str) -> None:
    pytest.fail(f"marker {text}", pytrace=False)
