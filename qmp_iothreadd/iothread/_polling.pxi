# Part of _engine.pyx: the parameters of adaptive polling, its arithmetic without a thread.

# What the window can do, and the ways of finding it; QEMU's, the default, is the first.
ACTIONS = tuple(native.poll_action_names[i].decode() for i in range(native.POLL_ACTION_COUNT))
POLICIES = tuple(native.poll_policy_names[i].decode() for i in range(native.POLL_POLICY_COUNT))


# One parameter; ``property`` of an iothread sets it; ``zero_is_default``: 0 stands for the default.
PollParamInfo = namedtuple(
    "PollParamInfo", "name property default minimum maximum zero_is_default description"
)

POLL_PARAMS = tuple(
    PollParamInfo(
        native.poll_param_info[i].name.decode(),
        native.poll_param_info[i].property.decode(),
        native.poll_param_info[i].initial,
        native.poll_param_info[i].least,
        native.poll_param_info[i].most,
        bool(native.poll_param_info[i].zero_is_default),
        native.poll_param_info[i].description.decode(),
    )
    for i in range(native.POLL_PARAM_COUNT)
)


_PollParams = namedtuple("PollParams", [info.name for info in POLL_PARAMS])


class PollParams(_PollParams):
    """The parameters of adaptive polling, a tuple with names: POLL_PARAMS lists them.

    Taken as keywords. One that is not given has its default. A 0 stays: under the policy that QEMU has
    since 11.1 a context takes the default for it where ``zero_is_default``, before that none did.
    (``_make`` makes one of any values, all of them and in their order, as traces show them.)

    Raises:
        TypeError: an unknown name. ValueError: a value is out of range.
    """

    __slots__ = ()

    def __new__(cls, **values):
        made = [
            checked_poll_param(info, values.pop(info.name, info.default)) for info in POLL_PARAMS
        ]
        if values:
            raise TypeError(f"there is no polling parameter {next(iter(values))!r}")
        return cls._make(made)

    def __reduce__(self):
        return PollParams._make, (tuple(self),)


# Where nothing is set: the policy says what a 0 stands for.
UNSET_POLL_PARAMS = PollParams._make(
    [0 if info.zero_is_default else info.default for info in POLL_PARAMS]
)


def checked_poll_param(info, value):
    if not info.minimum <= value <= info.maximum:
        raise ValueError(
            f"{info.name} must be from {info.minimum} to {info.maximum}, not {value!r}"
        )
    return value


cdef native.PollParams native_params(values) except *:
    """Raises TypeError for anything but PollParams."""
    cdef native.PollParams params
    cdef int i
    if not isinstance(values, PollParams):
        raise TypeError(f"expected PollParams, not {type(values).__name__}")
    for i in range(native.POLL_PARAM_COUNT):
        native.poll_param(&params, i)[0] = values[i]
    return params


cdef object poll_params_of(native.PollParams params):
    return PollParams._make(
        [native.poll_param(&params, i)[0] for i in range(native.POLL_PARAM_COUNT)]
    )


cdef native.PollPolicy policy_of(object name) except *:
    if name not in POLICIES:
        raise ValueError(f"policy must be one of {', '.join(POLICIES)}, not {name!r}")
    return <native.PollPolicy><int>POLICIES.index(name)


cdef class AdaptivePolling:
    """The decisions of adaptive polling on given block times, without a thread.

    Runs the same code as a context's thread. All quantities are int64 and wrap; a shift uses
    the low six bits of ``weight``, and a division by zero yields 0.

    Args:
        max_ns: upper bound of the window and of each handler's ns; 0 turns adjusting off.
        grow, shrink: factors of the window. weight: 2**weight is the inertia of the average.
        handlers: how many handlers are in the poll list.
        policy: "weighted" (QEMU 11.1), or "legacy" (before it).
        others: further parameters of POLL_PARAMS by name.

    Attributes:
        poll_ns: the window in ns; settable.
        handler_ns: a list of one ns per handler; settable as a whole or by element.
    """

    cdef native.PollParams params
    cdef native.PollPolicy policy
    cdef public int64_t poll_ns
    cdef list ns

    def __init__(self, int64_t max_ns, int64_t grow, int64_t shrink, int64_t weight,
                 Py_ssize_t handlers, *, policy=POLICIES[0], **others):
        # Any numbers will do: the arithmetic is defined for all of them.
        self.params = native.poll_params_default()
        self.params.max_ns, self.params.grow = max_ns, grow
        self.params.shrink, self.params.weight = shrink, weight
        for name, value in others.items():
            if name not in PollParams._fields:
                raise TypeError(f"there is no polling parameter {name!r}")
            native.poll_param(&self.params, <int>PollParams._fields.index(name))[0] = value
        self.policy = policy_of(policy)
        self.ns = [0] * handlers

    @property
    def handler_ns(self):
        return self.ns

    @handler_ns.setter
    def handler_ns(self, values):
        values = list(values)
        if len(values) != len(self.ns):
            raise ValueError(f"expected {len(self.ns)} values, one per handler, got {len(values)}")
        self.ns = values

    def step(self, int64_t block_ns, events):
        """One iteration that blocked for ``block_ns``; ``events`` says which handlers had one.

        Returns "grow", "shrink" or "none". Raises ValueError unless there is one event per handler.
        """
        if len(events) != len(self.ns):
            raise ValueError(f"expected {len(self.ns)} events, one per handler, got {len(events)}")
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
