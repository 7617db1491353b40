"""The iothreads of a machine, in order and described: both are kept while nothing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd.iothread.event_loop import IOThread
from qmp_iothreadd.json.encoded_once import EncodedOnce, EncodedText

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qmp_iothreadd.iothread.together import Together
    from qmp_iothreadd.qapi.schema import Member
    from qmp_iothreadd.qom.object import Object


class IOThreadList:
    """The iothreads among ``objects()``: in order, and another tuple once that changes."""

    __slots__ = ("_iothreads", "_listed", "_objects", "_together")

    def __init__(self, objects: Callable[[], tuple[Object, ...]], together: Together) -> None:
        self._objects = objects
        self._together = together
        self._listed: tuple[Object, ...] = ()
        self._iothreads: list[IOThread] = []

    def __call__(self) -> list[IOThread]:
        """The iothreads there are now; the caller changes nothing."""
        objects = self._objects()
        if objects is not self._listed:
            self._listed = objects
            self._iothreads = [each for each in objects if isinstance(each, IOThread)]
            self._together.described = None
        return self._iothreads

    def infos(self, members: Iterable[Member]) -> list[EncodedOnce]:
        """An IOThreadInfo of each, with these members."""
        return [each.info(members) for each in self()]

    def text(self, members: Iterable[Member]) -> EncodedText:
        """The same as text."""
        self()
        found = self._together.described
        if found is None:
            from qmp_iothreadd.json.writer import dumps  # loaded with the first session

            infos = self.infos(members)
            found = EncodedText(dumps(infos).decode("ascii"), lambda: infos)
            self._together.described = found
        return found
