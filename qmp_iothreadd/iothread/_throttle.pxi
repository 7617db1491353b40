# Part of _engine.pyx: what limits disks.

THROTTLE_VALUE_MAX = native.THROTTLE_VALUE_MAX
# In the order of the native core's buckets.
THROTTLE_LIMITS = ("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr")


cdef class ThrottleGroup:
    """Limits that one disk has, or several share. Without any at first.

    Raises:
        MemoryError.
    """

    cdef native.ThrottleGroup *group
    cdef object disks  # those that ask it
    cdef object __weakref__

    def __cinit__(self):
        self.disks = WeakSet()
        self.group = native.throttle_group_new()
        if self.group == NULL:
            raise MemoryError

    def __dealloc__(self):
        if self.group != NULL:
            native.throttle_group_unref(self.group)

    def set_limits(self, *, now_ns=None, uint64_t iops_size=0, **limits):
        """Take over limits, from now on; what waits for the old ones looks again.

        Args:
            limits: NAME, NAME_max and NAME_max_length of each NAME in THROTTLE_LIMITS, as
                BlockIOThrottle has them: bytes or operations a second, seconds. 0, or not given:
                no limit; a length is 1 at least.
            iops_size: so many bytes count as one operation; 0: each request is one.
            now_ns: the time at which the buckets are empty, of the monotonic clock; by default now.

        Raises:
            TypeError: an unknown name. ValueError: out of range.
        """
        cdef native.ThrottleLimits taken
        for i, name in enumerate(THROTTLE_LIMITS):
            taken.buckets[i].avg = throttle_value(limits.pop(name, 0))
            taken.buckets[i].max = throttle_value(limits.pop(f"{name}_max", 0))
            taken.buckets[i].burst_length = throttle_value(limits.pop(f"{name}_max_length", 1))
        if limits:
            raise TypeError(f"there is no limit {next(iter(limits))!r}")
        taken.op_size = iops_size
        native.throttle_group_set(
            self.group, &taken, native.aio_clock_ns() if now_ns is None else now_ns
        )
        for disk in list(self.disks):
            (<Disk>disk).kick()

    def admit(self, bint is_write, uint64_t nbytes, int64_t now_ns):
        """0 for a request that may go on at that time, and counts; else in how many ns to ask again."""
        return native.throttle_group_admit(self.group, is_write, nbytes, now_ns)


cdef uint64_t throttle_value(object value) except? 0:
    if not 0 <= value <= THROTTLE_VALUE_MAX:
        raise ValueError(f"limits must be from 0 to {THROTTLE_VALUE_MAX}, not {value!r}")
    return value
