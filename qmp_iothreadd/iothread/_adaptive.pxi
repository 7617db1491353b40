# Part of _engine.pyx: the arithmetic of adaptive polling, without a thread.

cdef class AdaptivePolling:
    """The decisions of adaptive polling on given block times, without a thread.

    Runs the same code as a context's thread. All quantities are int64 and wrap; a shift uses
    the low six bits of ``weight``, and a division by zero yields 0.

    Args:
        max_ns: upper bound of the window and of each handler's ns; 0 turns adjusting off.
        grow, shrink: factors of the window. weight: 2**weight is the inertia of the average.
        handlers: how many handlers are in the poll list.
        policy: "weighted" (QEMU 11.1), or "legacy" (before it).

    Attributes:
        poll_ns: the window in ns; settable.
        handler_ns: one ns a handler, a list; settable as a whole or by element.
    """

    cdef native.PollParams params
    cdef native.PollPolicy policy
    cdef public int64_t poll_ns
    cdef list ns

    def __init__(self, int64_t max_ns, int64_t grow, int64_t shrink, int64_t weight,
                 Py_ssize_t handlers, *, policy="weighted"):
        self.params.max_ns = max_ns
        self.params.grow = grow
        self.params.shrink = shrink
        self.params.weight = weight
        self.policy = policy_of(policy)
        self.ns = [0] * handlers

    @property
    def handler_ns(self):
        return self.ns

    @handler_ns.setter
    def handler_ns(self, values):
        values = list(values)
        if len(values) != len(self.ns):
            raise ValueError(f"expected {len(self.ns)} values, one a handler, got {len(values)}")
        self.ns = values

    def step(self, int64_t block_ns, events):
        """One iteration that blocked for ``block_ns``; ``events`` says which handlers had one.

        Returns "grow", "shrink" or "none". Raises ValueError unless there is one event a handler.
        """
        if len(events) != len(self.ns):
            raise ValueError(f"expected {len(self.ns)} events, one a handler, got {len(events)}")
        if self.params.max_ns == 0:
            return ACTIONS[native.POLL_KEEP]
        if self.policy == native.POLL_LEGACY:
            return ACTIONS[self.step_legacy(block_ns, events)]

        cdef int64_t ns, adj = -1
        cdef list after = []
        for value, event in zip(self.ns, events):
            ns = value
            native.poll_adjust_handler(&self.params, block_ns, bool(event), &ns, &adj)
            after.append(ns)
        self.ns[:] = after
        return ACTIONS[native.poll_adjust_window(&self.params, adj, &self.poll_ns)]

    cdef int step_legacy(self, int64_t block_ns, events) except -1:
        cdef int64_t ns, longest = 0, before = self.poll_ns
        cdef native.cbool passed_max
        cdef list after = []
        for value, event in zip(self.ns, events):
            ns = value
            if event:
                native.poll_adjust_legacy(&self.params, block_ns, &ns, &passed_max)
            longest = max(longest, ns)
            after.append(ns)
        self.ns[:] = after
        self.poll_ns = longest
        if longest == before:
            return native.POLL_KEEP
        return native.POLL_GROW if longest > before else native.POLL_SHRINK
