# Part of _engine.pyx: trace records as tuples, and which events are on.

TRACE_EVENTS = tuple(
    native.trace_event_names[i].decode() for i in range(native.TRACE_EVENT_COUNT)
)
# Arguments that are addresses, and so unsigned.
NODE_FIRST = frozenset({"poll_add", "poll_remove"})


cdef tuple adjust_arguments(const int64_t *args, size_t count):
    cdef size_t i
    return (
        TRACE_EVENTS[native.TRACE_x_aio_adjust],
        args[native.TRACE_ADJUST_BLOCK_NS],
        POLICIES[args[native.TRACE_ADJUST_POLICY]],
        PollParams._make([args[native.TRACE_ADJUST_PARAMS + i]
                          for i in range(native.POLL_PARAM_COUNT)]),
        args[native.TRACE_ADJUST_BEFORE],
        args[native.TRACE_ADJUST_AFTER],
        ACTIONS[args[native.TRACE_ADJUST_ACTION]],
        [(<uint64_t>args[i], args[i + 1], bool(args[i + 2]), args[i + 3], args[i + 4])
         for i in range(native.TRACE_ADJUST_HANDLERS, count, native.TRACE_ADJUST_HANDLER_WORDS)],
    )


cdef tuple trace_record(const uint64_t *record):
    cdef size_t length = record[0] >> 16
    cdef const int64_t *args = <const int64_t *>record + native.TRACE_HEAD_WORDS
    name = TRACE_EVENTS[record[0] & 0xffff]
    if (record[0] & 0xffff) == native.TRACE_x_aio_adjust:
        return (record[1], *adjust_arguments(args, length - native.TRACE_HEAD_WORDS))
    values = [args[i] for i in range(length - native.TRACE_HEAD_WORDS)]
    if name in NODE_FIRST:
        values[0] &= 0xffffffffffffffff
    return (record[1], name, *values)


def set_trace_events(names):
    """Turn on the named events, and every other off, in all contexts. ValueError: unknown name."""
    cdef uint32_t mask = 0
    for name in names:
        if name not in TRACE_EVENTS:
            raise ValueError(f"unknown trace event {name!r}")
        mask |= 1 << TRACE_EVENTS.index(name)
    native.trace_set_mask(mask)


def trace_events():
    """The names of the events that are on."""
    return [name for i, name in enumerate(TRACE_EVENTS) if native.trace_mask() >> i & 1]
