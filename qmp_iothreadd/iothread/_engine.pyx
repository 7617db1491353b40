# cython: language_level=3, boundscheck=False, wraparound=False, embedsignature=False
"""Binding of the native core: contexts with a thread of their own, event notifiers, disks, workloads.

Ownership:

1. An AioContext object owns its native context and frees it when closed or collected. While its
   thread runs the module keeps the object alive; what still runs at exit is stopped then.
2. A registered Handler is owned by its context and keeps it alive in turn, until it is removed or
   the context closed.
3. The GIL is never held while waiting for another thread, and taken by a context's thread only to
   call a handler written in Python.
4. Whatever uses a native object enters its gate before and leaves it afterwards (gate.h), so that
   another thread that closes the object waits. Between the two no Python code runs, except what
   the engine calls, so that a finalizer that closes something does not wait for itself.
5. A context, with its workloads and disk queues, is of the process that made it. In a fork of that it cannot be
   used, is freed by nobody, and goes with the process.
"""

cimport cython

import atexit
import os
from _thread import allocate_lock
from array import array
from collections import namedtuple
from weakref import WeakSet

from cpython.buffer cimport PyObject_CheckBuffer
from cpython.exc cimport PyErr_CheckSignals, PyErr_SetObject, PyErr_WriteUnraisable
from cpython.ref cimport Py_DECREF, Py_INCREF, PyObject
from libc.errno cimport EBADF, EINVAL, errno
from libc.stdint cimport INT64_MAX, int64_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from posix.unistd cimport getpid

from qmp_iothreadd.iothread cimport _native as native

cdef extern from "<errno.h>":
    enum: ECANCELED
    enum: EDEADLK

cdef extern from "Python.h":
    PyObject *PyObject_CallNoArgs(PyObject *callable)
    PyObject *PyObject_CallOneArg(PyObject *callable, PyObject *argument)
    int PyObject_IsTrue(PyObject *value)
    void Py_XDECREF(PyObject *value)
    ctypedef int PyGILState_STATE
    PyGILState_STATE PyGILState_Ensure()
    void PyGILState_Release(PyGILState_STATE state)
    PyGILState_STATE PyGILState_LOCKED

cdef object os_error(int negative_errno):
    return OSError(-negative_errno, os.strerror(-negative_errno))


IDLE_INTERVAL_NS = native.AIO_IDLE_INTERVAL_NS
TIME_MAX_NS = native.AIO_TIME_MAX_NS

# The best first; see AioContext.fdmon.
FD_MONITORS = tuple(native.fd_monitor_names[i].decode() for i in range(native.FD_MONITOR_COUNT))


cdef unsigned fdmon_of(object name) except *:
    if name not in FD_MONITORS:
        raise ValueError(f"fdmon must be one of {', '.join(FD_MONITORS)}, not {name!r}")
    return <unsigned>FD_MONITORS.index(name)


include "_polling.pxi"
include "_handlers.pxi"
include "_calls.pxi"
include "_traces.pxi"


