"""Block nodes of the drivers that need no guest: null-co, null-aio, file, host_device and raw.

What other drivers would open is refused. Names, sizes and what counts as an option of an image are
those of QEMU's block layer.
"""

from __future__ import annotations

import errno
import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from qmp_iothreadd import errors
from qmp_iothreadd.json.order import qdict_order

if TYPE_CHECKING:
    from qmp_iothreadd.descriptors import Descriptors
    from qmp_iothreadd.iothread.event_loop import IOThread

SECTOR: Final = 512
_NULL_SIZE: Final = 1 << 30
_QCOW2_MAGIC: Final = b"QFI\xfb"

OpenChild = Callable[[Any], "BlockNode"]


class Bitmap:
    """A dirty bitmap: nothing writes here, so it stays empty."""

    __slots__ = ("granularity", "recording")

    def __init__(self, granularity: int, *, recording: bool) -> None:
        self.granularity = granularity
        self.recording = recording


class BlockNode(ABC):
    """One node of the graph. ``options`` is a BlockdevOptions, as on the wire.

    ``users``: how many nodes and devices are above it. ``owned_by_monitor``: it was made by a
    command of its own, rather than with the node above it.
    """

    strong_options: ClassVar[tuple[str, ...]] = ()
    has_info = False
    is_file = False

    def __init__(self, name: str, options: Mapping[str, Any]) -> None:
        self.name = name
        self.options = dict(options)
        self.driver: str = options["driver"]
        self.read_only: bool = options.get("read-only", False)
        self.detect_zeroes: str = options.get("detect-zeroes", "off")
        self.children: dict[str, BlockNode] = {}
        self.depth = 0  # how many nodes lie below each other here
        self.users = 0
        self.owned_by_monitor = True
        self.iothread: IOThread | None = None
        self.write_threshold = 0
        self.bitmaps: dict[str, Bitmap] = {}

    @property
    def cache(self) -> dict[str, bool]:
        """How it is cached: a BlockdevCacheInfo."""
        given = self.options.get("cache", {})
        no_flush, direct = given.get("no-flush", False), given.get("direct", False)
        return {"writeback": True, "direct": direct, "no-flush": no_flush}

    # -- For a driver to define -------------------------------------------------------------------

    @abstractmethod
    def virtual_size(self) -> int:
        """How large the disk is, in bytes."""

    def actual_size(self) -> int:
        """How much room it takes, in bytes."""
        return 0

    @abstractmethod
    def exact_filename(self) -> str:
        """A name without options that stands for the node; empty where there is none."""

    def resize(self, size: int) -> None:
        """Make it ``size`` bytes long.

        Raises:
            QmpError: it cannot change.
        """
        raise errors.resize_unsupported()

    def close(self) -> None:  # noqa: B027 -- most open nothing
        """Give back what it opened."""

    # -- What clients see -------------------------------------------------------------------------

    def full_options(self) -> dict[str, Any]:
        """The options that make the same image, in the order of QEMU's dictionary."""
        found: dict[str, Any] = {"driver": self.driver}
        found |= {key: self.options[key] for key in self.strong_options if key in self.options}
        found |= {name: child.full_options() for name, child in self.children.items()}
        return {key: found[key] for key in qdict_order(found)}

    @property
    def filename(self) -> str:
        """What query-named-block-nodes calls it: a name, or ``json:`` and the options."""
        return self.exact_filename() or f"json:{_json(self.full_options())}"


class NullNode(BlockNode):
    """null-co, null-aio: a disk that holds nothing."""

    strong_options = ("read-zeroes", "size")

    def virtual_size(self) -> int:
        """As asked for, or 1 GiB."""
        return int(self.options.get("size", _NULL_SIZE))

    def exact_filename(self) -> str:
        """A name where no option counts."""
        plain = not any(key in self.options for key in self.strong_options)
        return f"{self.driver}://" if plain else ""


