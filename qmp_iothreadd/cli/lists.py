"""The option lists of the command line: a row for each, with the names that it takes."""

from __future__ import annotations

from typing import Any, NamedTuple

from qmp_iothreadd.chardev.options import OPTION_DEFAULTS, OPTION_KINDS
from qmp_iothreadd.qom.option_lists import BOOL, OptionList, option_kinds


class ListRow(NamedTuple):
    """``kinds`` maps the names that are allowed to their kinds; None where any name is.

    ``implied`` is the name of a first value that comes without one. ``merge``: all lists of the
    command line add up to one. ``defaults`` are the values of names that are not given, where QEMU
    tells them.
    """

    kinds: dict[str, str] | None
    implied: str | None = None
    merge: bool = False
    defaults: dict[str, str] = {}  # noqa: RUF012 -- never changed


HELP = ("help", "?")
"""What asks for help instead of being a value."""

LISTS = {
    "object": ListRow(None, implied="qom-type"),
    "mon": ListRow(option_kinds("mode chardev", booleans="pretty"), implied="chardev"),
    "chardev": ListRow(OPTION_KINDS, implied="backend", defaults=OPTION_DEFAULTS),
    "name": ListRow(
        option_kinds("guest process", booleans="debug-threads"), implied="guest", merge=True
    ),
    "msg": ListRow(option_kinds(booleans="timestamp guest-name")),
    "trace": ListRow(option_kinds("enable events file"), implied="enable"),
    "action": ListRow(option_kinds("reboot shutdown panic watchdog"), merge=True),
    "add-fd": ListRow(option_kinds("opaque", numbers="fd set")),
    "overcommit": ListRow(option_kinds("mem-lock", booleans="cpu-pm")),
    "run-with": ListRow(
        option_kinds("chroot user", booleans="async-teardown exit-with-parent"),
    ),
    "sandbox": ListRow(
        option_kinds("obsolete elevateprivileges spawn resourcecontrol", booleans="enable"),
        implied="enable",
    ),
    "accel": ListRow(None, implied="accel"),
    # Of these three the names are those of the machine's property, in the schema's order.
    "boot-opts": ListRow(
        {
            **option_kinds("order once", booleans="menu"),
            **option_kinds("splash", numbers="splash-time reboot-timeout"),
            **option_kinds(booleans="strict"),
        },
        implied="order",
    ),
    "smp-opts": ListRow(
        option_kinds(
            numbers="cpus drawers books sockets dies clusters modules cores threads maxcpus"
        ),
        implied="cpus",
    ),
    "memory-opts": ListRow(
        {**option_kinds(sizes="size max-size"), **option_kinds(numbers="slots")}
    ),
    "memory": ListRow(
        option_kinds(numbers="slots", sizes="size maxmem"), implied="size", merge=True
    ),
    "rtc": ListRow(option_kinds("base clock driftfix"), merge=True),
    "icount": ListRow(
        option_kinds("shift rr rrfile rrsnapshot", booleans="align sleep"),
        implied="shift",
        merge=True,
    ),
    "numa": ListRow(None, implied="type"),
    "global": ListRow(option_kinds("driver property value")),
    "fw_cfg": ListRow(option_kinds("name file string gen_id"), implied="name"),
    "option-rom": ListRow(option_kinds("romfile", numbers="bootindex"), implied="romfile"),
    "acpi": ListRow(None, implied="data"),
    "smbios": ListRow(None),
    "device": ListRow(None, implied="driver"),
    "net": ListRow(None, implied="type"),
    "nic": ListRow(None, implied="type"),
    "netdev": ListRow(None, implied="type"),
    "tpmdev": ListRow(None, implied="type"),
    "drive": ListRow(None),
    "fsdev": ListRow(
        option_kinds(
            "fsdriver path security_model writeout socket sock_fd fmode dmode multidevs",
            booleans="readonly",
        ),
        implied="fsdriver",
    ),
    "virtfs": ListRow(
        option_kinds(
            "fsdriver path mount_tag security_model writeout socket sock_fd fmode dmode multidevs",
            booleans="readonly",
        ),
        implied="fsdriver",
    ),
    "vnc": ListRow(
        option_kinds(
            "vnc websocket tls-creds share display password-secret audiodev tls-authz sasl-authz",
            booleans="lock-key-sync sasl lossy non-adaptive power-control password ipv4 ipv6",
            numbers="head connections to key-delay-ms",
        ),
        implied="vnc",
    ),
    "spice": ListRow(
        option_kinds(
            "addr password-secret x509-dir x509-key-file x509-key-password x509-cert-file "
            "x509-cacert-file x509-dh-key-file tls-ciphers tls-channel plaintext-channel "
            "image-compression jpeg-wan-compression zlib-glz-wan-compression streaming-video "
            "video-codec display rendernode",
            booleans="ipv4 ipv6 unix sasl disable-ticketing disable-copy-paste "
            "disable-agent-file-xfer agent-mouse playback-compression seamless-migration gl",
            numbers="port tls-port head max-refresh-rate",
        ),
        merge=True,
    ),
    "plugin": ListRow(None, implied="file"),
    "semihosting-config": ListRow(
        option_kinds("target arg chardev", booleans="enable userspace"), implied="enable"
    ),
    "iscsi": ListRow(
        option_kinds(
            "user password password-secret header-digest initiator-name", numbers="timeout"
        )
    ),
}
"""In the order of the options that read them."""


def new_list(name: str) -> OptionList:
    """An empty collection of one kind of list."""
    row = LISTS[name]
    return OptionList(name, implied=row.implied, merge=row.merge, description=row.kinds)


def describe_lists() -> list[dict[str, Any]]:
    """Each list as query-command-line-options shows it: QEMU names the last parameter first."""
    return [
        {
            "option": option,
            "parameters": [
                {"name": name, "type": "boolean" if kind == BOOL else kind}
                | ({"default": row.defaults[name]} if name in row.defaults else {})
                for name, kind in reversed((row.kinds or {}).items())
            ],
        }
        for option, row in LISTS.items()
    ]


def list_words(name: str) -> list[str]:
    """How the options of a list begin: ``path=``, ``server=on``, ``server=off``."""
    words: list[str] = []
    for key, kind in (LISTS[name].kinds or {}).items():
        words += [f"{key}=on", f"{key}=off"] if kind == BOOL else [f"{key}="]
    return words
