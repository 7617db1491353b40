"""Network back ends and cards: who is connected to whom. Nobody sends anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.qom.identifiers import is_identifier

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.qom.object import Object

NETDEVS_MAX: Final = 1024
"""MAX_QUEUE_NUM of QEMU's net/: so many clients are looked for."""

_HELD: Final = ("user", "hubport")
_USER_NETWORK: Final = "10.0.2.0"


class Netdev:
    """A back end: ``options`` is a Netdev, as on the wire; ``peer`` is what a hub's port is to.

    ``card`` is the device that it is connected to, if any.
    """

    __slots__ = ("card", "link_up", "options", "peer")

    def __init__(self, options: Mapping[str, Any], peer: Netdev | None) -> None:
        self.options = dict(options)
        self.peer = peer
        self.link_up = True
        self.card: Object | None = None

    @property
    def id(self) -> str:
        """Its name."""
        return str(self.options["id"])

    @property
    def hub(self) -> int | None:
        """The hub that it is a port of, if it is one."""
        return self.options["hubid"] if self.options["type"] == "hubport" else None

    def describe(self) -> str:
        """What ``info network`` says of it."""
        if self.hub is not None:
            return self.id
        if self.options["type"] != "user":
            return f"{self.id}: index=0,type={self.options['type']}"
        network = str(self.options.get("net", _USER_NETWORK)).partition("/")[0]
        restrict = "on" if self.options.get("restrict", False) else "off"
        return f"{self.id}: index=0,type=user,net={network},restrict={restrict}"


class Card:
    """A network card: ``model`` is the type of its device, ``netdev`` its back end, if any."""

    __slots__ = ("link_up", "mac", "model", "name", "netdev")

    def __init__(self, name: str, model: str, mac: str, netdev: Netdev | None) -> None:
        self.name = name
        self.model = model
        self.mac = mac
        self.netdev = netdev
        self.link_up = True

    def describe(self) -> list[str]:
        """What ``info network`` says of it."""
        lines = [f"{self.name}: index=0,type=nic,model={self.model},macaddr={self.mac}"]
        return lines if self.netdev is None else [*lines, f" \\ {self.netdev.describe()}"]


class Netdevs:
    """All back ends of the machine and the cards that they can be to, the oldest first."""

    def __init__(self, machine: Machine) -> None:
        self.netdevs: dict[str, Netdev] = {}
        self.cards: list[Card] = []

    def close(self) -> None:
        """They hold nothing that would have to be given back."""

    def add(self, options: Mapping[str, Any]) -> None:
        """Make a back end of ``options``, a Netdev.

        Raises:
            QmpError: its kind is not built in, its name is none or taken, or there are too many.
        """
        kind, id = options["type"], options["id"]
        if not is_identifier(id):
            raise errors.not_an_identifier("id")
        if kind not in _HELD:
            raise errors.netdev_not_built_in(kind)
        self.hold(options)

    def hold(self, options: Mapping[str, Any]) -> None:
        """The same for a back end of any kind: the command line's need not be connected.

        Raises:
            QmpError: its name is taken, or there are too many.
        """
        id = options["id"]
        if id in self.netdevs:
            raise errors.netdev_duplicate(id)
        if len(self.netdevs) >= NETDEVS_MAX:
            raise errors.too_many_netdevs(NETDEVS_MAX)
        peer = None
        if "netdev" in options:
            peer = self.netdevs.get(options["netdev"])
            if peer is None:
                raise errors.netdev_peer_not_found(options["netdev"])
        self.netdevs[id] = Netdev(options, peer)

    def delete(self, id: str) -> None:
        """Remove a back end.

        Raises:
            QmpError: DeviceNotFound.
        """
        found = self.find(id)
        del self.netdevs[id]
        for card in self.cards:
            if card.netdev is found:
                card.netdev = None
        for each in self.netdevs.values():
            if each.peer is found:
                each.peer = None

    def find(self, id: str) -> Netdev:
        """The back end of this name.

        Raises:
            QmpError: DeviceNotFound.
        """
        found = self.netdevs.get(id)
        if found is None:
            raise errors.device_not_found(id)
        return found

    def add_card(self, id: str | None, model: str, mac: str, netdev: str) -> Card:
        """Note a card; one without an id is called after its model, and numbered.

        ``netdev`` is the name of its back end; empty: it has none.
        """
        number = sum(each.model == model for each in self.cards)
        card = Card(id or f"{model}.{number}", model, mac, self.netdevs.get(netdev))
        self.cards.append(card)
        return card

    def remove_card(self, card: Card) -> None:
        """Forget a card."""
        self.cards.remove(card)

    def set_link(self, name: str, *, up: bool) -> None:
        """Connect or disconnect the cable of a card or a back end.

        Raises:
            QmpError: DeviceNotFound.
        """
        cards = [card for card in self.cards if card.name == name]
        for card in cards:
            card.link_up = up
        if not cards:
            self.find(name).link_up = up

    def describe(self) -> str:
        """What ``info network`` prints: hubs with their ports, then all that is to none."""
        lines = []
        ports = [each for each in self.netdevs.values() if each.hub is not None]
        for hub in sorted({each.hub for each in ports if each.hub is not None}, reverse=True):
            lines.append(f"hub {hub}")
            for port in reversed([each for each in ports if each.hub == hub]):
                peer = f": {port.peer.describe()}" if port.peer else ""
                lines.append(f" \\ {port.id}{peer}")
        to_hubs = [each.peer for each in ports]
        lines += [
            each.describe()
            for each in self.netdevs.values()
            if each.hub is None and each.card is None and each not in to_hubs
        ]
        lines += [line for card in self.cards for line in card.describe()]
        return "".join([f"{line}\n" for line in lines])
