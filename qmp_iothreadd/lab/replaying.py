"""Recorded iterations under other parameters: what polling would have decided."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from qmp_iothreadd.lab import _lab
from qmp_iothreadd.lab.buffers import check_handlers, int64s, uint64s
from qmp_iothreadd.lab.params import Params
from qmp_iothreadd.lab.policies import own_policies

if TYPE_CHECKING:
    from typing_extensions import Buffer


@dataclasses.dataclass(frozen=True, slots=True)
class Replayed:
    """What one set of parameters came to.

    Attributes:
        params: the set.
        poll_ns, handler_ns: the window and each handler's ns at the end.
        mean_poll_ns: of the windows after each decision; 0.0 without one.
        grown, shrunk: how often the window was made longer, and shorter.
        resets: how often a handler's ns was set to 0 because it passed its limit.
        decisions: as many as steps; 0 where ``max_ns`` is 0.
    """

    params: Params
    poll_ns: int
    handler_ns: tuple[int, ...]
    mean_poll_ns: float
    grown: int
    shrunk: int
    resets: int
    decisions: int

    def to_json(self) -> dict[str, Any]:
        """All of it, the set as an object."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {**values, "params": self.params.to_json()}


def replay(
    block_ns: Buffer | Sequence[int],
    events: Buffer | Sequence[int],
    params: Iterable[Params] | Params,
    handlers: int = 1,
) -> list[Replayed]:
    """Make the decisions of an iothread again, for each set of parameters; a list in their order.

    The arithmetic is the engine's own. One set is alike to another: none changes what was recorded.

    Args:
        block_ns: how long each iteration took, from its start to its events: int64, in ns.
        events: which handlers had one: uint64, bit i for the i-th.
        params: the sets, or one.
        handlers: how many are in the poll list, from 1 to 64.

    Raises:
        TypeError: a buffer of something else. ValueError: buffers that do not fit each other or
            ``handlers``.
    """
    check_handlers(handlers)
    sets = [params] if isinstance(params, Params) else list(params)
    found = _lab.replay(
        int64s(block_ns, "block_ns"),
        uint64s(events, "events"),
        sets,
        handlers,
        own_policies(each.policy for each in sets),
    )
    return [_replayed(each, one) for each, one in zip(sets, found, strict=True)]


def _replayed(params: Params, found: _lab._Replayed) -> Replayed:
    poll_ns, handler_ns, total_ns, grown, shrunk, resets, decisions = found
    mean = total_ns / decisions if decisions else 0.0
    return Replayed(params, poll_ns, handler_ns, mean, grown, shrunk, resets, decisions)
