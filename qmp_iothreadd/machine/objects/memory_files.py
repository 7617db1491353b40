"""Memory that is backed by a file: one with a path, one without a name, POSIX shared memory."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import tempfile
from typing import Any, ClassVar, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.objects import linux
from qmp_iothreadd.machine.objects.files import reason
from qmp_iothreadd.machine.objects.memory import PAGE, MemoryBackend, flag
from qmp_iothreadd.qom.configurable import Setting

_HUGE_SHIFT: Final = 26
_SHM = "/dev/shm"
# QEMU's texts of these end with a dot.
_DOTTED = ("pmem", "readonly", "rom")
_FIXED = ("mem-path", "align", "offset", *_DOTTED)


class MemoryBackendFile(MemoryBackend):
    """Memory backed by a file, which stays when the object goes."""

    __slots__ = ()

    qom_name = "memory-backend-file"
    settings: ClassVar[dict[str, Setting]] = MemoryBackend.settings | {
        "discard-data": flag(False),
        "mem-path": Setting(""),
        "align": Setting(0, type="int"),
        "offset": Setting(0, type="int", description="Offset into the target file (ex: 1G)"),
        "pmem": flag(False),
        "readonly": flag(False),
        "rom": Setting("auto", description="Whether to create Read Only Memory (ROM)"),
    }

    def _check_change(self, name: str) -> None:
        if name in _FIXED:
            end = "." if name in _DOTTED else ""
            raise errors.file_property_fixed(name, self.type.name, end)
        super()._check_change(name)

    def map(self) -> linux.Mapping:
        """Open the file, or make it."""
        self._check_access()
        self._check_alignment(self.load("align"))
        path, readonly = self.load("mem-path"), self.load("readonly")
        try:
            fd, created = _open(path, self.name, readonly=readonly)
        except (OSError, ValueError) as error:
            raise errors.backing_store_not_opened(path, reason(error)) from None
        try:
            read_only = self.load("rom") == "on"
            return self.map_file(fd, readable_only=read_only, offset=self.load("offset"))
        except BaseException:
            if created:
                os.unlink(path)
            raise
        finally:
            os.close(fd)

    def finalize(self) -> None:
        """Let the content go where that is allowed."""
        if self.mapping is not None and self.load("discard-data"):
            with contextlib.suppress(OSError):
                self.mapping.advise(linux.MADV_REMOVE)
        super().finalize()

    def _check_access(self) -> None:
        readonly, rom = self.load("readonly"), self.load("rom")
        if rom == "auto":
            self.values["rom"] = "on" if readonly else "off"
        elif rom == "on" and not readonly:
            raise errors.rom_of_writable_file()
        elif rom == "off" and readonly and self.load("share"):
            raise errors.ram_of_shared_readonly_file()

    def _check_alignment(self, align: int) -> None:
        if align % PAGE:
            raise errors.alignment_of_part_of_page(align, PAGE)
        if align & (align - 1):
            raise errors.alignment_not_a_power(align)


class MemoryBackendMemfd(MemoryBackend):
    """Memory backed by an anonymous file."""

    __slots__ = ()

    qom_name = "memory-backend-memfd"
    settings: ClassVar[dict[str, Setting]] = MemoryBackend.settings | {
        "share": Setting(True, description=MemoryBackend.settings["share"].description),
        "hugetlb": flag(False, "Use huge pages"),
        "hugetlbsize": Setting(0, type="int", description="Huge pages size (ex: 2M, 1G)"),
        "seal": flag(True, "Seal growing & shrinking"),
    }

    def store(self, name: str, value: Any) -> None:
        """Set a property, if it can still be set."""
        if name == "hugetlbsize" and self.mapping is None and value == 0:
            raise errors.property_not_zero(self.type.name, name)
        super().store(name, value)

    def _check_change(self, name: str) -> None:
        if name == "hugetlbsize":
            raise errors.value_fixed()
        super()._check_change(name)

    def map(self) -> linux.Mapping:
        """Make the file, of the size that was given."""
        size, seal = self.load("size"), self.load("seal")
        flags = os.MFD_CLOEXEC | (os.MFD_ALLOW_SEALING if seal else 0)
        if self.load("hugetlb"):
            huge = self.load("hugetlbsize")
            flags |= os.MFD_HUGETLB | (
                (huge & -huge).bit_length() - 1 << _HUGE_SHIFT if huge else 0
            )
        try:
            fd = os.memfd_create(self.type.name, flags)
        except OSError as error:
            raise errors.memfd_not_created(flags, reason(error)) from None
        try:
            try:
                os.ftruncate(fd, size)
            except (OSError, OverflowError) as error:
                raise errors.memfd_not_resized(size, reason(error)) from None
            if seal:
                seals = fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
                fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
            return self.map_file(fd)
        finally:
            os.close(fd)


class MemoryBackendShm(MemoryBackend):
    """POSIX shared memory, which has lost its name already."""

    __slots__ = ()

    qom_name = "memory-backend-shm"
    settings: ClassVar[dict[str, Setting]] = MemoryBackend.settings | {
        "share": Setting(True, description=MemoryBackend.settings["share"].description),
    }

    def map(self) -> linux.Mapping:
        """Make the memory."""
        if not self.load("share"):
            raise errors.shm_not_shared()
        size = self.load("size")
        try:
            fd, path = tempfile.mkstemp(prefix="qemu-", dir=_SHM)
        except OSError as error:
            raise errors.shm_not_created(reason(error)) from None
        try:
            os.unlink(path)
            try:
                os.ftruncate(fd, self.mapped_size)
            except (OSError, OverflowError) as error:
                raise errors.shm_not_resized(size, reason(error)) from None
            return self.map_file(fd)
        finally:
            os.close(fd)


def _open(path: str, name: str, *, readonly: bool) -> tuple[int, bool]:
    """A descriptor of the file, and whether it was made; one in a folder has no name.

    Raises:
        OSError: it cannot be opened, or made.
    """
    mode = (os.O_RDONLY if readonly else os.O_RDWR) | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        fd = os.open(path, mode)
    except FileNotFoundError:
        if readonly:
            raise
        return os.open(path, mode | os.O_CREAT | os.O_EXCL, 0o644), True
    except IsADirectoryError:
        fd, made = tempfile.mkstemp(prefix=f"qemu_back_mem.{name}.", dir=path)
        os.unlink(made)
        return fd, False
    if stat.S_ISDIR(os.fstat(fd).st_mode):  # opened for reading, a folder is no error
        os.close(fd)
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return fd, False
