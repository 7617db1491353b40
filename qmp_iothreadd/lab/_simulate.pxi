# Part of _lab.pyx: simulated iothreads.

ARRIVALS = tuple(
    native.arrival_processes[i].name.decode() for i in range(native.arrival_process_count)
)
LATENCY_PARTS = 1 << native.LATENCY_PARTS_LOG2

# Few enough to stay in the processor's cache, for all sets.
cdef enum: REQUESTS_AT_ONCE = 1 << 13

PHASES_MAX = native.WORKLOAD_PHASES_MAX


cdef native.ArrivalParams arrival_params(load, const int64_t[::1] intervals) except *:
    """Its phases are not among them: they need a place."""
    cdef native.ArrivalParams params
    memset(&params, 0, sizeof(params))
    params.process = &native.arrival_processes[<int>ARRIVALS.index(load.arrival)]
    params.interval_ns, params.sigma = load.interval_ns, load.sigma
    params.on_ns, params.off_ns = load.on_ns, load.off_ns
    params.slow_ns, params.slow_share, params.shape = load.slow_ns, load.slow_share, load.shape
    params.stops = load.at_end == "stop"
    if intervals is not None and intervals.shape[0]:
        params.intervals, params.interval_count = &intervals[0], <size_t>intervals.shape[0]
    elif params.process.takes_intervals:
        raise ValueError(f"the arrival {load.arrival} needs intervals")
    return params


cdef class Source:
    """Where the requests of a load come from, as the native code takes it."""

    cdef native.ArrivalParams params
    cdef native.ArrivalPhase phases[native.WORKLOAD_PHASES_MAX]
    cdef object intervals  # keeps them alive

    def __cinit__(self, load, const int64_t[::1] intervals):
        cdef size_t i
        self.intervals = intervals
        self.params = arrival_params(load, intervals)
        for i, (phase, lasts_ns) in enumerate(load.phases):
            self.phases[i].params = arrival_params(phase, None)
            self.phases[i].lasts_ns = lasts_ns
        self.params.phases, self.params.phase_count = self.phases, len(load.phases)


cdef native.Arrival begun(native.ArrivalParams params, uint64_t seed) noexcept:
    cdef native.Arrival arrival
    params.seed = seed
    native.arrival_init(&arrival, &params)
    return arrival


cdef native.Arrival wake_ups(costs, uint64_t seed) except *:
    """How long a thread takes to wake up: lognormal."""
    cdef native.ArrivalParams params
    memset(&params, 0, sizeof(params))
    params.process = native.arrival_process_named(b"lognormal")
    params.interval_ns, params.sigma = costs.wake_ns, costs.wake_sigma
    return begun(params, seed)


cdef native.SimulatedCosts native_costs(costs) except *:
    cdef native.SimulatedCosts taken
    taken.pass_ns, taken.exit_ns, taken.ask_ns = costs.pass_ns, costs.exit_ns, costs.ask_ns
    taken.dispatch_ns, taken.request_ns = costs.dispatch_ns, costs.request_ns
    taken.loop_ns = costs.loop_ns
    return taken


cdef too_long(size_t requests):
    return ValueError(
        f"{requests} requests take more than {native.VIRTUAL_NS_MAX} ns of virtual time, the most that"
        " can be simulated: ask for fewer, or for shorter intervals"
    )


cdef dict sparse(const uint64_t *latencies):
    return {i: latencies[i] for i in range(native.LATENCY_BUCKETS) if latencies[i]}


def extremes(const int64_t[::1] values):
    """The least and the greatest of at least one value, read once."""
    cdef int64_t least = values[0], most = values[0]
    cdef Py_ssize_t i
    with nogil:
        for i in range(values.shape[0]):
            least, most = min(least, values[i]), max(most, values[i])
    return least, most


def simulate(load, const int64_t[::1] intervals, params, costs, size_t requests, uint64_t seed,
             progress=None):
    """Up to `requests` of `load` under each of `params`: how many there were, and dicts of counters,
    whose latencies are sparse.

    Raises ValueError: an unknown arrival, or more than 19 hours of virtual time.
    """
    cdef Source source = Source(load, intervals)
    cdef native.Arrival arrival = begun(source.params, seed), waking = wake_ups(costs, ~seed)
    cdef native.SimulatedCosts taken = native_costs(costs)
    cdef size_t sets = len(params), done = 0, count, i
    cdef int64_t now_ns = 0, last_ns, next_ns
    cdef int64_t *due_ns = NULL
    cdef int64_t *wake_ns = NULL
    cdef native.Simulated *simulated = NULL
    try:
        due_ns = <int64_t *>calloc(REQUESTS_AT_ONCE, sizeof(int64_t))
        wake_ns = <int64_t *>calloc(REQUESTS_AT_ONCE, sizeof(int64_t))
        simulated = <native.Simulated *>calloc(sets + 1, sizeof(native.Simulated))
        if due_ns == NULL or wake_ns == NULL or simulated == NULL:
            raise MemoryError
        for i in range(sets):
            native.simulated_init(
                &simulated[i], native_params(params[i]), native_policy(params[i])
            )
        while done < requests:
            count = min(<size_t>REQUESTS_AT_ONCE, requests - done)
            with nogil:
                for i in range(count):
                    next_ns = native.arrival_next_ns(&arrival)
                    if next_ns == native.ARRIVAL_ENDED:
                        requests, count = done + i, i
                        break
                    now_ns += next_ns
                    if now_ns > native.VIRTUAL_NS_MAX:
                        count = 0
                        break
                    due_ns[i] = now_ns
                    wake_ns[i] = native.arrival_next_ns(&waking)
                native.simulate_run(simulated, sets, due_ns, wake_ns, count, &taken)
            last_ns = now_ns
            for i in range(sets):
                last_ns = max(last_ns, simulated[i].done_at)
            if last_ns > native.VIRTUAL_NS_MAX:
                raise too_long(requests)
            done += count
            PyErr_CheckSignals()
            if progress is not None:
                progress(done)
        return requests, [counters(&simulated[i]) for i in range(sets)]
    finally:
        free(due_ns)
        free(wake_ns)
        free(simulated)


cdef dict counters(const native.Simulated *s):
    return {
        "duration_ns": s.done_at,
        "iterations": s.iterations,
        "polled": s.polled,
        "slept": s.slept,
        "in_vain": s.in_vain,
        "grown": s.grown,
        "shrunk": s.shrunk,
        "resets": s.resets,
        "poll_ns": s.poll_ns,
        "polling_ns": s.polling_ns,
        "window_sum": s.window_sum,
        "latency_sum": s.latency_sum,
        "weighted_sum": s.weighted_sum,
        "near_max_ns": s.near_max_ns,
        "dispatches": s.dispatches,
        "services": s.services,
        "latencies": sparse(s.latencies),
    }
