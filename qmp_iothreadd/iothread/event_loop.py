"""The QOM types with an event loop: ``event-loop-base``, ``iothread`` and ``main-loop``.

Their properties are the members of the schema's branches; what is said here is only what the
schema cannot say: defaults, ranges, and which thread they act on.
"""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any, ClassVar

from qmp_iothreadd import errors
from qmp_iothreadd.iothread.together import Together
from qmp_iothreadd.json.encoded_once import EncodedOnce
from qmp_iothreadd.qom.configurable import ConfigurableObject, Setting
from qmp_iothreadd.qom.object import ObjectType, Property
from qmp_iothreadd.qom.types import USER_CREATABLE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qmp_iothreadd.iothread._engine import AioContext, PollParams
    from qmp_iothreadd.iothread.trace_log import TraceLog
    from qmp_iothreadd.qapi.schema import Member

INT_MAX = 2**31 - 1
INT64_MAX = 2**63 - 1
POLICY = "x-poll-policy"
# The policy before QEMU 11.1, whose factors were 0 by default, and could be set to 0.
LEGACY = "legacy"
FDMON = "x-fdmon"
_POOL_MIN = "thread-pool-min"
_POOL_MAX = "thread-pool-max"


@functools.cache
def polling_settings() -> dict[str, Setting]:
    """What the engine says of the properties about polling."""
    # The extension is loaded when the first iothread is made: the greeting need not wait for it.
    from qmp_iothreadd.iothread._engine import POLICIES, POLL_PARAMS

    return {POLICY: Setting(POLICIES[0])} | {
        each.property: Setting(each.default, (each.minimum, each.maximum)) for each in POLL_PARAMS
    }


@functools.cache
def _unset_params() -> tuple[PollParams, dict[str, int]]:
    """What a thread polls by where nothing was set, also by property.

    A 0 stays one until it is looked at: what it stands for is the policy's matter.
    """
    from qmp_iothreadd.iothread._engine import (  # see polling_settings
        POLL_PARAMS,
        UNSET_POLL_PARAMS,
    )

    names = [each.property for each in POLL_PARAMS]
    return UNSET_POLL_PARAMS, dict(zip(names, UNSET_POLL_PARAMS, strict=True))


@functools.cache
def _fdmon_setting() -> Setting:
    from qmp_iothreadd.iothread._engine import FD_MONITORS  # see polling_settings

    return Setting(FD_MONITORS[0])


class EventLoopBase(ConfigurableObject):
    """What iothreads and the main loop share: a batch size and a thread pool's sizes.

    ``context``: whose pool that is, where there is one.
    """

    __slots__ = ("_context",)

    qom_name = "event-loop-base"
    abstract = True

    settings: ClassVar[dict[str, Setting]] = {
        "aio-max-batch": Setting(0, (0, INT64_MAX)),
        _POOL_MIN: Setting(0, (0, INT64_MAX)),
        _POOL_MAX: Setting(64, (0, INT64_MAX)),
    }

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self._context: AioContext | None = None

    @property
    def context(self) -> AioContext | None:
        """The context, which has taken over all that was set; None where there is none."""
        return self._context

    @property
    def active(self) -> bool:
        """Whether the loop runs, so that a changed property takes effect."""
        raise NotImplementedError

    def apply(self, name: str) -> None:
        """Let a running loop take over the property ``name``.

        Raises:
            QmpError: the thread pool's sizes do not fit together (the value stays, as in
            QEMU's event-loop-base.c).
        """
        if name in EventLoopBase.settings:
            if self.active:
                self.check_thread_pool()
            self.set_up_pool()

    def set_up_pool(self) -> None:
        """Give the context the sizes of a batch, and of its pool; not those that were refused."""
        if self._context is not None:
            if self._pool_sizes_fit():
                self._context.set_pool_sizes(self.load(_POOL_MIN), self.load(_POOL_MAX))
            self._context.set_max_batch(self.load("aio-max-batch"))

    def check_thread_pool(self) -> None:
        """Refuse pool sizes that no pool can have."""
        if not self._pool_sizes_fit():
            raise errors.bad_thread_pool_values()

    def _pool_sizes_fit(self) -> bool:
        low, high = self.load(_POOL_MIN), self.load(_POOL_MAX)
        return bool(low <= high and 0 < high <= INT_MAX)


