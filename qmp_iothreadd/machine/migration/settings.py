"""A migration's capabilities and parameters: what may be set, and together with what.

The defaults, bounds and texts are those of QEMU's migration/options.c.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from qmp_iothreadd import errors

MIB: Final = 1 << 20

DEFAULTS: Final[dict[str, Any]] = {
    "announce-initial": 50,
    "announce-max": 550,
    "announce-rounds": 5,
    "announce-step": 100,
    "throttle-trigger-threshold": 50,
    "cpu-throttle-initial": 20,
    "cpu-throttle-increment": 10,
    "cpu-throttle-tailslow": False,
    "tls-creds": "",
    "tls-hostname": "",
    "tls-authz": "",
    "max-bandwidth": 128 * MIB,
    "avail-switchover-bandwidth": 0,
    "downtime-limit": 300,
    "x-checkpoint-delay": 20000,
    "multifd-channels": 2,
    "xbzrle-cache-size": 64 * MIB,
    "max-postcopy-bandwidth": 0,
    "max-cpu-throttle": 99,
    "multifd-compression": "none",
    "multifd-zlib-level": 1,
    "multifd-qatzip-level": 1,
    "multifd-zstd-level": 1,
    "x-vcpu-dirty-limit-period": 1000,
    "vcpu-dirty-limit": 1,
    "mode": "normal",
    "zero-page-detection": "multifd",
    "direct-io": False,
    "x-rdma-chunk-size": MIB,
    "cpr-exec-command": [],
}

_INTEGERS: Final = "an integer in the range of {} to {}"
_VALUES: Final = "a value between {} and {}"

# Name, least, most, how the bounds are said. They are checked in this order.
_RANGES: Final[tuple[tuple[str, int, int | None, str], ...]] = (
    ("throttle-trigger-threshold", 1, 100, _INTEGERS.format(1, 100)),
    ("cpu-throttle-initial", 1, 99, _INTEGERS.format(1, 99)),
    ("cpu-throttle-increment", 1, 99, _INTEGERS.format(1, 99)),
    ("downtime-limit", 0, 2000 * 1000, _INTEGERS.format(0, "(2000 * 1000) ms")),
    ("multifd-channels", 1, None, _VALUES.format(1, 255)),
    ("multifd-zlib-level", 0, 9, _VALUES.format(0, 9)),
    ("multifd-qatzip-level", 1, 9, _VALUES.format(1, 9)),
    ("multifd-zstd-level", 0, 20, _VALUES.format(0, 20)),
    ("xbzrle-cache-size", 4096, None, "a power of two no less than the target page size"),
    ("max-cpu-throttle", 0, 99, _INTEGERS.format("cpu-throttle-initial", 99)),
    ("announce-initial", 0, 100000, _VALUES.format(0, 100000)),
    ("announce-max", 0, 100000, _VALUES.format(0, 100000)),
    ("announce-rounds", 0, 1000, _VALUES.format(0, 1000)),
    ("announce-step", 1, 10000, _VALUES.format(0, 10000)),
    ("x-vcpu-dirty-limit-period", 1, 1000, _VALUES.format(1, 1000)),
)
_POWERS_OF_2: Final = frozenset(("xbzrle-cache-size",))

# What has to be so of the capabilities that are on, and what is said where it is not.
_Check = tuple[Callable[[frozenset[str]], bool], str]


def _excludes(one: str, other: str, text: str) -> _Check:
    return lambda on: not {one, other} <= on, text


def _requires(one: str, other: str, text: str) -> _Check:
    return lambda on: one not in on or other in on, text


_BACKGROUND_SNAPSHOT: Final = (
    "postcopy-ram",
    "dirty-bitmaps",
    "postcopy-blocktime",
    "late-block-activate",
    "return-path",
    "multifd",
    "pause-before-switchover",
    "auto-converge",
    "release-ram",
    "rdma-pin-all",
    "xbzrle",
    "x-colo",
    "validate-uuid",
    "zero-copy-send",
)
_ZERO_COPY: Final = "Zero copy only available for non-compressed non-TLS multifd migration"

_CAPABILITY_CHECKS: Final[tuple[_Check, ...]] = (
    _excludes("postcopy-ram", "x-ignore-shared", "Postcopy is not compatible with ignore-shared"),
    *(
        _excludes(
            "background-snapshot", other, f"Background-snapshot is not compatible with {other}"
        )
        for other in _BACKGROUND_SNAPSHOT
    ),
    _requires("zero-copy-send", "multifd", _ZERO_COPY),
    _excludes("zero-copy-send", "xbzrle", _ZERO_COPY),
    _requires("postcopy-preempt", "postcopy-ram", "Postcopy preempt requires postcopy-ram"),
    _requires(
        "switchover-ack",
        "return-path",
        "Capability 'switchover-ack' requires capability 'return-path'",
    ),
    _excludes(
        "dirty-limit",
        "auto-converge",
        "dirty-limit conflicts with auto-converge either of then available currently",
    ),
    (
        lambda on: "dirty-limit" not in on,
        "dirty-limit requires KVM with accelerator property 'dirty-ring-size' set",
    ),
    _excludes("multifd", "xbzrle", "Multifd is not compatible with xbzrle"),
    _excludes("mapped-ram", "xbzrle", "Mapped-ram migration is incompatible with xbzrle"),
    _excludes("mapped-ram", "postcopy-ram", "Mapped-ram migration is incompatible with postcopy"),
)


def check_capabilities(capabilities: Mapping[str, bool], parameters: Mapping[str, Any]) -> None:
    """Refuse capabilities that do not go together.

    Raises:
        QmpError: the first rule that they break.
    """
    on = frozenset(name for name, state in capabilities.items() if state)
    for holds, text in _CAPABILITY_CHECKS:
        if not holds(on):
            raise errors.capabilities_conflict(text)
    if "zero-copy-send" in on and _compressed_or_tls(parameters):
        raise errors.capabilities_conflict(_ZERO_COPY)


def check_parameters(
    parameters: Mapping[str, Any], capabilities: Mapping[str, bool], before: Mapping[str, Any]
) -> None:
    """Refuse parameters that cannot be so; ``before`` are those that would be replaced.

    Raises:
        QmpError: the first that cannot.
    """
    for name, least, most, expected in _RANGES:
        value = parameters[name]
        if name == "max-cpu-throttle":
            least = parameters["cpu-throttle-initial"]
        too_large = most is not None and value > most
        odd = name in _POWERS_OF_2 and value & (value - 1)
        if value < least or too_large or odd:
            raise errors.parameter_out_of_range(name, expected)
        if name == "announce-step":
            _check_together(parameters, capabilities, before)
    if parameters["vcpu-dirty-limit"] < 1:
        raise errors.dirty_limit_too_small()
    chunk = parameters["x-rdma-chunk-size"]
    if not MIB <= chunk <= 1024 * MIB or chunk & (chunk - 1):
        raise errors.parameter_out_of_range(
            "x_rdma_chunk_size", "a power of 2 in the range 1MiB to 1024MiB"
        )


def _check_together(
    parameters: Mapping[str, Any], capabilities: Mapping[str, bool], before: Mapping[str, Any]
) -> None:
    _check_mapping(parameters.get("block-bitmap-mapping", ()))
    if capabilities["zero-copy-send"] and _compressed_or_tls(parameters):
        raise errors.capabilities_conflict(_ZERO_COPY)
    if capabilities["mapped-ram"] and _compressed_or_tls(before):
        raise errors.capabilities_conflict(
            "Mapped-ram only available for non-compressed non-TLS multifd migration"
        )


def _compressed_or_tls(parameters: Mapping[str, Any]) -> bool:
    return bool(parameters["multifd-compression"] != "none" or parameters["tls-creds"])


def _check_mapping(mapping: Any) -> None:
    names: set[str] = set()
    aliases: set[str] = set()
    for node in mapping:
        name, alias = node["node-name"], node["alias"]
        if name in names:
            raise errors.bitmap_mapping_refused(f"The node name '{name}' is mapped twice")
        if alias in aliases:
            raise errors.bitmap_mapping_refused(f"The node alias '{alias}' is used twice")
        names.add(name)
        aliases.add(alias)
