# Part of _lab.pyx: decisions on recorded times.


cdef int check_events(const uint64_t[::1] events, unsigned handlers) except -1:
    cdef uint64_t seen = 0
    cdef Py_ssize_t i
    with nogil:
        for i in range(events.shape[0]):
            seen |= events[i]
    if handlers < 64 and seen >> handlers:
        raise ValueError(f"events have bit {seen.bit_length() - 1}, of {handlers} handlers")
    return 0


def replay(const int64_t[::1] block_ns, const uint64_t[::1] events, params, unsigned handlers, owns):
    """For each of `params` a tuple: poll_ns, a tuple of the handlers' ns, the sum of all poll_ns, how often
    the window grew and shrank, resets, decisions.

    Raises ValueError where the buffers differ in length, or an event is of no handler.
    """
    cdef size_t count = len(params), total = <size_t>block_ns.shape[0], done = 0
    cdef native.ReplaySteps steps
    cdef native.Replay *replays
    cdef size_t i
    if events.shape[0] != block_ns.shape[0]:
        raise ValueError(f"{block_ns.shape[0]} times, but {events.shape[0]} words of events")
    check_events(events, handlers)
    replays = <native.Replay *>calloc(count + 1, sizeof(native.Replay))
    if replays == NULL:
        raise MemoryError
    try:
        for i, each in enumerate(params):
            native.replay_init(&replays[i], native_params(each), native_policy(each))
            replays[i].user = asked_of(owns[i])
        steps.handlers = handlers
        while done < total:
            steps.block_ns, steps.events = &block_ns[done], &events[done]
            # A few times a second, however many sets there are.
            steps.count = min(native.REPLAY_STEPS_MAX, total - done, 1000 + 10_000_000 // (count + 1))
            steps.next_ns = block_ns[done + steps.count] if done + steps.count < total else 0
            with nogil:
                native.replay_run(replays, count, &steps)
            for i in range(count):
                if replays[i].error:
                    fail(owns[i], &replays[i])
            done += steps.count
            PyErr_CheckSignals()
        return [replayed(&replays[i], handlers) for i in range(count)]
    finally:
        free(replays)


cdef int fail(OwnPolicy own, const native.Replay *r) except -1:
    return own.fail(r.error, r.asked_ns, r.params.max_ns)


cdef tuple replayed(const native.Replay *r, unsigned handlers):
    ns = tuple([r.ns[i] for i in range(handlers)])
    return r.poll_ns, ns, r.poll_ns_sum, r.grown, r.shrunk, r.resets, r.decisions
