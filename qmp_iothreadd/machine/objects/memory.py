"""Memory that a guest would have: it is mapped, so that it can be had, and not touched.

The checks are those of QEMU's backends/hostmem, in their order.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from qmp_iothreadd import errors
from qmp_iothreadd.machine.objects import linux
from qmp_iothreadd.machine.objects.files import reason
from qmp_iothreadd.qom.configurable import ConfigurableObject, Setting
from qmp_iothreadd.qom.links import resolve_link
from qmp_iothreadd.qom.types import USER_CREATABLE

if TYPE_CHECKING:
    from qmp_iothreadd.machine.boards.empty_machine import MemoryRegion
    from qmp_iothreadd.qom.object import Object, ObjectType

PAGE: Final = os.sysconf("SC_PAGESIZE")
HOST_NODES_MAX: Final = 128
# In the order of the kernel's numbers.
_POLICIES: Final = ("default", "preferred", "bind", "interleave")
_SIZE_MAX: Final = 2**63 - PAGE

_CONTEXT = "prealloc-context"


def flag(default: bool | None = None, description: str | None = None) -> Setting:
    """The row of a property that is on or off."""
    return Setting(default, description=description)


class MemoryBackend(ConfigurableObject):
    """Memory of some kind; ``mapping`` is there once it is complete."""

    __slots__ = ("mapping",)

    qom_name = "memory-backend"
    struct = "MemoryBackendProperties"
    abstract = True
    interfaces = (USER_CREATABLE,)
    settings: ClassVar[dict[str, Setting]] = {
        "merge": flag(None, "Mark memory as mergeable"),
        "dump": flag(None, "Set to 'off' to exclude from core dump"),
        "prealloc": flag(False, "Preallocate memory"),
        "prealloc-threads": Setting(
            1, type="int", description="Number of CPU threads to use for prealloc"
        ),
        _CONTEXT: Setting(
            "",
            type="link<thread-context>",
            description="Context to use for creating CPU threads for preallocation",
        ),
        "size": Setting(0, type="int", description="Size of the memory region (ex: 500M)"),
        "host-nodes": Setting(
            (), type="int", description="Binds memory to the list of NUMA host nodes"
        ),
        "policy": Setting("default", description="Set the NUMA policy"),
        "share": flag(False, "Mark the memory as private to QEMU or shared"),
        "reserve": flag(True, "Reserve swap space (or huge pages) if applicable"),
        "x-use-canonical-path-for-ramblock-id": flag(False),
    }

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self.mapping: linux.Mapping | None = None

    # -- Properties -------------------------------------------------------------------------------

    def load(self, name: str) -> Any:
        """The value in force of a property."""
        value = super().load(name)
        if name == "host-nodes":
            return sorted(set(value))
        if value is None and name in ("merge", "dump"):
            return self._of_machine("mem-merge" if name == "merge" else "dump-guest-core")
        return value

    def store(self, name: str, value: Any) -> None:
        """Set a property, if it can still be set."""
        if self.mapping is not None:
            self._check_change(name)
        if name in ("size", "prealloc-threads") and value == 0:
            raise errors.zero_refused(name, self.type.name)
        if name == "host-nodes":
            for node in value:
                if node >= HOST_NODES_MAX:
                    raise errors.bad_host_node(node)
            value = [*self.load(name), *value]  # nodes are added, never taken away
        if name == _CONTEXT and self.parent is not None:
            value = self._link(value)
        if name == "prealloc" and self.mapping is not None and (self.load(name) or not value):
            return  # what is taken is not given back
        super().store(name, value)

    def apply(self, name: str) -> None:
        """Let memory that is there take over the property."""
        if self.mapping is None:
            return
        if name == "prealloc":
            self._populate(self.mapping)
        elif name == "merge":
            advise(self.mapping, linux.MADV_MERGEABLE, linux.MADV_UNMERGEABLE, self.load(name))
        elif name == "dump":
            advise(self.mapping, linux.MADV_DODUMP, linux.MADV_DONTDUMP, self.load(name))

    def _check_change(self, name: str) -> None:
        """Refuse a property that cannot change while the memory is there."""
        if name == "size":
            raise errors.size_fixed(name, self.type.name)
        if name in ("share", "reserve"):
            raise errors.value_fixed()

    def _of_machine(self, name: str) -> bool:
        root: Object = self
        while root.parent is not None:
            root = root.parent
        machine = root.child("machine")
        return True if machine is None else bool(machine.get_property(name))

    def _link(self, path: str) -> str:
        return resolve_link(self, _CONTEXT, path, "thread-context")

    # -- Life -------------------------------------------------------------------------------------

    def complete(self) -> None:
        """Map the memory.

        Raises:
            QmpError: it cannot be had as it is asked for; nothing is left behind.
        """
        self.values[_CONTEXT] = self._link(self.load(_CONTEXT))
        mapping = self.map()
        try:
            self._prepare(mapping)
        except BaseException:
            mapping.close()
            raise
        self.mapping = mapping
        region = cast("MemoryRegion", self.type.find("memory-region").instantiate())
        region.size = self.load("size")
        self.add_child(f"{self._region_name()}[0]", region)

    def _region_name(self) -> str:
        """The id, or the path with its slashes escaped, as QEMU's system/memory names regions."""
        if self.load("x-use-canonical-path-for-ramblock-id"):
            return self.path.replace("/", "\\x2f")
        return self.name

    def map(self) -> linux.Mapping:
        """Acquire the memory.

        Raises:
            QmpError: it cannot be had.
        """
        raise NotImplementedError

    def finalize(self) -> None:
        """Give the memory back."""
        if self.mapping is not None:
            self.mapping.close()
            self.mapping = None

    def _prepare(self, mapping: linux.Mapping) -> None:
        if self.load("merge"):
            advise(mapping, linux.MADV_MERGEABLE)
        if not self.load("dump"):
            advise(mapping, linux.MADV_DONTDUMP)
        self._bind(mapping, self.load("policy"), self.load("host-nodes"))
        if self.load("prealloc"):
            self._populate(mapping)

    def _bind(self, mapping: linux.Mapping, policy: str, nodes: Iterable[int]) -> None:
        mask = sum(1 << node for node in nodes)
        if mask and policy == "default":
            raise errors.host_nodes_without_policy()
        if not mask and policy != "default":
            raise errors.policy_without_host_nodes(policy)
        if mask:
            try:
                mapping.bind(_POLICIES.index(policy), mask)
            except OSError as error:
                raise errors.memory_not_bound(reason(error)) from None

    def _populate(self, mapping: linux.Mapping) -> None:
        try:
            mapping.advise(linux.MADV_POPULATE_WRITE)
        except OSError as error:
            raise errors.memory_not_preallocated(reason(error)) from None

    # -- For those who map ------------------------------------------------------------------------

    @property
    def mapped_size(self) -> int:
        """The size in whole pages."""
        size: int = self.load("size")
        return -(-size // PAGE) * PAGE

    @property
    def mapping_flags(self) -> int:
        """Shared or not, reserved or not."""
        shared = linux.MAP_SHARED if self.load("share") else linux.MAP_PRIVATE
        return shared | (0 if self.load("reserve") else linux.MAP_NORESERVE)

    def map_file(self, fd: int, *, readable_only: bool = False, offset: int = 0) -> linux.Mapping:
        """Map the file that the memory is backed by.

        Raises:
            QmpError: it is too small, or it cannot be mapped.
        """
        size = self.mapped_size
        if offset + size > _SIZE_MAX:
            raise errors.backing_store_not_mapped(reason(MemoryError()))
        found = os.fstat(fd).st_size
        if offset < found < offset + size:
            raise errors.backing_store_too_small(found, size)
        if not found:
            with contextlib.suppress(OSError):
                os.ftruncate(fd, offset + size)
        protection = linux.PROT_READ | (0 if readable_only else linux.PROT_WRITE)
        try:
            return linux.Mapping(size, protection, self.mapping_flags, fd, offset)
        except OSError as error:
            raise errors.backing_store_not_mapped(reason(error)) from None

    def memdev(self) -> dict[str, Any]:
        """The members of a Memdev."""
        names = ("size", "merge", "dump", "prealloc", "share", "reserve", "policy", "host-nodes")
        return {"id": self.name, **{name: self.load(name) for name in names}}


class MemoryBackendRam(MemoryBackend):
    """Anonymous memory."""

    __slots__ = ()

    qom_name = "memory-backend-ram"

    def map(self) -> linux.Mapping:
        """Acquire the memory."""
        size = self.mapped_size
        try:
            if size > _SIZE_MAX:
                raise MemoryError
            protection = linux.PROT_READ | linux.PROT_WRITE
            return linux.Mapping(size, protection, self.mapping_flags | linux.MAP_ANONYMOUS)
        except (OSError, MemoryError) as error:
            raise errors.memory_not_set_up(self.name, reason(error)) from None


def advise(mapping: linux.Mapping, on: int, off: int = -1, value: bool = True) -> None:
    """Tell the kernel what it may do; it need not listen."""
    with contextlib.suppress(OSError):
        mapping.advise(on if value else off)
