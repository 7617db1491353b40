"""Block nodes of the drivers that there are: null-co, null-aio, file, host_device and raw.

What other drivers would open is refused. Names, sizes and what counts as an option of an image are
those of QEMU's block layer.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.block import permissions
from qmp_iothreadd.machine.block.image_lock import ImageLock
from qmp_iothreadd.machine.block.node import SECTOR, BlockNode, Target, cache_of
from qmp_iothreadd.machine.block.permissions import Edge, User

if TYPE_CHECKING:
    from qmp_iothreadd.descriptors import Descriptors

_NULL_SIZE: Final = 1 << 30
_QCOW2_MAGIC: Final = b"QFI\xfb"

OpenChild = Callable[[User, str, Any], Edge[BlockNode]]


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

    def target(self) -> Target:
        """A wait."""
        return Target(-1, 0, self.options.get("latency-ns", 0))


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
        locks = options.get("locking") != "off"
        self._lock = ImageLock(self._fd, options["filename"]) if locks else None

    def _open(self) -> int:
        try:
            return self._open_for(self._writable)
        except OSError as error:
            denied = error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
            if not (denied and self._writable and self.options.get("auto-read-only", False)):
                raise self._error(error) from None
        self._writable = False
        try:
            return self._open_for(False)
        except OSError as error:
            raise self._error(error) from None

    def _open_for(self, writes: bool) -> int:
        flags = os.O_NONBLOCK | self._direct
        access = os.O_RDWR if writes else os.O_RDONLY
        return self._descriptors.open(self.options["filename"], flags | access)

    def prepare(self, perm: int, shared: int) -> None:
        """Lock the image; open for writing what could only be read before (auto-read-only)."""
        if perm & permissions.WRITE and not self._writable:
            self._reopen(writes=True)
        if self._lock is not None:
            self._lock.set(perm, shared)

    def change(self, options: Mapping[str, Any]) -> None:
        """Open the file anew where it is to be written or no more; its cache changes as it is."""
        before = self.options, self.read_only, self.detect_zeroes
        super().change(options)
        writes = not self.read_only and (self._writable or before[1])
        try:
            if writes != self._writable:
                self._reopen(writes=writes)
            elif self.cache["direct"] != cache_of(before[0])["direct"]:
                self._set_direct()
        except errors.QmpError:
            self.options, self.read_only, self.detect_zeroes = before
            raise

    def _set_direct(self) -> None:
        """Go past the page cache or through it; whoever serves the file sees that too."""
        try:
            flags = fcntl.fcntl(self._fd, fcntl.F_GETFL) & ~os.O_DIRECT
            fcntl.fcntl(self._fd, fcntl.F_SETFL, flags | self._direct)
        except OSError as error:
            raise self._error(error) from None

    @property
    def _direct(self) -> int:
        return os.O_DIRECT if self.cache["direct"] else 0

    def _reopen(self, *, writes: bool) -> None:
        try:
            opened = self._open_for(writes)
        except OSError as error:
            raise self._error(error) from None
        if self._lock is not None:
            self._lock.move(opened)
        self._descriptors.close_opened(self._fd)
        self._fd, self._writable = opened, writes

    def target(self) -> Target:
        """The open file."""
        return Target(self._fd, 0, 0)

    def alignment(self) -> tuple[int, int]:
        """Those of O_DIRECT, where the file is open so."""
        return (SECTOR, SECTOR) if self.cache["direct"] else (1, 1)

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
        self.edges["file"] = open_child(self, "file", options.get("file"))
        child = self._below
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
    def _below(self) -> BlockNode:
        return self.edges["file"].node

    @property
    def _whole(self) -> bool:
        return "offset" not in self.options and "size" not in self.options

    def virtual_size(self) -> int:
        """Of the piece."""
        below = self._below.virtual_size()
        return int(self.options.get("size", below - self.options.get("offset", 0)))

    def actual_size(self) -> int:
        """Of what lies below."""
        return self._below.actual_size()

    def exact_filename(self) -> str:
        """The child's, where it is all of that."""
        return self._below.exact_filename() if self._whole else ""

    def target(self) -> Target:
        """Where requests to what lies below end, from the piece's begin on."""
        below = self._below.target()
        return below._replace(offset=below.offset + self.options.get("offset", 0))

    def way(self, begin: int = 0) -> Iterator[tuple[BlockNode, int]]:
        """Itself and those below, where the piece begins later."""
        yield self, begin
        yield from self._below.way(begin + self.options.get("offset", 0))

    def alignment(self) -> tuple[int, int]:
        """Any request is made to fit what lies below; its buffers are passed on."""
        return 1, self._below.alignment()[1]

    def permissions_below(self) -> Iterator[tuple[Edge[BlockNode], int, int]]:
        """As here; the size of an image that has a piece taken out is to stay."""
        perm, shared = permissions.cumulative(self)
        yield self.edges["file"], perm, shared if self._whole else shared & ~permissions.RESIZE

    def resize(self, size: int) -> None:
        """Resize what lies below."""
        if "size" in self.options:
            raise errors.resize_fixed()
        self._below.resize(size + self.options.get("offset", 0))


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
            _refuse_what_is_no_qcow2(name, options, open_child)
    raise errors.block_driver_unknown(driver)


def _refuse_what_is_no_qcow2(name: str, options: Mapping[str, Any], open_child: OpenChild) -> None:
    image = open_child(_Unread(name), "file", options["file"]).node
    if not (isinstance(image, FileNode) and image.begins_with(_QCOW2_MAGIC)):
        raise errors.not_in_format("qcow2")


class _Unread:
    """A node of a format that we lack, while it looks whether its image is of that format."""

    def __init__(self, name: str) -> None:
        self._name = name

    def describe(self) -> str:
        """What it would be."""
        return f"node '{self._name}'"
