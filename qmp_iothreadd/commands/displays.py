"""Displays, their passwords and their input, and sound: nobody looks, and nothing takes input."""

from __future__ import annotations

import os
import re
import stat
from typing import Any, NoReturn

from qmp_iothreadd import errors
from qmp_iothreadd.machine.audiodevs import Audiodevs
from qmp_iothreadd.machine.remote_displays import RemoteDisplays
from qmp_iothreadd.qmp.registry import Context, command

# What strtoull takes in base 10: white space and a sign may come first.
_UINT64 = re.compile(r"[ \t\n\v\f\r]*[-+]?[0-9]+")
_UINT64_MAX = 2**64 - 1


@command("query-audiodevs")
def query_audiodevs(ctx: Context) -> list[dict[str, Any]]:
    """What -audiodev made."""
    return ctx.machine.part(Audiodevs).audiodevs


@command("set_password")
def set_password(ctx: Context, arg: dict[str, Any]) -> None:
    """Take the password of a display that asks for one. VNC keeps its clients.

    Raises:
        QmpError: there is no such display, or it asks for none.
    """
    displays = ctx.machine.part(RemoteDisplays)
    if arg["protocol"] == "spice":
        _check_spice(ctx)
    elif arg.get("connected", "keep") != "keep":
        raise errors.invalid_parameter("connected")
    elif not displays.vnc_asks_password(arg.get("display")):
        raise errors.password_not_set()


@command("expire_password")
def expire_password(ctx: Context, arg: dict[str, Any]) -> None:
    """Check the time, and then that there is such a display.

    Raises:
        QmpError: one of them is not.
    """
    time: str = arg["time"]
    if time not in ("now", "never"):
        number = time.removeprefix("+")
        if not _UINT64.fullmatch(number) or abs(int(number)) > _UINT64_MAX:
            raise errors.not_a_password_time(time)
    if arg["protocol"] == "spice":
        _check_spice(ctx)
    elif ctx.machine.part(RemoteDisplays).vnc_asks_password(arg.get("display")) is None:
        raise errors.password_expiry_not_set()


@command("change-vnc-password")
def change_vnc_password(ctx: Context, password: str) -> None:
    """Take the password of the first VNC display.

    Raises:
        QmpError: there is none, or it asks for none.
    """
    if not ctx.machine.part(RemoteDisplays).vnc_asks_password(None):
        raise errors.password_not_set()


def _check_spice(ctx: Context) -> None:
    if not ctx.machine.part(RemoteDisplays).has_spice:
        raise errors.spice_unused()


@command("client_migrate_info")
def client_migrate_info(ctx: Context, protocol: str, **arguments: Any) -> NoReturn:
    """Refuse: SPICE alone knows of migration, and is not there."""
    if protocol != "spice":
        raise errors.invalid_parameter_value("protocol", "'spice'")
    raise errors.spice_unused()


@command("display-reload")
def display_reload(ctx: Context, arg: dict[str, Any]) -> None:
    """Nothing asked for is nothing to refuse."""
    if arg.get("tls-certs"):
        raise errors.no_vnc_display()


@command("display-update")
def display_update(ctx: Context, arg: dict[str, Any]) -> NoReturn:
    """Refuse: there is no VNC server."""
    raise errors.no_vnc_display()


@command("screendump")
def screendump(
    ctx: Context,
    filename: str,
    device: str | None = None,
    head: int | None = None,
    format: str | None = None,
) -> NoReturn:
    """Refuse: there is no screen."""
    if device is not None:
        raise errors.device_not_found(device)
    raise errors.no_console() if head is None else errors.head_without_device()


@command("send-key")
def send_key(ctx: Context, keys: list[dict[str, Any]], hold_time: int | None = None) -> None:
    """Keys that nobody listens to are lost."""


@command("input-send-event")
def input_send_event(
    ctx: Context,
    events: list[dict[str, Any]],
    device: str | None = None,
    head: int | None = None,
) -> None:
    """Refuse the first event: no device takes it."""
    if device is not None:
        raise errors.device_not_found(device)
    if events:
        raise errors.no_input_handler(events[0]["type"])


@command("add_client")
def add_client(
    ctx: Context,
    protocol: str,
    fdname: str,
    skipauth: bool | None = None,
    tls: bool | None = None,
) -> None:
    """Take a connection that getfd named, and close it: no server is there to be given it.

    Raises:
        QmpError: there is no such descriptor, it is no socket, or its server is not there. A VNC
        server that is not there is no error.
    """
    fd = ctx.named_descriptors.pop(fdname, None)
    if fd is None:
        raise errors.named_descriptor_unknown(fdname)
    try:
        if not stat.S_ISSOCK(os.fstat(fd).st_mode):
            raise errors.client_not_a_socket("fdname")
    finally:
        os.close(fd)
    refusals = {"spice": errors.spice_unused, "@dbus-display": errors.dbus_display_unused}
    if protocol in refusals:
        raise refusals[protocol]()
    if protocol != "vnc":
        raise errors.client_protocol_unknown(protocol)
