# Part of _engine.pyx: synthetic load.

ARRIVALS = tuple(
    native.arrival_processes[i].name.decode() for i in range(native.arrival_process_count)
)
# A device draws its latencies as requests arrive, or from a table.
LATENCIES = (*ARRIVALS, native.arrival_any_of.name.decode())
AT_END = ("repeat", "stop")
ACCESS_PATTERNS = tuple(
    native.access_patterns[i].name.decode() for i in range(native.access_pattern_count)
)
WORKLOAD_DEPTH_MAX = native.WORKLOAD_RING_SIZE
WORKLOAD_LATE_NS = native.WORKLOAD_LATE_NS
WORKLOAD_PHASES_MAX = native.WORKLOAD_PHASES_MAX


def parse_intervals(bytes text not None, Py_ssize_t most):
    """The intervals of a trace: one in ns a line, ``#`` begins a comment; and the longest of them.

    Args:
        most: how many there may be.

    Returns:
        An array of 64-bit integers, and a number.

    Raises:
        ValueError: a line is something else; its argument is the line's number. OverflowError:
        there are more.
    """
    # Its shortest line takes two bytes, but the last one.
    found = array("q", [0]) * min(max(most, 0), len(text) // 2 + 1)
    cdef int64_t[::1] view = found
    cdef native.Intervals result
    cdef int64_t *out = &view[0] if len(found) else NULL
    cdef int error = native.intervals_parse(
        text, <size_t>len(text), TIME_MAX_NS, out, <size_t>len(found), &result
    )
    del view
    if error == -EINVAL:
        raise ValueError(result.line)
    if error:
        raise OverflowError
    del found[result.count:]
    return found, result.longest


cdef class ArrivalWords:
    """When requests arrive, or how long a device takes, as native code takes it."""

    cdef native.ArrivalParams params
    cdef native.ArrivalPhase phase_params[native.WORKLOAD_PHASES_MAX]  # lent, as is the next
    cdef const int64_t[::1] intervals  # keeps the trace alive and in its place

    def __cinit__(self, *, arrival=ARRIVALS[0], int64_t interval_ns=100000, double sigma=1.0,
                  int64_t on_ns=1000000, int64_t off_ns=1000000, int64_t slow_ns=1000000,
                  double slow_share=0.1, double shape=1.5, intervals=(), at_end=AT_END[0],
                  phases=(), uint64_t seed=0):
        cdef native.ArrivalParams *params = &self.params
        if arrival not in LATENCIES:
            raise ValueError(f"arrival must be one of {', '.join(ARRIVALS)}, not {arrival!r}")
        if at_end not in AT_END:
            raise ValueError(f"at_end must be one of {', '.join(AT_END)}, not {at_end!r}")
        params.process = arrival_process(arrival)
        params.interval_ns, params.sigma, params.seed = interval_ns, sigma, seed
        params.on_ns, params.off_ns = on_ns, off_ns
        params.slow_ns, params.slow_share, params.shape = slow_ns, slow_share, shape
        params.stops = at_end == "stop"
        self.take_intervals(intervals)
        self.take_phases(list(phases))

    cdef int take_intervals(self, intervals) except -1:
        if not PyObject_CheckBuffer(intervals):
            intervals = array("q", intervals)
        self.intervals = intervals
        self.params.interval_count = <size_t>self.intervals.shape[0]
        if self.params.interval_count:
            self.params.intervals = &self.intervals[0]
        return 0

    cdef int take_phases(self, list phases) except -1:
        cdef ArrivalWords words
        if len(phases) > native.WORKLOAD_PHASES_MAX:
            raise ValueError(f"more than {native.WORKLOAD_PHASES_MAX} phases")
        for i, (given, lasts_ns) in enumerate(phases):
            words = ArrivalWords(**given)
            self.phase_params[i].params = words.params
            self.phase_params[i].lasts_ns = lasts_ns
        self.params.phases, self.params.phase_count = self.phase_params, len(phases)
        return 0


cdef const native.ArrivalProcess *arrival_process(name):
    if name == LATENCIES[len(LATENCIES) - 1]:
        return &native.arrival_any_of
    return &native.arrival_processes[<int>ARRIVALS.index(name)]


@cython.no_gc_clear  # the engine may use what they keep alive, until the workload has ended
cdef class WorkloadParams:
    """When requests arrive, how many at a time, what each costs, and who does what with it.

    Args:
        words: arrival (one of ARRIVALS; the table in arrival.c says what each does with the next
            ones), interval_ns, sigma, on_ns, off_ns, slow_ns, slow_share, shape; ``intervals`` (a buffer
            of int64, which is used where it is, such as a file mapped into memory; or any integers) and ``at_end`` (one of
            AT_END); ``phases``: pairs of a mapping of such words and how many ns it lasts; seed,
            of the random numbers. Times go from 0 to TIME_MAX_NS.
        depth: closed loop: at most so many requests in flight. 0: open loop.
        think_ns: closed loop: how long after a request ended the next one comes in its place; the
            arrival counts for nothing then. 0: at once, or when it arrives.
        service_ns: CPU time that the handler spends on each request.
        device: None, or a mapping of words as above, whose arrival is one of LATENCIES: requests
            are completed so much later, on another handler.
        pattern: one of ACCESS_PATTERNS; access.c says what each does.
        block_size: bytes of each request: whole sectors, up to DISK_REQUEST_MAX.
        read_percent: how many of 100 requests read; the others write.
        flush_every: after so many writes comes a flush; 0: never.
        cpus: those that the generator may run on, which it shares with workloads of the same ones;
            none: any. They are not changed by tune().

    Raises:
        ValueError: unknown arrival or pattern, or a parameter is out of range. OverflowError: a
        number that does not fit into 64 bits.
    """

    cdef native.WorkloadParams native_params
    cdef ArrivalWords arrival, device  # keep what the parameters point to alive

    def __cinit__(self, *, uint32_t depth=0, int64_t think_ns=0, int64_t service_ns=0,
                  device=None, pattern=ACCESS_PATTERNS[0], uint32_t block_size=4096,
                  uint32_t read_percent=100, uint32_t flush_every=0, uint64_t seed=0, cpus=(),
                  **words):
        cdef native.AccessParams *access = &self.native_params.access
        if pattern not in ACCESS_PATTERNS:
            raise ValueError(
                f"pattern must be one of {', '.join(ACCESS_PATTERNS)}, not {pattern!r}"
            )
        access.pattern = &native.access_patterns[<int>ACCESS_PATTERNS.index(pattern)]
        access.block_bytes, access.read_percent = block_size, read_percent
        access.flush_every, access.seed = flush_every, seed
        self.arrival = ArrivalWords(seed=seed, **words)
        self.native_params.arrival = self.arrival.params
        if device is not None:
            self.device = ArrivalWords(**{"seed": ~seed & 0xFFFFFFFFFFFFFFFF, **device})
            self.native_params.device = self.device.params
        self.native_params.depth, self.native_params.think_ns = depth, think_ns
        self.native_params.service_ns = service_ns
        for cpu in cpus:
            if not 0 <= cpu < native.CPU_MASK_CPUS:
                raise ValueError(f"there is no CPU {cpu}")
            native.cpu_mask_add(&self.native_params.cpus, cpu)
        workload_error(native.workload_check(&self.native_params))

    def sample(self, Py_ssize_t count):
        """The first ``count`` intervals in ns, a list; always the same ones, fewer at an end."""
        cdef native.Arrival arrival
        native.arrival_init(&arrival, &self.native_params.arrival)
        found = [native.arrival_next_ns(&arrival) for _ in range(count)]
        return found[:found.index(native.ARRIVAL_ENDED)] if native.ARRIVAL_ENDED in found else found

    def sample_accesses(self, Py_ssize_t count, uint64_t disk_size):
        """The first ``count`` accesses: a list of (one of DISK_OPERATIONS, offset, bytes)."""
        cdef native.Access access
        cdef native.DiskAccess next
        native.access_init(&access, &self.native_params.access)
        found = []
        for _ in range(count):
            next = native.access_next(&access, disk_size)
            found.append((DISK_OPERATIONS[next.op], next.offset, next.bytes))
        return found


@cython.no_gc_clear  # __dealloc__ needs the context
cdef class NativeWorkload:
    """Synthetic load on a context or a disk, generated by native threads until stopped.

    Args:
        server: what serves it: an AioContext, which cannot be closed before the workload is
            stopped, or a DiskQueue, which stops it when it is closed.
        params: as WorkloadParams takes them.

    Raises:
        ValueError: as WorkloadParams. OSError: no memory, descriptors or threads left; ENODEV: the
        generator may not run on all of the CPUs.
    """

    cdef native.Gate gate  # around every use of `workload`
    cdef native.Workload *workload
    cdef native.WorkloadStats last  # once it is stopped
    cdef readonly AioContext context
    cdef DiskQueue queue
    cdef WorkloadParams params  # keeps what the engine was lent: those in force
    cdef object tuning          # a lock: they are exchanged together with the engine's
    cdef object __weakref__

    def __cinit__(self, server, **params):
        native.gate_init(&self.gate)
        cdef WorkloadParams checked = WorkloadParams(**params)
        self.params, self.tuning = checked, allocate_lock()
        if isinstance(server, DiskQueue):
            self.queue = server
            self.context = self.queue.context
            workload_error(self.begin_on_disk(&checked.native_params))
        else:
            self.context = server
            workload_error(self.begin(&checked.native_params))

    cdef int begin(self, const native.WorkloadParams *params) except? -1:
        cdef native.GateUse use
        cdef int error = 0
        cdef native.AioContext *ctx = self.context.enter(&use)
        with nogil:
            self.workload = native.workload_new(ctx, params)
            if self.workload == NULL:
                error = errno
            else:
                native.gate_open(&self.gate)
        self.context.leave(&use)
        return -error

    cdef int begin_on_disk(self, const native.WorkloadParams *params) except? -1:
        cdef native.GateUse use
        cdef int error = 0
        self.queue.workloads.add(self)  # first: who closes the queue stops what has begun
        cdef native.DiskQueue *queue = self.queue.enter(&use)
        with nogil:
            self.workload = native.workload_new_on_disk(queue, params)
            if self.workload == NULL:
                error = errno
            else:
                native.gate_open(&self.gate)
            self.queue.leave(&use)
        return -error

    def __dealloc__(self):
        if self.workload != NULL and self.context.is_of_this_process():
            with nogil:
                native.workload_free(self.workload)
        native.gate_destroy(&self.gate)

    cdef native.Workload *enter(self, native.GateUse *use) except NULL:
        self.context.check_process()
        if not native.gate_enter(&self.gate, use):
            raise ValueError("the workload is stopped")
        return self.workload

    cdef void leave(self, native.GateUse *use) noexcept nogil:
        native.gate_leave(&self.gate, use)

    def tune(self, **params):
        """Go on with other parameters, from the next request on; as the constructor otherwise."""
        cdef WorkloadParams checked = WorkloadParams(**params)
        with self.tuning:
            workload_error(self.take_over(&checked.native_params))
            self.params = checked

    cdef int take_over(self, const native.WorkloadParams *params) except? -1:
        cdef native.GateUse use
        cdef native.Workload *workload = self.enter(&use)
        cdef int error
        with nogil:
            error = native.workload_tune(workload, params)
            self.leave(&use)
        return error

    def stop(self):
        """Stop generating and leave the context; what is in flight is dropped. Idempotent.

        It waits for calls of other threads, another stop() among them, which the context's own
        handlers do not: it could wait for them.
        """
        self.context.check_process()
        cdef bint wait = not self.context.is_home()
        cdef int claimed
        with nogil:
            claimed = native.gate_claim(&self.gate, wait)
            if claimed > 0:
                native.gate_shut(&self.gate)
                native.gate_drain(&self.gate)
                native.workload_end(self.workload, &self.last)
                self.workload = NULL
                native.gate_close(&self.gate)

    @property
    def stopped(self):
        """Whether it was stopped, by stop() or because its disk queue was closed."""
        cdef native.GateUse use
        cdef bint running = native.gate_enter(&self.gate, &use)
        if running:
            self.leave(&use)
        return not running

    def stats(self):
        """Counters since the start, of a stopped one those of the end.

        issued, completed, in_flight (when it is stopped: given up), notifications (event notifier
        set); dropped (open loop, the ring was full), late (issued, or completed by the device, more
        than WORKLOAD_LATE_NS after their time), late_max_ns, fell_behind (more than 1 % were late:
        the numbers say more of the generator than of the thread); of a disk, and completed: failed,
        read_bytes, written_bytes, flushes. The latencies (as in AioContext.stats) go from when a
        request was due until its handler, or that of its completion, began with it.
        """
        cdef native.WorkloadStats stats
        cdef native.GateUse use
        self.context.check_process()
        if native.gate_enter(&self.gate, &use):
            native.workload_stats(self.workload, &stats)
            self.leave(&use)
            return workload_counters(&stats)
        with nogil:
            native.gate_await_closed(&self.gate)
        return workload_counters(&self.last)


cdef dict workload_counters(const native.WorkloadStats *stats):
    fell_behind = stats.counters.late * 100 > stats.counters.issued
    return {**stats.counters, "fell_behind": fell_behind, **latency_stats(&stats.latency)}


cdef int workload_error(int negative_errno) except -1:
    if negative_errno == -EINVAL:
        raise ValueError("a workload's parameter is out of range")
    if negative_errno:
        raise os_error(negative_errno)
    return 0
