"""Network filters. There are no network back ends that they could be on."""

from __future__ import annotations

from typing import Any, ClassVar

from qmp_iothreadd import errors
from qmp_iothreadd.qom.configurable import ConfigurableObject, Setting
from qmp_iothreadd.qom.types import USER_CREATABLE


class Netfilter(ConfigurableObject):
    """A filter, which is refused once its properties are right."""

    __slots__ = ()

    qom_name = "netfilter"
    struct = "NetfilterProperties"
    abstract = True
    interfaces = (USER_CREATABLE,)
    settings: ClassVar[dict[str, Setting]] = {
        "netdev": Setting(),
        "queue": Setting("all"),
        "status": Setting("on"),
        "position": Setting("tail"),
        "insert": Setting("behind", type="string"),
    }

    def store(self, name: str, value: Any) -> None:
        """Set a property."""
        if name == "status" and value not in ("on", "off"):
            raise errors.filter_status()
        if name == "interval" and value == 0:
            raise errors.property_not_positive(self.type.name, name)
        if name == "maxlen" and value == 0:
            raise errors.property_not_zero(self.type.name, name)
        super().store(name, value)

    def complete(self) -> None:
        """Refuse: there is no such back end."""
        raise errors.invalid_parameter_value("netdev", "a network backend id")


class FilterBuffer(Netfilter):
    """Releases packets at intervals."""

    __slots__ = ()

    qom_name = "filter-buffer"


class FilterDump(Netfilter):
    """Writes packets to a file."""

    __slots__ = ()

    qom_name = "filter-dump"
    settings: ClassVar[dict[str, Setting]] = Netfilter.settings | {"maxlen": Setting(65536)}


class FilterMirror(Netfilter):
    """Copies packets."""

    __slots__ = ()

    qom_name = "filter-mirror"


class FilterRedirector(Netfilter):
    """Diverts packets."""

    __slots__ = ()

    qom_name = "filter-redirector"


class FilterReplay(Netfilter):
    """Records and replays packets."""

    __slots__ = ()

    qom_name = "filter-replay"


class FilterRewriter(Netfilter):
    """Adjusts TCP connections."""

    __slots__ = ()

    qom_name = "filter-rewriter"
