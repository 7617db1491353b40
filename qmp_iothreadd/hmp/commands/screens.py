"""Keys, mice, screens and their passwords: there are none."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd.hmp.qmp import qmp
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.qmp.registry import Context


@hmp_command(
    "sendkey",
    "keys:s,hold_time:i?",
    params="keys [hold_ms]",
    help="send keys to the VM (e.g. 'sendkey ctrl-alt-f1', default hold time=100 ms)",
)
def sendkey(ctx: Context, keys: str, hold_time: int | None) -> str:
    """Check the names of keys; there is no keyboard to press them."""
    described: Any = ctx.machine.schema.types["QKeyCode"]
    known = {value.name for value in described.members}
    for key in keys.split("-"):
        if not (key in known or key == "<" or key.startswith("0x")):
            return f"invalid parameter: {key}\n"
    return ""


@hmp_command(
    "mouse_move", "dx_str:s,dy_str:s,dz_str:s?", params="dx dy [dz]", help="send mouse move events"
)
def mouse_move(ctx: Context, dx_str: str, dy_str: str, dz_str: str | None) -> None:
    """Nothing: there is no mouse."""


@hmp_command(
    "mouse_button",
    "button_state:i",
    params="state",
    help="change mouse button state (1=L, 2=M, 4=R)",
)
def mouse_button(ctx: Context, button_state: int) -> None:
    """Nothing: there is no mouse."""


@hmp_command("mouse_set", "index:i", params="index", help="set which mouse device receives events")
def mouse_set(ctx: Context, index: int) -> str:
    """Refuse: there is no mouse."""
    return f"Error: Mouse at index '{index}' not found\n"


@hmp_command(
    "screendump",
    "filename:F,device:B?,head:i?",
    params="filename [-f format] [device [head]]",
    help="save screen from head 'head' of display device 'device' in specified format 'format' as "
    "image 'filename'. Currently only 'png' and 'ppm' formats are supported.",
)
def screendump(ctx: Context, filename: str, device: str | None, head: int | None) -> None:
    """Refuse: there is no screen."""
    qmp(ctx, "screendump", filename=filename)


@hmp_command(
    "set_password",
    "protocol:s,password:s,connected:s?",
    params="protocol password [-d display] [action-if-connected]",
    help="set spice/vnc password",
)
def set_password(ctx: Context, protocol: str, password: str, connected: str | None) -> None:
    """Refuse: there is no such screen."""
    qmp(ctx, "set_password", arg={"protocol": protocol, "password": password})


@hmp_command(
    "expire_password",
    "protocol:s,time:s",
    params="protocol time [-d display]",
    help="set spice/vnc password expire-time",
)
def expire_password(ctx: Context, protocol: str, time: str) -> None:
    """Refuse: there is no such screen."""
    qmp(ctx, "expire_password", arg={"protocol": protocol, "time": time})


@hmp_command(
    "client_migrate_info",
    "protocol:s,hostname:s,port:i?,tls_port:i?,cert_subject:s?",
    params="protocol hostname port tls-port cert-subject",
    help="set migration information for remote display",
)
def client_migrate_info(ctx: Context, protocol: str, hostname: str, **others: Any) -> None:
    """Refuse: there is no remote display."""
    qmp(ctx, "client_migrate_info", protocol=protocol)
