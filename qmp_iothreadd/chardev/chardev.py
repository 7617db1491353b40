"""A character device: an object of the tree that owns what it opens, and its peers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, ClassVar

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.peer import Peer
from qmp_iothreadd.qom.object import Object, ObjectType, Property

if TYPE_CHECKING:
    from typing import Protocol

    from qmp_iothreadd.chardev.frontend import Frontend
    from qmp_iothreadd.chardev.logfile import LogFile
    from qmp_iothreadd.descriptors import Descriptors

    class Devices(Protocol):
        """What a device sees of those around it: see chardev.chardevs."""

        daemonize: bool
        descriptors: Callable[[], Descriptors]
        escape_key: int
        find_object: Callable[[str], Object | None]
        quit: Callable[[], None]
        report: Callable[[str], None]
        say: Callable[[str], None]
        starting: bool

        def __iter__(self) -> Iterator[Chardev]:
            """All devices in the tree."""

        def get(self, name: str) -> Chardev | None:
            """The device of this name, or None."""

        def peer_came(self, peer: Peer) -> None:
            """Somebody is connected to a device."""

        def peer_left(self, peer: Peer) -> None:
            """And is gone."""


class Chardev(Object):
    """Base of all devices. Its name is its label.

    A device is opened once. Who is connected then is a :class:`Peer`; the device hands its front
    end, if it has one, a protocol for each. ``data`` is the struct of its kind in the schema's
    ChardevBackend, as on the wire. ``handed_over`` are the descriptors that a monitor's clients
    named, where one of them asks for the device; on a command line they have numbers.
    """

    __slots__ = ("_closed", "_log", "chardevs", "data", "frontend", "handed_over", "peers")

    # Whether a thread of its own could serve it (QEMU_CHAR_FEATURE_GCONTEXT): a QMP monitor then
    # offers to execute out of band.
    has_context: ClassVar[bool] = True

    qom_name = "chardev"
    abstract = True
    qom_properties: ClassVar[tuple[Property, ...]] = ()

    def __init__(self, type: ObjectType, chardevs: Devices, data: Mapping[str, Any]) -> None:
        super().__init__(type)
        self.chardevs = chardevs
        self.data = data
        self.handed_over: MutableMapping[str, int] | None = None
        self.frontend: Frontend | None = None
        self.peers: list[Peer] = []
        self._log: LogFile | None = None
        self._closed = False

    def start(self) -> None:
        """Open the log, where there is to be one, and the device; an event loop runs.

        Raises:
            QmpError: one of them cannot be had; nothing is left behind.
        """
        path = self.data.get("logfile")
        if path is not None:
            from qmp_iothreadd.chardev.logfile import LogFile  # few have one

            append, times = (self.data.get(name, False) for name in ("logappend", "logtimestamp"))
            self._log = LogFile(path, self.chardevs.descriptors(), append=append, times=times)
        try:
            self.open()
        except BaseException:
            self._closed = True
            self._close_log()
            raise

    # -- For a kind to define ---------------------------------------------------------------------

    def open(self) -> None:
        """Acquire what the device needs; an event loop runs.

        Raises:
            QmpError: it cannot be had; nothing is left behind.
        """

    @property
    def waits(self) -> bool:
        """Whether whoever opened it is to ``wait``."""
        return False

    async def wait(self) -> None:
        """Wait until somebody is connected."""

    @property
    def filename(self) -> str:
        """What query-chardev calls it."""
        return self.type.name.removeprefix("chardev-")

    def frontend_changed(self) -> None:
        """There is another front end, or none; its peers are told afterwards."""

    def peer_left(self) -> None:
        """A peer is gone."""

    def started(self) -> None:
        """The start is over; called where the device was made before."""

    def send_break(self) -> None:
        """Send a break, where the device has such a thing."""

    def stop(self) -> None:
        """Give back what was opened, but for the peers. Called once, or never if it is not open."""

    # -- The front end ----------------------------------------------------------------------------

    def attach(self, frontend: Frontend) -> None:
        """Let a front end have the device; who is connected already is greeted.

        Raises:
            QmpError: another one has it.
        """
        if self.frontend is not None:
            raise errors.chardev_in_use(self.name)
        connected = tuple(self.peers)
        self.frontend = frontend
        self.frontend_changed()  # which may let somebody in
        for peer in connected:
            peer.attach(frontend)

    def detach(self, frontend: Frontend) -> None:
        """Take the device away from a front end; who is connected stays, and is not heard."""
        if frontend is not self.frontend:
            return
        self.frontend = None
        for peer in tuple(self.peers):
            peer.detach()
        self.frontend_changed()

    @property
    def busy(self) -> bool:
        """Whether somebody uses it, so that it cannot be removed."""
        return self.frontend is not None

    @property
    def frontend_open(self) -> bool:
        """Whether there is a front end that listens."""
        return self.frontend is not None and self.frontend.is_open

    # -- Peers ------------------------------------------------------------------------------------

    def make_peer(self) -> Peer:
        """Somebody comes; what is returned is the protocol of the transport to make."""
        peer = Peer(self._peer_lost, self._log)
        self.peers.append(peer)
        self.chardevs.peer_came(peer)
        if self.frontend is not None:
            peer.attach(self.frontend)
        return peer

    def disconnect(self) -> None:
        """Cut off who is connected; what was answered before is sent."""
        for peer in tuple(self.peers):
            peer.cut_off()

    def close(self) -> None:
        """Stop, and let everyone who is connected read what is written."""
        self._closed = True
        self.stop()
        for peer in tuple(self.peers):
            peer.close()
        self._close_log()

    def _peer_lost(self, peer: Peer) -> None:
        self.peers.remove(peer)
        self.peer_left()
        self._close_log()
        self.chardevs.peer_left(peer)

    def _close_log(self) -> None:
        """Close the log after the last write."""
        if self._log is not None and self._closed and not self.peers:
            self._log.close()

    # -- What clients see -------------------------------------------------------------------------

    def info(self) -> dict[str, Any]:
        """The members of a ChardevInfo."""
        return {
            "label": self.name,
            "filename": self.filename,
            "frontend-open": self.frontend_open,
        }
