"""Return values and the data of events, held against the served schema before they are sent.

The functions of the package make values as the shipped schema describes them. Members of those
that the served schema lacks are left out. With ``check``, what then does not fit is refused: it is
a fault of the daemon's.

Each command and event is asked about once, and what needs no look gets no filter: a daemon with the
shipped schema does nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qmp_iothreadd.qapi.shipped import shipped_schema

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.compat_policy import CompatPolicy
    from qmp_iothreadd.qapi.models import Models
    from qmp_iothreadd.qapi.schema import Command, Event, SchemaType

Filter = Callable[[Any], Any]


class Outgoing:
    """The filters of one served schema."""

    def __init__(self, models: Models, *, check: bool = False) -> None:
        self._models = models
        self._check = check
        self.policy: CompatPolicy | None = None

    @property
    def looks(self) -> bool:
        """Whether values are looked into that are those of the shipped schema."""
        return self._check or self.policy is not None

    def reply(self, command: Command) -> Filter | None:
        """What a command's value passes through on its way out, or None where it goes as it is.

        The filter raises ReplyError. An EncodedText passes: it was made of what had passed.
        """
        shipped = shipped_schema(self._models.schema).commands.get(command.name)
        name = f"command '{command.name}'"
        found = self._filter(name, shipped.ret_type if shipped else None, command.ret_type)
        return None if found is None else _except_texts(found)

    def event(self, event: Event) -> Filter | None:
        """The same for the data of an event, which is None where there is none."""
        shipped = shipped_schema(self._models.schema).events.get(event.name)
        name = f"event '{event.name}'"
        return self._filter(name, shipped.arg_type if shipped else None, event.arg_type)

    def _filter(
        self, name: str, shipped: SchemaType | None, served: SchemaType | None
    ) -> Filter | None:
        project = self._models.reply(served) if _loses_members(shipped, served) else None
        if self.policy is not None:
            project = _with_policy(self.policy, served, project)
        if not self._check:
            return project
        from qmp_iothreadd.qapi.replies import ReplyError

        def check(value: Any) -> Any:
            sent = value if project is None else project(value)
            try:
                self._models.check_reply(served, sent)
            except ReplyError as error:
                raise ReplyError(f"{name}: {error}") from None
            return sent

        return check


def _except_texts(filtered: Filter) -> Filter:
    from qmp_iothreadd.json.encoded_once import EncodedText

    return lambda value: value if type(value) is EncodedText else filtered(value)


def _with_policy(policy: CompatPolicy, served: SchemaType | None, project: Filter | None) -> Filter:
    """A filter that also leaves out what -compat hides."""

    def strip(value: Any) -> Any:
        return policy.stripped(served, value if project is None else project(value))

    return strip


def _loses_members(shipped: SchemaType | None, served: SchemaType | None) -> bool:
    if shipped is served or shipped is None:
        return False
    if served is None:
        return True
    from qmp_iothreadd.qapi.differences import loses_members

    return loses_members(shipped, served)
