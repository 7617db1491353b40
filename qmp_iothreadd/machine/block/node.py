"""What all block nodes have in common: options, uses, what clients see."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from qmp_iothreadd import errors
from qmp_iothreadd.json.order import qdict_order
from qmp_iothreadd.machine.block.permissions import Edge

if TYPE_CHECKING:
    from qmp_iothreadd.iothread.event_loop import IOThread

SECTOR = 512


class Target(NamedTuple):
    """Where requests to a node end: at ``offset`` of a descriptor, or after a wait where it is -1.

    ``latency_ns`` is that wait.
    """

    fd: int
    offset: int
    latency_ns: int


class Bitmap:
    """A dirty bitmap: it has the life of QEMU's, and counts nothing that a workload writes.

    Nobody could read what it recorded: there are no backups, and no exports.
    """

    __slots__ = ("granularity", "recording")

    def __init__(self, granularity: int, *, recording: bool) -> None:
        self.granularity = granularity
        self.recording = recording


class BlockNode(ABC):
    """One node of the graph. ``options`` is a BlockdevOptions, as on the wire.

    ``users`` are the uses that nodes and devices above it make of it, the oldest first, ``edges``
    its own of those below, by name. ``owned_by_monitor``: it was made by a command of its own,
    rather than with the node above it. ``highest_offset``: the end of the highest write, in bytes.
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
        self.edges: dict[str, Edge[BlockNode]] = {}
        self.depth = 0  # how many nodes lie below each other here
        self.users: list[Edge[BlockNode]] = []
        self.owned_by_monitor = True
        self.iothread: IOThread | None = None
        self.write_threshold = 0
        self.highest_offset = 0
        self.bitmaps: dict[str, Bitmap] = {}

    @property
    def children(self) -> dict[str, BlockNode]:
        """The nodes below, by what they are to this one."""
        return {name: edge.node for name, edge in self.edges.items()}

    def describe(self) -> str:
        """What it is, for an error's text."""
        return f"node '{self.name}'"

    @property
    def cache(self) -> dict[str, bool]:
        """How it is cached: a BlockdevCacheInfo."""
        return cache_of(self.options)

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

    @abstractmethod
    def target(self) -> Target:
        """Where requests to it end."""

    def wrote_up_to(self, end: int) -> None:
        """Note that a write came by which ended at this byte; those below see it too."""
        for node, begin in self.way() if end else ():
            node.highest_offset = max(node.highest_offset, begin + end)

    def way(self, begin: int = 0) -> Iterator[tuple[BlockNode, int]]:
        """The nodes that requests pass, and where in each they begin: ``begin`` bytes further."""
        yield self, begin

    def alignment(self) -> tuple[int, int]:
        """Of requests, and of buffers, in bytes."""
        return 1, SECTOR

    def permissions_below(self) -> Iterator[tuple[Edge[BlockNode], int, int]]:
        """For each use of a node below: what has to be done and shared there for the users here."""
        return iter(())

    def prepare(self, perm: int, shared: int) -> None:  # noqa: B027 -- most are ready
        """All users together are about to do and share this.

        Raises:
            QmpError: that cannot be.
        """

    def change(self, options: Mapping[str, Any]) -> None:
        """Take over options that blockdev-reopen may change.

        Raises:
            QmpError: it cannot be reopened so, and stays as it was.
        """
        self.options = dict(options)
        self.read_only = options.get("read-only", False)
        self.detect_zeroes = options.get("detect-zeroes", "off")

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


def cache_of(options: Mapping[str, Any]) -> dict[str, bool]:
    """How these options say that a node is cached: a BlockdevCacheInfo."""
    given = options.get("cache", {})
    no_flush, direct = given.get("no-flush", False), given.get("direct", False)
    return {"writeback": True, "direct": direct, "no-flush": no_flush}


def _json(value: Any) -> str:
    from qmp_iothreadd.json import writer

    return writer.message(value).decode("ascii").rstrip("\r\n")
