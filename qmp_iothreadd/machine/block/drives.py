"""Disks as ``-drive`` and ``drive_add`` describe them: a name, and a node that is in it.

Texts and defaults are those of QEMU's blockdev.c.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.block.backend import Place
from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.qom import c_numbers

Pairs = Sequence[tuple[str, str]]

BUSES: Final = ("none", "ide", "scsi", "floppy", "pflash", "mtd", "sd", "virtio", "xen")
"""The values of if=, by QEMU's numbers. ``none`` is that of a disk that a device names."""

_CACHES: Final[dict[str, dict[str, bool]]] = {
    "none": {"direct": True},
    "off": {"direct": True},
    "directsync": {"direct": True},
    "writeback": {},
    "writethrough": {},
    "unsafe": {"no-flush": True},
}
_THROUGH: Final = ("writethrough", "directsync")
_AIO: Final = ("threads", "native", "io_uring")
_DISCARD: Final = ("ignore", "off", "unmap", "on")
# What a guest's device is told of a failed write or read.
_ON_ERROR: Final = {
    "werror": ("write", ("ignore", "enospc", "stop", "report")),
    "rerror": ("read", ("ignore", "stop", "report")),
}
_BUSES_WITH_ON_ERROR: Final = ("none", "ide", "scsi", "virtio")
# What says where the disk would be in a guest, or how it would behave there.
_PLACE: Final = (
    "if",
    "index",
    "bus",
    "unit",
    "media",
    "werror",
    "rerror",
    "copy-on-read",
    "snapshot",
)
_UNITS: Final = {"ide": 2, "scsi": 7}
"""How many disks a bus has room for, where that is said."""

_NULL: Final = ("null-co", "null-aio")
_UNPROBED: Final = (
    "Image format was not specified for '{0}' and probing guessed raw.\n"
    "         Automatically detecting the format is dangerous for raw images, write operations on "
    "block 0 will be restricted.\n"
    "         Specify the 'raw' format explicitly to remove the restrictions."
)


def add_drive(
    nodes: BlockNodes,
    name: str | None,
    pairs: Pairs,
    *,
    default_bus: str = "ide",
    warn: Callable[[str], None],
) -> str:
    """Make a disk of an option list; the name of one that has none is made of its bus.

    Returns: its name. ``warn`` is called with what QEMU warns of.

    Raises:
        QmpError: it cannot be; nothing is left behind.
    """
    given = dict(pairs)
    bus = given.get("if", default_bus)
    if bus not in BUSES:
        raise errors.drive_bus_unknown(bus)
    if given.get("media", "disk") not in ("disk", "cdrom"):
        raise errors.drive_media_unknown(given["media"])
    _check(given, bus)
    options = _node_options(given)
    if options is not None:
        _check_overlay(given, options)
    place = _place(nodes, bus, given)
    with_bus = _units(nodes, bus) > 0
    name = name or _name_of(place, given.get("media", "disk"), with_bus=with_bus)
    if name in nodes.disks:
        raise errors.drive_exists(name)
    if name in nodes.nodes:
        raise errors.drive_conflicts(name)
    disk = nodes.add_disk(name, place)
    try:
        if options is not None:
            nodes.open_into(disk, options)
    except BaseException:
        nodes.forget(disk)
        raise
    disk.is_cdrom = given.get("media") == "cdrom"
    disk.write_cache = given.get("cache") not in _THROUGH
    disk.write_error = given.get("werror", disk.write_error)
    disk.read_error = given.get("rerror", disk.read_error)
    if "format" not in given and "driver" not in given and options is not None:
        warn(_UNPROBED.format(given["file"]))
    return name


def _check(given: dict[str, str], bus: str) -> None:
    """Refuse values that a guest's device alone would see."""
    for name in ("snapshot", "copy-on-read"):
        if name in given and c_numbers.boolean(given[name]) is None:
            raise errors.option_not_a_switch(name)
    if given.get("discard", "off") not in _DISCARD:
        raise errors.drive_discard_unknown()
    if given.get("aio", "threads") not in _AIO:
        raise errors.drive_aio_unknown()
    for name, (act, actions) in _ON_ERROR.items():
        if name in given and bus not in _BUSES_WITH_ON_ERROR:
            raise errors.drive_bus_without_error_action(name)
        if given.get(name, "report") not in actions:
            raise errors.drive_error_action_unknown(given[name], act)