cdef class AioContext:
    """An event loop with adaptive polling, in a thread of its own once started.

    Args:
        name: the thread's name; one longer than 15 bytes is not set (not cut).
        params: PollParams, or None for the policy's defaults.
        policy: one of POLICIES: how the polling window is found.
        idle_interval_ns: a handler without an event for so long, 0 to TIME_MAX_NS, is not polled
            until its next one; by default IDLE_INTERVAL_NS, QEMU's 7 s. (Not with epoll.)
        fdmon: one of FD_MONITORS, what it blocks in; the first that the system allows by default.

    Raises:
        OSError: out of memory or descriptors. ValueError: an unknown policy or fd monitor, or out of
        range.

    Any thread may call any method, close() too. Methods of a closed context raise ValueError, and
    all raise RuntimeError in a fork of the process that made it: its thread is not there.
    """

    cdef native.Gate gate  # around every use of `ctx`
    cdef native.AioContext *ctx
    cdef bytes name
    cdef bint pinned  # its thread, which alone looks at this, keeps a Python thread state
    cdef int pid      # of the process that made it
    cdef object __weakref__

    def __cinit__(self, *args, **values):
        native.gate_init(&self.gate)

    def __init__(self, name=None, params=None, *, policy=POLICIES[0],
                 int64_t idle_interval_ns=IDLE_INTERVAL_NS, fdmon=None):
        if self.ctx != NULL:
            raise RuntimeError("an AioContext is initialized once")
        if not 0 <= idle_interval_ns <= TIME_MAX_NS:
            raise ValueError(f"idle_interval_ns must be from 0 to {TIME_MAX_NS}")
        cdef native.PollParams taken = native_params(
            UNSET_POLL_PARAMS if params is None else params
        )
        self.name = None if name is None else os.fsencode(name)
        self.ctx = native.aio_context_new(taken, policy_of(policy))
        if self.ctx == NULL:
            raise os_error(-errno)
        native.aio_context_set_idle_interval(self.ctx, idle_interval_ns)
        self.pid = getpid()
        native.gate_open(&self.gate)
        if fdmon is not None:
            self.fdmon = fdmon

    def __dealloc__(self):
        if self.ctx != NULL and self.is_of_this_process():
            with nogil:
                native.aio_context_free(self.ctx)
        native.gate_destroy(&self.gate)

    cdef bint is_of_this_process(self) noexcept:
        return getpid() == self.pid

    cdef int check_process(self) except -1:
        """To be called before the gate is touched: a thread that is not here may have its lock."""
        if self.ctx != NULL and not self.is_of_this_process():
            raise RuntimeError(
                f"the context and its thread are of process {self.pid}, and this is a fork of it"
            )
        return 0

    cdef native.AioContext *enter(self, native.GateUse *use) except NULL:
        self.check_process()
        if not native.gate_enter(&self.gate, use):
            raise ValueError("the context is closed")
        return self.ctx

    cdef void leave(self, native.GateUse *use) noexcept nogil:
        native.gate_leave(&self.gate, use)

    cdef bint is_home(self) noexcept:
        """Whether a callback of this context is on the calling thread's stack."""
        cdef native.GateUse use
        cdef bint home = native.gate_is_user(&self.gate)
        if not home and native.gate_enter(&self.gate, &use):
            home = native.aio_context_is_home(self.ctx)
            self.leave(&use)
        return home

    cdef void register_running(self) noexcept:
        """Within a use: the module keeps the context alive while it has a thread."""
        with cython.critical_section(_running):
            if native.aio_context_thread_id(self.ctx):
                _running.add(self)
            else:
                _running.discard(self)

    cdef void pin_thread_state(self) noexcept:
        """Keep this thread's Python state: creating one costs more than most handlers do."""
        if self.pinned or not native.aio_context_in_own_thread(self.ctx):
            return
        self.pinned = True
        PyGILState_Ensure()
        native.aio_context_set_exit_hook(self.ctx, unpin_thread_state, <void *>self)

    def start(self, *, bint wait=True):
        """Start the thread; returns the kernel's id of it, once it runs.

        Without ``wait`` it may neither run nor have its name yet: ``await_started`` is to follow.
        Raises OSError: EBUSY while it runs already or another thread polls it, EAGAIN where no
        thread can be had.
        """
        cdef native.GateUse use
        cdef const char *name = NULL
        cdef int error, thread_id
        if self.name is not None:
            name = self.name
        cdef native.AioContext *ctx = self.enter(&use)
        with nogil:
            error = native.aio_context_start(ctx, name, wait)
            thread_id = native.aio_context_thread_id(ctx)
        self.register_running()
        self.leave(&use)
        if error == -ECANCELED:
            raise ValueError("the context is closed")
        if error:
            raise os_error(error)
        return thread_id

    def stop(self):
        """Stop and join the thread; handlers stay. Nothing happens where none runs.

        Where another thread stops it already, this one returns when it has stopped.

        Raises OSError: EDEADLK when called by one of its own handlers.
        """
        cdef native.GateUse use
        cdef native.AioContext *ctx = self.enter(&use)
        cdef int error
        with nogil:
            error = native.aio_context_stop(ctx)
        self.register_running()
        self.leave(&use)
        if error == -EDEADLK:
            raise os_error(error)

    def request_stop(self):
        """Ask the thread to end, without waiting: who stops many asks all of them first.

        ``stop`` or ``close`` is still to come, and joins it; until then it cannot start again.
        """
        cdef native.GateUse use
        cdef native.AioContext *ctx = self.enter(&use)
        with nogil:
            native.aio_context_request_stop(ctx, False)
            self.leave(&use)

    def close(self):
        """Stop the thread, remove the handlers and free the context. Idempotent.

        Other threads' calls go on until the thread has stopped, and are waited for. Where another
        thread closes it already, this one returns when it is closed.

        Raises OSError: EDEADLK when called by one of its own handlers. RuntimeError: it serves
        workloads or disks; the thread has stopped, and the context may be used.
        """
        cdef int claimed
        cdef unsigned served
        self.check_process()
        if self.is_home():
            raise os_error(-EDEADLK)
        with nogil:
            claimed = native.gate_claim(&self.gate, True)
        if claimed == 0:
            return
        cdef native.AioContext *ctx = self.ctx
        with nogil:
            native.aio_context_set_closing(ctx, True)
            native.aio_context_stop(ctx)
        self.register_running()
        with nogil:
            native.gate_shut(&self.gate)
            native.aio_notify(ctx)  # whoever polls, in poll()
            native.gate_drain(&self.gate)
            served = native.aio_context_workloads(ctx) + native.aio_context_disk_queues(ctx)
            if served == 0:
                self.ctx = NULL
                native.aio_context_free(ctx)
                native.gate_close(&self.gate)
            else:
                native.aio_context_set_closing(ctx, False)
                native.gate_open(&self.gate)
        if served:
            raise RuntimeError("the context serves workloads or disks")

    @property
    def thread_id(self):
        """The kernel's id of the thread, 0 without one."""
        cdef native.GateUse use
        cdef int thread_id = native.aio_context_thread_id(self.enter(&use))
        self.leave(&use)
        return thread_id

    @property
    def poll_ns(self):
        """The busy-polling window now, in ns."""
        cdef native.GateUse use
        cdef int64_t poll_ns = native.aio_context_poll_ns(self.enter(&use))
        self.leave(&use)
        return poll_ns

    @property
    def address(self):
        """What traces call ``ctx``."""
        cdef native.GateUse use
        cdef size_t address = <size_t>self.enter(&use)
        self.leave(&use)
        return address

    @property
    def workloads(self):
        """How many workloads are attached."""
        cdef native.GateUse use
        cdef unsigned workloads = native.aio_context_workloads(self.enter(&use))
        self.leave(&use)
        return workloads

    @property
    def disk_queues(self):
        """How many disk queues are attached."""
        cdef native.GateUse use
        cdef unsigned queues = native.aio_context_disk_queues(self.enter(&use))
        self.leave(&use)
        return queues

    def set_pool_sizes(self, uint32_t least, uint32_t most):
        """How many threads do what blocks, such as reading a file. By default up to 64.

        Of those that are idle so many are kept; the others end after ten seconds. Threads come with
        the first request. Raises ValueError unless 0 <= least <= most and 0 < most.
        """
        cdef native.GateUse use
        if most == 0 or least > most:
            raise ValueError("a thread pool's sizes do not fit together")
        cdef native.AioContext *ctx = self.enter(&use)
        with nogil:
            native.aio_context_set_pool_sizes(ctx, least, most)
            self.leave(&use)

    def set_max_batch(self, uint64_t max_batch):
        """Of what handlers submit, so many jobs go to the pool at a time; 0: a default of 32."""
        cdef native.GateUse use
        native.aio_context_set_max_batch(self.enter(&use), max_batch)
        self.leave(&use)

    @property
    def fdmon(self):
        """What it blocks in, one of FD_MONITORS; with its first handler it is made.

        Set to one that the system refuses, it is the next one; fdmon_refusal says why.
        """
        cdef native.GateUse use
        cdef int refusal
        cdef unsigned index = native.aio_context_fdmon(self.enter(&use), &refusal)
        self.leave(&use)
        return FD_MONITORS[index]

    @fdmon.setter
    def fdmon(self, name):
        cdef native.GateUse use
        cdef unsigned wanted = fdmon_of(name)
        cdef int error
        cdef native.AioContext *ctx = self.enter(&use)
        with nogil:
            error = native.aio_context_set_fdmon(ctx, wanted)
            self.leave(&use)
        if error:
            raise os_error(error)

    @property
    def fdmon_refusal(self):
        """Why fdmon is not the one that was asked for, in words; None where it is."""
        cdef native.GateUse use
        cdef int refusal
        native.aio_context_fdmon(self.enter(&use), &refusal)
        self.leave(&use)
        return os.strerror(-refusal) if refusal else None

    def set_poll_params(self, params, *, policy=None):
        """Take over PollParams, while it runs too; the window and every handler's ns become 0.

        Without ``policy`` it stays as it is.
        """
        cdef native.PollParams taken = native_params(params)
        cdef bint keep = policy is None
        cdef native.PollPolicy chosen = native.POLL_WEIGHTED if keep else policy_of(policy)
        cdef native.GateUse use
        cdef native.AioContext *ctx = self.enter(&use)
        with nogil:
            if keep:
                native.aio_context_poll_params(ctx, &chosen)
            native.aio_context_set_poll_params(ctx, taken, chosen)
            self.leave(&use)

    cdef native.PollParams set_last(self, native.PollPolicy *policy) except *:
        cdef native.GateUse use
        cdef native.PollParams params = native.aio_context_poll_params(self.enter(&use), policy)
        self.leave(&use)
        return params

    @property
    def poll_params(self):
        """The PollParams set last."""
        return poll_params_of(self.set_last(NULL))

    @property
    def policy(self):
        """The policy set last."""
        cdef native.PollPolicy policy
        self.set_last(&policy)
        return POLICIES[policy]

    def set_nice(self, int nice):
        """Set the thread's own nice level. Raises OSError (ESRCH without a thread, EACCES, EPERM)."""
        cdef native.GateUse use
        cdef int error = native.aio_context_set_nice(self.enter(&use), nice)
        self.leave(&use)
        if error:
            raise os_error(error)

    def add_handler(self, source, read=None, *, write=None, poll=None, poll_ready=None,
                    poll_begin=None, poll_end=None):
        """Call ``read()`` in the context's thread whenever ``source`` is readable.

        Args:
            source: a descriptor, or an EventNotifier (whose handler must clear it).
            write: called whenever it is writable. One of the two there must be.
            poll: whether there is work, asked while busy-polling. True for a look without the GIL: at
                an EventNotifier's memory (which set() writes; who writes to its descriptor instead
                should pass that as source), or at what the kernel says of a descriptor. With the fd
                monitor epoll, None keeps the whole context from busy-polling.
            poll_ready: called instead of ``read`` when ``poll`` found the work.
            poll_begin, poll_end: called when busy-polling starts and ends.

        An exception in any of them is reported through sys.unraisablehook. So is, as an OSError
        (EBADF), that a look with ``poll=True`` finds the descriptor closed: the handler is removed.
        Returns a handle for remove_handler. Raises OSError: the descriptor cannot be watched, or has
        a handler already (EEXIST). ValueError: functions that do not fit.
        """
        cdef Handler handler = new_handler(self, source, read, write, poll, poll_ready, poll_begin,
                                           poll_end)
        cdef native.AioHandler *added
        cdef int error = 0
        cdef native.GateUse use
        cdef native.AioContext *ctx = self.enter(&use)
        Py_INCREF(handler)
        with nogil:
            added = native.aio_handler_new(ctx, handler.binding.fd, &handler.ops,
                                           &handler.binding, handler.since())
            if added == NULL:
                error = errno
            native.owned_put(&handler.handler, added)
            self.leave(&use)
        if error:
            Py_DECREF(handler)
            raise os_error(-error)
        return handler

    def replace_handler(self, Handler handler not None, read=None, *, write=None, poll=None,
                        poll_ready=None, poll_begin=None, poll_end=None):
        """Other functions for a handler's source, as add_handler takes them. No event is lost.

        When it returns no function of the old one runs, nor will (called by one of those, that holds
        from its return on). Returns the new handle. Raises ValueError: the handler was removed, or is
        another context's. OSError: the descriptor was closed; the old one stays.
        """
        if handler.context is not self:
            raise ValueError("the handler is another context's")
        if handler.source is None:
            raise ValueError("the handler is removed")
        cdef Handler made = new_handler(self, handler.source, read, write, poll, poll_ready,
                                        poll_begin, poll_end)
        cdef native.AioHandler *added
        cdef native.AioHandler *old
        cdef int error = 0
        cdef native.GateUse use
        self.enter(&use)
        Py_INCREF(made)
        with nogil:
            old = <native.AioHandler *>native.owned_take(&handler.handler)
            if old == NULL:
                error = EINVAL
            else:
                added = native.aio_handler_replace(old, &made.ops, &made.binding, made.since())
                if added == NULL:
                    error = errno
                    native.owned_put(&handler.handler, old)
                native.owned_put(&made.handler, added)
            self.leave(&use)
        if error:
            Py_DECREF(made)
            if error == EINVAL:
                raise ValueError("the handler is removed")
            raise os_error(-error)
        return made

    def remove_handler(self, Handler handler not None):
        """Remove a handler; no callback of it runs when this returns, nor will.

        Called by one of its own callbacks, that holds from its return on. Removing it again does
        nothing. Raises ValueError: it is another context's.
        """
        cdef native.GateUse use
        cdef native.AioHandler *removed
        if handler.context is not self:
            raise ValueError("the handler is another context's")
        self.check_process()
        with nogil:
            if native.gate_enter(&self.gate, &use):
                removed = <native.AioHandler *>native.owned_take(&handler.handler)
                if removed != NULL:
                    native.aio_handler_free(removed)
                self.leave(&use)
            else:
                native.gate_await_closed(&self.gate)  # which removes it

    def schedule(self, fn):
        """Call ``fn()`` once in the context's thread, soon. Any thread may.

        Returns a BottomHalf, to cancel it by. It is gone when it has run.
        """
        return new_bottom_half(self, fn, True)

    def bottom_half(self, fn):
        """A BottomHalf that calls ``fn()`` each time that it is scheduled, until it is deleted."""
        return new_bottom_half(self, fn, False)

    def call_later(self, int64_t delay_ns, fn):
        """Call ``fn()`` once in the context's thread, no sooner than in ``delay_ns``.

        Returns a Timer, to modify or cancel it by.
        """
        cdef Timer timer = new_timer(self, fn)
        timer.modify(delay_ns)
        return timer

    def timer(self, fn):
        """A Timer that calls ``fn()`` when its modify() says."""
        return new_timer(self, fn)

    def submit(self, fn, done=None):
        """Call ``fn()``, which may block, in a thread of the context's pool.

        Then ``done(future)`` is called in the context's thread. Any thread may submit. What handlers
        submit goes to the pool when all of them have run, or set_max_batch() of them are together:
        so a handler must not wait for the result.

        Returns the concurrent.futures.Future; it is cancelled when the context is closed before its
        turn came.
        """
        from concurrent.futures import Future  # few programs need it

        future = Future()
        submit_to_pool(self, fn, done, future)
        return future

    def notify(self):
        """Have the thread look again: an iteration that waits or polls ends. Any thread may."""
        cdef native.GateUse use
        native.aio_notify(self.enter(&use))
        self.leave(&use)

    def poll(self, bint blocking):
        """One iteration in the calling thread; whether something ran.

        For handlers (nested), and for contexts without a thread. Raises OSError: EBUSY when its
        thread runs and this is another.
        """
        cdef native.GateUse use
        cdef native.AioContext *ctx = self.enter(&use)
        cdef int result
        with nogil:
            result = native.aio_context_poll(ctx, blocking)
            self.leave(&use)
        if result < 0:
            raise os_error(result)
        PyErr_CheckSignals()
        return bool(result)

    def stats(self):
        """What polling did since the start or the last reset_stats(); never stops the thread.

        Returns a dictionary: every counter (``*_ns`` are ns); poll_ns, poll_ns_mean,
        poll_ns_by_time (the mean over the time that each was in force), poll_ns_histogram ({bits
        of poll_ns: adjustments}); observed_ns, cpu_ns (of the thread in all); latency_ns ({"p50",
        "p90", "p99", "p99.9", "max"}), latency_count, latency_sum_ns, latency_histogram ({bucket:
        latencies}, see latency_bounds); handlers (as handlers()).
        """
        cdef native.GateUse use
        cdef native.AioContext *ctx = self.enter(&use)
        cdef native.AioStatsSnapshot snapshot
        cdef int64_t cpu_ns
        cdef int i
        with nogil:
            native.aio_context_stats(ctx, &snapshot)
            cpu_ns = native.aio_context_cpu_ns(ctx)
            self.leave(&use)
        result = {
            native.aio_counter_names[i].decode(): native.stats_counter(&snapshot, i)
            for i in range(native.AIO_COUNTER_COUNT)
        }
        result.update(
            poll_ns=snapshot.poll_ns,
            poll_ns_mean=snapshot.poll_ns_mean,
            poll_ns_by_time=snapshot.poll_ns_by_time,
            poll_ns_histogram={
                i: snapshot.poll_histogram[i]
                for i in range(native.POLL_HISTOGRAM_BUCKETS)
                if snapshot.poll_histogram[i]
            },
            observed_ns=snapshot.observed_ns,
            cpu_ns=cpu_ns,
            handlers=self.handlers(),
            **latency_stats(&snapshot.latency),
        )
        return result

    def reset_stats(self):
        """Set the statistics to zero, between two iterations of the thread."""
        cdef native.GateUse use
        cdef native.AioContext *ctx = self.enter(&use)
        with nogil:
            native.aio_context_reset_stats(ctx)
            self.leave(&use)

    def handlers(self):
        """The handlers, the context's own notifier first: dictionaries with node (what traces call
        it), fd, polled (is in the poll list), ns and events; those that know when an event came
        have latency_ns, latency_count, latency_sum_ns and latency_histogram, as stats() has them.
        """
        cdef native.GateUse use
        cdef native.AioContext *ctx = self.enter(&use)
        cdef size_t count, found = 0, i
        cdef native.AioHandlerInfo *info
        with nogil:
            count = native.aio_context_handlers(ctx, NULL, 0) + 16
            info = <native.AioHandlerInfo *>malloc(count * sizeof(info[0]))
            if info != NULL:
                found = min(count, native.aio_context_handlers(ctx, info, count))
            self.leave(&use)
        if info == NULL:
            raise MemoryError
        try:
            return [
                {
                    "node": <uint64_t><size_t>info[i].handler,
                    "fd": info[i].fd,
                    "polled": bool(info[i].polled),
                    "ns": info[i].ns,
                    "events": info[i].events,
                    **(latency_stats(&info[i].latency) if info[i].latency.count else {}),
                }
                for i in range(found)
            ]
        finally:
            free(info)

    def drain_traces(self, size_t limit=1000000):
        """Take up to ``limit`` trace records, oldest first: tuples (time_ns, event, *arguments).

        time_ns is wall-clock time; arguments are as QEMU's without ctx. x_aio_adjust has block_ns,
        policy, PollParams, poll_ns before, poll_ns after, action, and a list of (node, fd, event,
        ns before, ns after), one for each handler in the poll list.
        """
        cdef uint64_t *record = <uint64_t *>malloc(
            native.TRACE_RECORD_WORDS_MAX * sizeof(uint64_t))
        if record == NULL:
            raise MemoryError
        records = []
        try:
            while <size_t>len(records) < limit and self.read_trace(record):
                records.append(trace_record(record))
        finally:
            free(record)
        return records

    def drain_raw_traces(self, size_t limit=1000000):
        """Take up to ``limit`` trace records, oldest first, and keep those of x_aio_adjust.

        Returns:
            Their words as bytes (trace.h), how many they are, and how many were taken.
        """
        cdef uint64_t *record = <uint64_t *>malloc(
            native.TRACE_RECORD_WORDS_MAX * sizeof(uint64_t))
        cdef size_t length, seen = 0, count = 0
        if record == NULL:
            raise MemoryError
        records = bytearray()
        try:
            while seen < limit and (length := self.read_trace(record)):
                seen += 1
                if (record[0] & 0xffff) == native.TRACE_x_aio_adjust:
                    records += (<char *>record)[:length * sizeof(uint64_t)]
                    count += 1
        finally:
            free(record)
        return bytes(records), count, seen

    cdef size_t read_trace(self, uint64_t *record) except? 0:
        cdef native.GateUse use
        cdef size_t length = native.aio_context_trace_read(self.enter(&use), record)
        self.leave(&use)
        return length

    @property
    def traces_dropped(self):
        """Records lost because nobody drained them in time."""
        cdef native.GateUse use
        cdef uint64_t dropped = native.aio_context_trace_dropped(self.enter(&use))
        self.leave(&use)
        return dropped