class FileNode(BlockNode):
    """file, host_device: a file of the host, open."""

    strong_options = ("filename",)
    has_info = True

    def __init__(self, name: str, options: Mapping[str, Any], descriptors: Descriptors) -> None:
        """Open the file.

        Raises:
            QmpError: it cannot be opened, or the driver is for others.
        """
        super().__init__(name, options)
        self.is_file = self.driver == "file"
        if options.get("aio") == "native" and not self.cache["direct"]:
            raise errors.aio_native_needs_direct()
        self._descriptors = descriptors
        self._writable = not self.read_only
        self._fd = self._open()
        try:
            self._check_kind()
        except BaseException:
            self.close()
            raise

    def _open(self) -> int:
        path = self.options["filename"]
        flags = os.O_NONBLOCK | (os.O_DIRECT if self.cache["direct"] else 0)
        try:
            return self._descriptors.open(path, flags | self._access)
        except OSError as error:
            denied = error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
            if not (denied and self._writable and self.options.get("auto-read-only", False)):
                raise self._error(error) from None
        self._writable = False
        try:
            return self._descriptors.open(path, flags | self._access)
        except OSError as error:
            raise self._error(error) from None

    @property
    def _access(self) -> int:
        return os.O_RDWR if self._writable else os.O_RDONLY

    def _error(self, error: OSError) -> errors.QmpError:
        path = self.options["filename"]
        return errors.file_not_opened(path, error.strerror or str(error))

    def _check_kind(self) -> None:
        mode = os.fstat(self._fd).st_mode
        if self.is_file and not stat.S_ISREG(mode):
            raise errors.image_not_regular(self.driver, self.options["filename"])
        if not self.is_file and not (stat.S_ISCHR(mode) or stat.S_ISBLK(mode)):
            raise errors.image_not_device(self.driver, self.options["filename"])
        try:
            self.virtual_size()
        except OSError as error:
            raise errors.image_size_unknown(error.strerror or str(error)) from None

    def virtual_size(self) -> int:
        """The file's, in whole sectors."""
        return -(-os.lseek(self._fd, 0, os.SEEK_END) // SECTOR) * SECTOR

    def actual_size(self) -> int:
        """What the file takes on its disk."""
        return os.fstat(self._fd).st_blocks * 512

    def exact_filename(self) -> str:
        """The file's."""
        return str(self.options["filename"])

    def resize(self, size: int) -> None:
        """Cut the file or make it longer."""
        if not stat.S_ISREG(os.fstat(self._fd).st_mode):
            if size > self.virtual_size():
                raise errors.device_cannot_grow()
            return
        if not self._writable:
            raise self._error(OSError(errno.EACCES, os.strerror(errno.EACCES)))
        try:
            os.ftruncate(self._fd, size)
        except OSError as error:
            raise errors.resize_failed(error.strerror or str(error)) from None

    def begins_with(self, magic: bytes) -> bool:
        """Whether these are the file's first bytes."""
        try:
            return os.pread(self._fd, len(magic), 0) == magic
        except OSError:
            return False

    def close(self) -> None:
        """Close the file."""
        self._descriptors.close_opened(self._fd)


class RawNode(BlockNode):
    """raw: what lies below, or a piece of it."""

    strong_options = ("offset", "size")

    def __init__(self, name: str, options: Mapping[str, Any], open_child: OpenChild) -> None:
        """Open what lies below.

        Raises:
            QmpError: that cannot be opened, or the piece is none of it.
        """
        super().__init__(name, options)
        size, offset = options.get("size"), options.get("offset", 0)
        if size is not None and size % SECTOR:
            raise errors.raw_size_unaligned()
        child = self.children["file"] = open_child(options.get("file"))
        self.depth = child.depth + 1
        if "read-only" not in options:
            self.read_only = child.read_only and not child.owned_by_monitor
        self.has_info, self.is_file = child.has_info, child.is_file
        available = child.virtual_size()
        if offset > available:
            raise errors.raw_offset_too_large()
        if size is not None and available - offset < size:
            raise errors.raw_size_too_large(offset, size, available)

    @property
    def _whole(self) -> bool:
        return "offset" not in self.options and "size" not in self.options

    def virtual_size(self) -> int:
        """Of the piece."""
        below = self.children["file"].virtual_size()
        return int(self.options.get("size", below - self.options.get("offset", 0)))

    def actual_size(self) -> int:
        """Of what lies below."""
        return self.children["file"].actual_size()

    def exact_filename(self) -> str:
        """The child's, where it is all of that."""
        return self.children["file"].exact_filename() if self._whole else ""

    def resize(self, size: int) -> None:
        """Resize what lies below."""
        if "size" in self.options:
            raise errors.resize_fixed()
        self.children["file"].resize(size + self.options.get("offset", 0))


def make_node(
    name: str, options: Mapping[str, Any], descriptors: Descriptors, open_child: OpenChild
) -> BlockNode:
    """A node of the driver that ``options`` names; ``open_child`` makes or finds those below.

    Raises:
        QmpError: it cannot be opened, or the driver is none of ours.
    """
    driver = options["driver"]
    match driver:
        case "null-co" | "null-aio":
            return NullNode(name, options)
        case "file" | "host_device":
            return FileNode(name, options, descriptors)
        case "raw":
            return RawNode(name, options, open_child)
        case "qcow2":
            _refuse_what_is_no_qcow2(options, open_child)
    raise errors.block_driver_unknown(driver)


def _refuse_what_is_no_qcow2(options: Mapping[str, Any], open_child: OpenChild) -> None:
    image = open_child(options["file"])
    if not (isinstance(image, FileNode) and image.begins_with(_QCOW2_MAGIC)):
        raise errors.not_in_format("qcow2")


def _json(value: Any) -> str:
    from qmp_iothreadd.json import writer

    return writer.message(value).decode("ascii").rstrip("\r\n")