def _check_overlay(given: dict[str, str], options: dict[str, Any]) -> None:
    """Refuse to write to a file what was to go to a temporary one above it."""
    is_file = options.get("file", {}).get("driver") == "file"
    if is_file and not options.get("read-only") and c_numbers.boolean(given.get("snapshot", "off")):
        raise errors.drive_overlay_unsupported(given["file"])


def _place(nodes: BlockNodes, kind: str, given: dict[str, str]) -> Place:
    """The kind of bus, the bus and the unit where a disk would be: as asked for, or the next.

    Raises:
        QmpError: there is no such place, or it is taken.
    """
    units = _units(nodes, kind)
    taken = {disk.place for disk in nodes.disks.values()}
    bus, unit = _number(given, "bus") or 0, _number(given, "unit")
    index = _number(given, "index")
    if index is not None:
        if bus or unit is not None:
            raise errors.drive_index_and_place()
        bus, unit = divmod(index, units) if units else (0, index)
    if unit is not None:
        if units and unit >= units:
            raise errors.drive_unit_too_large(unit, units - 1)
        if (kind, bus, unit) in taken:
            raise errors.drive_place_taken(bus, unit, index)
        return Place(kind, bus, unit)
    unit = 0
    while (kind, bus, unit) in taken:
        unit += 1
        if units and unit >= units:
            bus, unit = bus + 1, 0
    return Place(kind, bus, unit)


def _number(given: dict[str, str], name: str) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    value = c_numbers.uint64(text)
    if value is None:
        raise errors.option_not_a_number(name)
    return value


def _units(nodes: BlockNodes, kind: str) -> int:
    """How many disks a bus has room for; 0 where that is not said."""
    board = nodes.machine.board.type.name
    single = (kind == "ide" and board.startswith("pc-q35-")) or (
        kind == "none" and board.startswith("microvm-")
    )
    return 1 if single else _UNITS.get(kind, 0)


def _name_of(place: Place, media: str, *, with_bus: bool) -> str:
    kind, bus, unit = place
    what = ("-cd" if media == "cdrom" else "-hd") if kind in ("ide", "scsi") else ""
    return f"{kind}{bus if with_bus else ''}{what}{unit}"


def _node_options(given: dict[str, str]) -> dict[str, Any] | None:
    """A BlockdevOptions; None where there is to be nothing in the disk."""
    options: dict[str, Any] = {}
    cache = given.get("cache")
    if cache is not None and cache not in _CACHES:
        raise errors.drive_cache_unknown()
    for key in ("readonly", "read-only"):
        if key in given:
            value = c_numbers.boolean(given[key])
            if value is None:
                raise errors.option_not_a_switch("read-only")
            options["read-only"] = value
    if given.get("media") == "cdrom":
        options["read-only"] = True
    rest = {key: value for key, value in given.items() if key not in _PLACE}
    for known in ("file", "format", "driver", "cache", "readonly", "read-only", "aio", "discard"):
        rest.pop(known, None)
    if cache is not None:
        options["cache"] = _CACHES[cache]
    format, file = given.get("format") or given.get("driver"), given.get("file")
    if file is None and format is None:
        if cache is not None or rest:
            raise errors.drive_without_file()
        return None
    if format in _NULL:
        return {"driver": format, **options}
    if rest:
        raise errors.drive_option_unknown(format or "raw", next(iter(rest)))
    if file is None:
        raise errors.drive_needs_file()
    return {"driver": format or "raw", "file": {**_file_options(file), **options}, **options}


def _file_options(file: str) -> dict[str, Any]:
    """What a file's name stands for, as bdrv_parse_filename finds it."""
    protocol, colon, path = file.partition(":")
    if colon and "/" not in protocol:
        if protocol in _NULL and path == "//":
            return {"driver": protocol}
        if protocol != "file":
            raise errors.drive_protocol_unknown(protocol)
        file = path
    return {"driver": "file", "filename": file}


def medium_options(file: str, format: str | None, *, read_only: bool) -> dict[str, Any]:
    """A BlockdevOptions for an image that is put into a disk; ``format`` None: raw."""
    below = {**_file_options(file), "read-only": read_only}
    if format in _NULL:
        return below
    return {"driver": format or "raw", "file": below, "read-only": read_only}