cdef dict latency_stats(const native.LatencySnapshot *latency):
    return {
        "latency_ns": dict(zip(("p50", "p90", "p99", "p99.9", "max"), latency.quantile_ns)),
        "latency_count": latency.count,
        "latency_sum_ns": latency.sum_ns,
        "latency_histogram": {
            i: latency.buckets[i] for i in range(native.HISTOGRAM_BUCKETS) if latency.buckets[i]
        },
    }


def latency_bounds(unsigned bucket):
    """The least and the greatest latency in ns of a bucket of latency_histogram."""
    return native.histogram_low(bucket), native.histogram_low(bucket + 1) - 1


include "_together.pxi"
include "_throttle.pxi"
include "_disk.pxi"
include "_disk_queue.pxi"
include "_workload.pxi"
include "_probe.pxi"

_running = set()


def live_counters():
    """How many of each native object exist; all zero when everything was closed."""
    cdef int64_t counts[native.AIO_LIVE_COUNT]
    native.aio_live_snapshot(counts)
    return {native.aio_live_names[i].decode(): counts[i] for i in range(native.AIO_LIVE_COUNT)}


@atexit.register
def _stop_running():
    cdef AioContext context
    for stop in AioContext.request_stop, AioContext.stop:
        for context in list(_running):
            if context.is_of_this_process():  # a fork has inherited no thread
                try:
                    stop(context)
                except ValueError:
                    pass  # another thread has closed it
