# Part of _lab.pyx: simulated iothreads with several handlers.

QUEUES_MAX = native.EVENTS_QUEUES_MAX
DEPTH_MAX = native.EVENTS_DEPTH_MAX

# Of each queue, before the next set of parameters goes on with the same ones.
cdef enum: TAKEN_AT_ONCE = 1 << 13

# Far apart: what the generators of queues, and of a device, begin with.
cdef uint64_t SEED_STEP = 0x9e3779b97f4a7c15, LATENCY_SEED = 0xd1342543de82ef95


cdef native.ArrivalParams latency_params(device, const int64_t[::1] table) except *:
    """How long a device takes; the table is needed for as long as they are."""
    cdef native.ArrivalParams params = arrival_params(device, table)
    if device.kind == "table":
        params.process = &native.arrival_any_of
    return params


cdef class Events:
    """Sets of parameters that serve the same requests, and what becomes of them."""

    cdef Source source
    cdef native.ArrivalParams latency  # where there is a device
    cdef native.SimulatedCosts costs
    cdef native.EventLoad load
    cdef native.Simulated *simulated
    cdef native.EventThread **threads
    cdef size_t sets
    cdef object owns, table  # keeps them alive

    def __cinit__(self, load, const int64_t[::1] intervals, const int64_t[::1] table, params, owns, costs,
                  size_t requests, uint64_t seed):
        cdef size_t i
        self.source = Source(load, intervals)
        self.costs = native_costs(costs)
        self.load.queues = <native.Requests *>calloc(load.queues, sizeof(native.Requests))
        if self.load.queues == NULL:
            raise MemoryError
        self.load.queue_count = load.queues
        self.load.device, self.load.depth = load.device is not None, load.depth
        self.load.think_ns, self.load.costs = load.think_ns, &self.costs
        if self.load.device:
            self.latency, self.table = latency_params(load.device, table), table
        for i in range(self.load.queue_count):
            self._make_queue(i, costs, requests, seed + i * SEED_STEP)
        self.sets, self.owns = len(params), owns
        self.simulated = <native.Simulated *>calloc(self.sets + 1, sizeof(native.Simulated))
        self.threads = <native.EventThread **>calloc(self.sets + 1, sizeof(native.EventThread *))
        if self.simulated == NULL or self.threads == NULL:
            raise MemoryError
        for i in range(self.sets):
            self._make_thread(i, params[i])

    cdef int _make_queue(self, size_t i, costs, size_t requests, uint64_t seed) except -1:
        cdef native.Requests *queue = &self.load.queues[i]
        cdef size_t rest = requests % self.load.queue_count
        queue.open, queue.device = self.load.depth == 0, self.load.device
        queue.arrival, queue.waking = begun(self.source.params, seed), wake_ups(costs, ~seed)
        if self.load.device:
            queue.latency = begun(self.latency, seed ^ LATENCY_SEED)
            queue.complete_waking = wake_ups(costs, ~seed ^ LATENCY_SEED)
        queue.limit = requests // self.load.queue_count + (i < rest)
        return 0

    cdef int _make_thread(self, size_t i, params) except -1:
        native.simulated_init(&self.simulated[i], native_params(params), native_policy(params))
        self.threads[i] = native.events_new(&self.load, &self.simulated[i], asked_of(self.owns[i]))
        if self.threads[i] == NULL:
            raise MemoryError
        return 0

    def __dealloc__(self):
        cdef size_t i
        for i in range(self.sets):
            if self.threads != NULL:
                native.events_free(self.threads[i])
        for i in range(self.load.queue_count):
            native.requests_free(&self.load.queues[i])
        free(self.load.queues)
        free(self.threads)
        free(self.simulated)

    cdef int run(self, size_t until) except -1:
        cdef size_t i
        cdef int error = 0
        for i in range(self.sets):
            with nogil:
                error = native.events_run(self.threads[i], until)
            if error:
                self._raise(error, i)
            PyErr_CheckSignals()
        self._forget()
        return 0

    cdef void _forget(self) noexcept:
        cdef unsigned k
        cdef size_t i, least
        for k in range(self.load.queue_count):
            least = <size_t>-1
            for i in range(self.sets):
                least = min(least, native.events_taken(self.threads[i], k))
            native.requests_forget(&self.load.queues[k], least)

    cdef int _raise(self, int error, size_t i) except -1:
        if error == EINVAL:
            fail(self.owns[i], native.events_decisions(self.threads[i]))
        if error == ERANGE:
            raise too_long(self.served() or 1)
        if error == EOVERFLOW:
            raise ValueError(
                "too many requests wait, or are in the device, for this to end: the iothread cannot"
                " keep up with the load; ask for longer intervals, or for fewer requests"
            )
        raise MemoryError

    cdef size_t served(self):
        cdef unsigned k
        return sum([self.load.queues[k].limit for k in range(self.load.queue_count)])

    cdef list found(self, size_t i):
        cdef unsigned k
        cdef const native.EventHandler *h = native.events_handlers(self.threads[i])
        return [
            (h[k].events, h[k].requests, h[k].latency_sum, sparse(h[k].latencies))
            for k in range(self.load.queue_count + self.load.device)
        ]


def simulate_events(load, const int64_t[::1] intervals, const int64_t[::1] table, params, owns,
                    costs, size_t requests, uint64_t seed, progress=None):
    """Up to `requests` of `load`, which may have several handlers: how many there were, and for each
    of `params` a dict of counters and a list of the handlers' events, requests, latencies' sum and
    latencies.

    `owns` has the OwnPolicy of each, or None.

    Raises ValueError: more virtual time than 19 hours, or more waits than there is room for; what a
    policy of the user's own raises.
    """
    cdef Events events = Events(load, intervals, table, params, owns, costs, requests, seed)
    cdef size_t until = 0, most = (requests - 1) // events.load.queue_count + 1, i
    while until < most and events.sets:
        until += TAKEN_AT_ONCE
        events.run(until if until < most else native.EVENTS_TO_THE_END)
        if progress is not None:
            progress(min(until * events.load.queue_count, requests))
    return events.served(), [
        (counters(&events.simulated[i]), events.found(i)) for i in range(events.sets)
    ]
