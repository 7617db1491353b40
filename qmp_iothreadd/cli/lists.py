"""The option lists of the command line: a row for each, with the names that it takes."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd.chardev.options import OPTION_DEFAULTS, OPTION_KINDS
from qmp_iothreadd.qom.option_lists import BOOL, OptionList, option_kinds


class ListRow:
    """``kinds`` maps the names that are allowed to their kinds; None where any name is.

    ``implied`` is the name of a first value that comes without one. ``merge``: all lists of the
    command line add up to one. ``defaults`` are the values of names that are not given, where QEMU
    tells them.
    """

    __slots__ = ("defaults", "implied", "kinds", "merge")

    def __init__(
        self,
        kinds: dict[str, str] | None,
        implied: str | None = None,
        *,
        merge: bool = False,
        defaults: dict[str, str] | None = None,
    ) -> None:
        self.kinds = kinds
        self.implied = implied
        self.merge = merge
        self.defaults = defaults or {}


LISTS = {
    "drive": ListRow(None),
    "chardev": ListRow(OPTION_KINDS, implied="backend", defaults=OPTION_DEFAULTS),
    "device": ListRow(None, implied="driver"),
    "netdev": ListRow(None, implied="type"),
    "nic": ListRow(None, implied="type"),
    "net": ListRow(None, implied="type"),
    "rtc": ListRow(option_kinds("base clock driftfix"), merge=True),
    "global": ListRow(option_kinds("driver property value")),
    "mon": ListRow(option_kinds("mode chardev pretty:bool"), implied="chardev"),
    "trace": ListRow(option_kinds("enable events file"), implied="enable"),
    "plugin": ListRow(None, implied="file"),
    "option-rom": ListRow(option_kinds("bootindex:number romfile"), implied="romfile"),
    "accel": ListRow(None, implied="accel"),
    "memory": ListRow(
        option_kinds("size:size slots:number maxmem:size"),
        implied="size",
        merge=True,
    ),
    # Of these three the names are those of the machine's property, in the schema's order.
    "memory-opts": ListRow(option_kinds("size:size max-size:size slots:number")),
    "smp-opts": ListRow(
        option_kinds(
            "cpus:number drawers:number books:number sockets:number dies:number "
            "clusters:number modules:number cores:number threads:number maxcpus:number"
        ),
        implied="cpus",
    ),
    "boot-opts": ListRow(
        option_kinds(
            "order once menu:bool splash splash-time:number reboot-timeout:number strict:bool"
        ),
        implied="order",
    ),
    "add-fd": ListRow(option_kinds("fd:number set:number opaque")),
    "object": ListRow(None, implied="qom-type"),
    "tpmdev": ListRow(None, implied="type"),
    "overcommit": ListRow(option_kinds("mem-lock cpu-pm:bool")),
    "msg": ListRow(option_kinds("timestamp:bool guest-name:bool")),
    "name": ListRow(option_kinds("guest process debug-threads:bool"), implied="guest", merge=True),
    "numa": ListRow(None, implied="type"),
    "icount": ListRow(
        option_kinds("shift align:bool sleep:bool rr rrfile rrsnapshot"),
        implied="shift",
        merge=True,
    ),
    "semihosting-config": ListRow(
        option_kinds("enable:bool userspace:bool target chardev arg"),
        implied="enable",
    ),
    "fw_cfg": ListRow(option_kinds("name file string gen_id"), implied="name"),
    "action": ListRow(option_kinds("shutdown reboot panic watchdog"), merge=True),
    "run-with": ListRow(option_kinds("async-teardown:bool chroot exit-with-parent:bool user")),
    "spice": ListRow(
        option_kinds(
            "port:number tls-port:number addr ipv4:bool ipv6:bool unix:bool password-secret "
            "disable-ticketing:bool disable-copy-paste:bool disable-agent-file-xfer:bool "
            "sasl:bool x509-dir x509-key-file x509-key-password x509-cert-file "
            "x509-cacert-file x509-dh-key-file tls-ciphers tls-channel plaintext-channel "
            "image-compression jpeg-wan-compression zlib-glz-wan-compression streaming-video "
            "video-codec max-refresh-rate:number agent-mouse:bool playback-compression:bool "
            "seamless-migration:bool display head:number gl:bool rendernode"
        ),
        merge=True,
    ),
    "vnc": ListRow(
        option_kinds(
            "vnc websocket tls-creds share display head:number connections:number to:number "
            "ipv4:bool ipv6:bool password:bool password-secret reverse:bool "
            "lock-key-sync:bool key-delay-ms:number sasl:bool tls-authz sasl-authz lossy:bool "
            "non-adaptive:bool audiodev power-control:bool"
        ),
        implied="vnc",
    ),
    "acpi": ListRow(None, implied="data"),
    "smbios": ListRow(None),
    "fsdev": ListRow(
        option_kinds(
            "fsdriver path security_model writeout readonly:bool multidevs socket "
            "sock_fd:number fmode:number dmode:number throttling.iops-total:number "
            "throttling.iops-read:number throttling.iops-write:number "
            "throttling.bps-total:number throttling.bps-read:number "
            "throttling.bps-write:number throttling.iops-total-max:number "
            "throttling.iops-read-max:number throttling.iops-write-max:number "
            "throttling.bps-total-max:number throttling.bps-read-max:number "
            "throttling.bps-write-max:number throttling.iops-total-max-length:number "
            "throttling.iops-read-max-length:number throttling.iops-write-max-length:number "
            "throttling.bps-total-max-length:number throttling.bps-read-max-length:number "
            "throttling.bps-write-max-length:number throttling.iops-size:number"
        ),
        implied="fsdriver",
    ),
    "virtfs": ListRow(
        option_kinds(
            "fsdriver path mount_tag security_model writeout readonly:bool multidevs socket "
            "sock_fd:number fmode:number dmode:number"
        ),
        implied="fsdriver",
    ),
    "sandbox": ListRow(
        option_kinds("enable:bool obsolete elevateprivileges spawn resourcecontrol"),
        implied="enable",
    ),
    "iscsi": ListRow(
        option_kinds("user password password-secret header-digest initiator-name timeout:number"),
    ),
}
"""In the order in which QEMU knows them."""


def new_list(name: str) -> OptionList:
    """An empty collection of one kind of list."""
    row = LISTS[name]
    return OptionList(name, implied=row.implied, merge=row.merge, description=row.kinds)


def describe_lists() -> list[dict[str, Any]]:
    """Each list as query-command-line-options shows it: the last list, and name, comes first."""
    return [
        {
            "option": option,
            "parameters": [
                {"name": name, "type": "boolean" if kind == BOOL else kind}
                | ({"default": row.defaults[name]} if name in row.defaults else {})
                for name, kind in reversed((row.kinds or {}).items())
            ],
        }
        for option, row in reversed(LISTS.items())
        if option != "memory-opts"  # one of the machine's properties, and no list of QEMU's
    ]


def list_words(name: str) -> list[str]:
    """How the options of a list begin: ``path=``, ``server=on``, ``server=off``."""
    words: list[str] = []
    for key, kind in (LISTS[name].kinds or {}).items():
        words += [f"{key}=on", f"{key}=off"] if kind == BOOL else [f"{key}="]
    return words