class MainLoop(EventLoopBase):
    """The daemon's own loop as an object: at most one, and it stays."""

    __slots__ = ()

    qom_name = "main-loop"
    interfaces = (USER_CREATABLE,)

    def serve(self, context: AioContext | None) -> None:
        """Have a context, for disks without an iothread, or none any more."""
        self._context = context
        self.set_up_pool()

    @property
    def active(self) -> bool:
        """Always: the loop was there first, so the first property that does not fit is refused."""
        return True

    def complete(self) -> None:
        """Become the main loop's object; a second one is refused."""
        siblings = self.parent.children if self.parent else None
        if any(
            type(other) is MainLoop and other is not self for other in (siblings or {}).values()
        ):
            raise errors.main_loop_exists()

    def check_deletable(self) -> None:
        """Refuse: the daemon cannot do without its loop."""
        raise errors.main_loop_deletion(self.name)


class IOThread(EventLoopBase):
    """An OS thread that polls adaptively."""

    __slots__ = (
        "_changed",
        "_deleted",
        "_holders",
        "_info",
        "_together",
        "polling_supported",
        "thread_id",
        "traces",
    )

    qom_name = "iothread"
    interfaces = (USER_CREATABLE,)
    qom_properties: ClassVar[tuple[Property, ...]] = (
        Property("x-stats", "IOThreadStats", lambda obj: obj.stats(), listed=False),
    )

    settings: ClassVar[dict[str, Setting]] = EventLoopBase.settings | {
        "x-nice": Setting(None, (-20, 19)),
        "x-cpus": Setting(),
    }

    def __init__(
        self,
        type: ObjectType,
        *,
        polling_supported: bool = True,
        traces: TraceLog | None = None,
        together: Together | None = None,
    ) -> None:
        """``polling_supported`` False: as where no thread can poll; poll defaults are 0.

        ``traces`` gets what the thread traces. ``together``: the machine's, which may put off what
        the thread is to be told; by default it is told at once.
        """
        super().__init__(type)
        self.polling_supported = polling_supported
        self.traces = traces
        self._together = Together() if together is None else together
        self._changed = False
        self._info: EncodedOnce | None = None
        self._holders = 0
        self._deleted = False
        self.thread_id = -1

    @property
    def context(self) -> AioContext | None:
        """The context, which has taken over all that was set; None where no thread runs."""
        if self._changed:
            self.take_over()
        return self._context

    @property
    def active(self) -> bool:
        """Whether the thread runs."""
        return self._context is not None

    def setting(self, name: str) -> Setting:
        """The row of a property; those about polling are the engine's."""
        if name == FDMON:
            return _fdmon_setting()
        return polling_settings().get(name) or super().setting(name)

    def load(self, name: str) -> Any:
        """The value in force of a property."""
        if name == FDMON and self._context is not None:
            return self._context.fdmon
        value = self.values.get(name)
        if value is None and not self.polling_supported and name in polling_settings():
            return self.setting(name).default if name == POLICY else 0
        if not value and _unset_params()[1].get(name) == 0:
            return 0 if self.values.get(POLICY) == LEGACY else self.setting(name).default
        if value is not None:
            return value
        if name == "x-nice":
            return os.getpriority(os.PRIO_PROCESS, max(self.thread_id, 0))
        if name == "x-cpus":
            return sorted(os.sched_getaffinity(max(self.thread_id, 0)))
        return self.setting(name).default

    def apply(self, name: str) -> None:
        """Let the running thread take over the property ``name``."""
        self._info = self._together.described = None
        if self._context is None:
            return
        if name == "x-cpus":
            self._set_cpus()
        elif name in polling_settings():
            self._change_polling()
        elif name == "x-nice":
            self._set_nice()
        elif name == FDMON:
            self._set_fdmon()
        elif name in EventLoopBase.settings:
            self._change_polling()  # event-loop-base.c does it for both kinds
            super().apply(name)

    def _change_polling(self) -> None:
        self._check_polling()
        if not self._changed:
            self._changed = True
            self._together.change(self)

    def take_over(self) -> None:
        """Give the thread its polling parameters now, if they were set; polling starts afresh."""
        change = self.change_to_take_over()
        if change is not None:
            context, params, policy = change
            context.set_poll_params(params, policy=policy)

    def change_to_take_over(self) -> tuple[AioContext, PollParams, str] | None:
        """What ``take_over`` would do is the caller's now; None where there is nothing to do."""
        changed, self._changed = self._changed, False
        if not changed or self._context is None:
            return None
        return self._context, self._poll_params(), self.load(POLICY)

    def _check_polling(self) -> None:
        if not self.polling_supported and self.load("poll-max-ns"):
            raise errors.polling_unsupported()

    def complete(self) -> None:
        """Start the thread; when this returns it runs and its id is known."""
        has_pool = not EventLoopBase.settings.keys().isdisjoint(self.values)
        if has_pool:
            self.check_thread_pool()
        self._check_polling()
        try:
            context, self.thread_id = self._together.start(
                f"IO {self.name}", self._poll_params(), self.load(POLICY)
            )
        except OSError as error:
            raise errors.aio_context_failed(error.strerror or str(error)) from None
        self._context = context
        if self.traces is not None:
            self.traces.attach(context)
        if has_pool:
            self.set_up_pool()
        try:
            if FDMON in self.values:
                self._set_fdmon()
            if "x-nice" in self.values:
                self._set_nice()
            if "x-cpus" in self.values:
                self._set_cpus()
        except errors.QmpError:
            self.finalize()
            raise

    def stats(self) -> dict[str, Any]:
        """The members of an IOThreadStats: what polling did since the last reset."""
        from qmp_iothreadd.iothread.stats import iothread_stats  # few clients ask for it

        context = self.context
        assert context is not None
        return iothread_stats(self.name, context)

    def reset_stats(self) -> None:
        """Start the statistics afresh; polling goes on as it was."""
        context = self.context
        assert context is not None
        context.reset_stats()

    def check_deletable(self) -> None:
        """Refuse while a workload is served."""
        if self._context is not None and self._context.workloads:
            raise errors.object_in_use(self.name)

    def info(self, members: Iterable[Member]) -> EncodedOnce:
        """These members of an IOThreadInfo, always the same ones, as they are now.

        One that was never set and has no default is the least of its type, as in ``qom-get``.
        """
        if self._info is None:
            self._info = EncodedOnce({member.name: self._shown(member) for member in members})
        return self._info

    def request_stop(self) -> None:
        """Ask the thread to end, without waiting for it; ``finalize`` is still to come."""
        if self._context is not None:
            self._context.request_stop()

    def hold(self) -> None:
        """Keep the thread until ``drop``, also where the object is deleted: a device uses it."""
        self._holders += 1

    def drop(self) -> None:
        """Undo a ``hold``; the last one ends the thread of a deleted object."""
        self._holders -= 1
        if self._deleted and not self._holders:
            self._end()

    def finalize(self) -> None:
        """Stop and join the thread, unless it is held."""
        self._deleted = True
        if not self._holders:
            self._end()

    def _end(self) -> None:
        context, self._context = self._context, None
        if context is not None:
            self._together.end(context, self.traces)

    def _shown(self, member: Member) -> Any:
        if member.name == "id":
            return self.name
        if member.name == "thread-id":
            return self.thread_id
        value = self.load(member.name)
        if value is None:
            from qmp_iothreadd.qapi.stub_values import stub_value  # rarely: most have defaults

            return stub_value(member.type)
        return value

    def _set_fdmon(self) -> None:
        """Give the running thread its fd monitor; where that is refused the next, which is said."""
        assert self._context is not None
        wanted = self.values[FDMON]
        try:
            self._context.fdmon = wanted
        except OSError as error:
            raise errors.fdmon_failed(wanted, error.strerror or str(error)) from None
        refusal = self._context.fdmon_refusal
        if refusal is not None:
            from qmp_iothreadd.iothread.standard_error import write_lines  # rarely

            write_lines(
                f"warning: {self.name}: {wanted} is refused ({refusal}): it uses "
                f"{self._context.fdmon}\n"
            )

    def _set_nice(self) -> None:
        """Give the running thread its nice level; where that is refused the old one stays."""
        assert self._context is not None
        wanted = self.values["x-nice"]
        try:
            self._context.set_nice(wanted)
        except OSError as error:
            del self.values["x-nice"]
            raise errors.nice_failed(wanted, error.strerror or str(error)) from None

    def _set_cpus(self) -> None:
        """Let the running thread run on its CPUs alone; where that is refused it is as before."""
        from qmp_iothreadd.iothread.affinity import run_on  # rarely

        try:
            run_on(self.thread_id, self.values["x-cpus"])
        except errors.QmpError:
            del self.values["x-cpus"]
            raise

    def _poll_params(self) -> PollParams:
        """What the thread polls by; each value was checked when it was stored."""
        unset, by_name = _unset_params()
        if not self.values and self.polling_supported:
            return unset
        given = self.values.get
        if not self.polling_supported:
            return unset._make([given(name, 0) for name in by_name])
        return unset._make([given(name, value) for name, value in by_name.items()])
