# Part of _engine.pyx: disks, their queues on contexts, and what limits them.

DISK_ERROR_ACTIONS = tuple(
    native.disk_error_action_names[i].decode() for i in range(native.DISK_ERROR_ACTION_COUNT)
)
DISK_SECTOR = native.DISK_SECTOR
DISK_REQUEST_MAX = native.DISK_REQUEST_MAX
THROTTLE_VALUE_MAX = native.THROTTLE_VALUE_MAX
# The names of an operation in events, and in QEMU's statistics.
DISK_OPERATIONS = ("read", "write", "flush")
DISK_OPERATION_PREFIXES = ("rd", "wr", "flush")

# In the order of the native core's buckets.
THROTTLE_LIMITS = ("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr")


cdef native.DiskErrorAction error_action_of(object name) except *:
    if name not in DISK_ERROR_ACTIONS:
        raise ValueError(f"an error's action must be one of {', '.join(DISK_ERROR_ACTIONS)}")
    return <native.DiskErrorAction><int>DISK_ERROR_ACTIONS.index(name)


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


cdef class Disk:
    """What the queues of one device share: a file, or a null disk, which reads and writes nothing.

    Args:
        fd: the file's descriptor; duplicated, so that the caller may close it. -1: a null disk.
        size: of the disk, in bytes. offset: in the file, of its beginning.
        read_only: writes are invalid.
        latency_ns: how long a null disk's requests take, 0 to TIME_MAX_NS.
        no_flush: flushes do nothing.
        rerror, werror: what to do about an error, one of DISK_ERROR_ACTIONS: ``stop`` pauses the
            disk and tries again when it goes on; ``enospc`` does where there is no room, and
            reports others.
        account_failed, account_invalid: whether such requests count as accesses.

    Raises:
        OSError: the descriptor is closed, or there are no more. ValueError: out of range.

    Any thread may call any method. Methods of a closed disk raise ValueError, and all but close()
    RuntimeError in a fork of the process that made it.
    """

    cdef native.Disk *disk
    cdef native.LastUse uses
    cdef object group
    cdef int pid  # of the process that made it
    cdef object __weakref__

    def __cinit__(self, int fd=-1, *, uint64_t size, uint64_t offset=0, bint read_only=False,
                  int64_t latency_ns=0, bint no_flush=False, rerror="report", werror="enospc",
                  bint account_failed=True, bint account_invalid=True):
        cdef native.DiskParams params
        params.fd, params.latency_ns, params.size, params.offset = fd, latency_ns, size, offset
        params.read_only, params.no_flush = read_only, no_flush
        params.count_failed, params.count_invalid = account_failed, account_invalid
        params.on_read_error, params.on_write_error = (
            error_action_of(rerror), error_action_of(werror)
        )
        self.pid = getpid()
        self.disk = native.disk_new(&params)
        if self.disk == NULL:
            if errno == EINVAL:
                raise ValueError("a disk's parameter is out of range")
            raise os_error(-errno)

    def __dealloc__(self):
        if self.disk != NULL and native.last_use_close(&self.uses):
            native.disk_unref(self.disk)

    cdef native.Disk *enter(self) except NULL:
        if getpid() != self.pid:  # a thread that is not here may have its lock
            raise RuntimeError(f"the disk is of process {self.pid}, and this is a fork of it")
        if not native.last_use_enter(&self.uses):
            raise ValueError("the disk is closed")
        return self.disk

    cdef void leave(self) noexcept:
        if native.last_use_leave(&self.uses):
            native.disk_unref(self.disk)

    def close(self):
        """Give it up; its descriptors are closed when its last queue is. Idempotent."""
        if self.group is not None:
            (<ThrottleGroup>self.group).disks.discard(self)
        if native.last_use_close(&self.uses):
            native.disk_unref(self.disk)

    @property
    def size(self):
        """In bytes; settable while requests are under way."""
        cdef uint64_t size = native.disk_size(self.enter())
        self.leave()
        return size

    @size.setter
    def size(self, uint64_t value):
        native.disk_resize(self.enter(), value)
        self.leave()

    @property
    def write_threshold(self):
        """The first write that ends past it is an event, and sets it to 0; 0: none."""
        cdef uint64_t threshold = native.disk_write_threshold(self.enter())
        self.leave()
        return threshold

    @write_threshold.setter
    def write_threshold(self, uint64_t value):
        native.disk_set_write_threshold(self.enter(), value)
        self.leave()

    @property
    def write_cache(self):
        """Whether a write may be done before it is flushed; settable."""
        cdef bint write_cache = native.disk_write_cache(self.enter())
        self.leave()
        return write_cache

    @write_cache.setter
    def write_cache(self, bint value):
        native.disk_set_write_cache(self.enter(), value)
        self.leave()

    @property
    def no_flush(self):
        """Whether flushes do nothing; settable."""
        cdef bint no_flush = native.disk_no_flush(self.enter())
        self.leave()
        return no_flush

    @no_flush.setter
    def no_flush(self, bint value):
        native.disk_set_no_flush(self.enter(), value)
        self.leave()

    def set_error_actions(self, *, rerror, werror):
        """What to do about errors from now on; see the constructor."""
        cdef native.DiskErrorAction on_read = error_action_of(rerror)
        cdef native.DiskErrorAction on_write = error_action_of(werror)
        native.disk_set_error_actions(self.enter(), on_read, on_write)
        self.leave()

    def set_throttle(self, ThrottleGroup group):
        """Be limited by a group, or with None by none; what waits looks again."""
        cdef native.Disk *disk = self.enter()
        native.disk_set_throttle(disk, NULL if group is None else group.group)
        if self.group is not None:
            (<ThrottleGroup>self.group).disks.discard(self)
        self.group = group
        if group is not None:
            group.disks.add(self)
        self.leave()

    cdef int kick(self) except -1:
        if native.last_use_enter(&self.uses):
            native.disk_kick(self.disk)
            self.leave()
        return 0

    def pause(self):
        """Begin no more requests; those under way end."""
        native.disk_set_paused(self.enter(), True)
        self.leave()

    def resume(self):
        """Go on, with what waited first."""
        native.disk_set_paused(self.enter(), False)
        self.leave()

    @property
    def paused(self):
        """Whether it was paused, by pause() or an error, and not resumed."""
        cdef bint paused = native.disk_is_paused(self.enter())
        self.leave()
        return paused

    def fileno(self):
        """A descriptor that is readable while there are events."""
        cdef int fd = native.disk_events_fd(self.enter())
        self.leave()
        return fd

    def take_events(self):
        """What happened, the oldest first: a list of tuples.

        ("write-threshold", bytes past it, the threshold), or ("io-error", one of DISK_OPERATIONS,
        errno, what was done: "report", "ignore" or "stop"). Where nobody takes them, most errors
        are left out.
        """
        cdef native.DiskEvent event
        cdef native.Disk *disk = self.enter()
        events = []
        while native.disk_take_event(disk, &event):
            events.append(disk_event(&event))
        self.leave()
        return events


cdef tuple disk_event(const native.DiskEvent *event):
    if event.kind == native.DISK_EVENT_WRITE_THRESHOLD:
        return ("write-threshold", event.exceeded, event.threshold)
    return (
        "io-error",
        DISK_OPERATIONS[event.op],
        event.error,
        DISK_ERROR_ACTIONS[event.action],
    )


@cython.no_gc_clear  # __dealloc__ needs the context
cdef class DiskQueue:
    """Requests to a disk that a context serves: a handler of its thread.

    Args:
        disk: may be closed while it has queues. context: cannot be closed before the queue is.

    Raises:
        OSError: no memory or descriptors left. ValueError: one of them is closed.
    """

    cdef native.Gate gate  # around every use of `queue`
    cdef native.DiskQueue *queue
    cdef readonly AioContext context
    cdef object workloads  # NativeWorkload: those that submit requests
    cdef object __weakref__

    def __cinit__(self, Disk disk not None, AioContext context not None):
        native.gate_init(&self.gate)
        cdef native.GateUse use
        cdef int error = 0
        self.context = context
        self.workloads = WeakSet()
        cdef native.Disk *native_disk = disk.enter()
        cdef native.AioContext *ctx
        try:
            ctx = context.enter(&use)
            with nogil:
                self.queue = native.disk_queue_new(ctx, native_disk)
                if self.queue == NULL:
                    error = errno
            context.leave(&use)
        finally:
            disk.leave()
        if error:
            raise os_error(-error)
        native.gate_open(&self.gate)

    def __dealloc__(self):
        if self.queue != NULL and self.context.is_of_this_process():
            with nogil:
                native.disk_queue_free(self.queue)
        native.gate_destroy(&self.gate)

    cdef native.DiskQueue *enter(self, native.GateUse *use) except NULL:
        self.context.check_process()
        if not native.gate_enter(&self.gate, use):
            raise ValueError("the disk queue is closed")
        return self.queue

    cdef void leave(self, native.GateUse *use) noexcept nogil:
        native.gate_leave(&self.gate, use)

    def close(self):
        """Stop its workloads, wait for what is under way, and leave the context. Idempotent.

        Raises OSError: EDEADLK when called by one of the context's own handlers.
        """
        self.context.check_process()
        if self.context.is_home():
            raise os_error(-EDEADLK)
        cdef int claimed
        with nogil:
            claimed = native.gate_claim(&self.gate, True)
        if claimed == 0:
            return
        with nogil:
            native.gate_shut(&self.gate)
            native.gate_drain(&self.gate)
        for workload in list(self.workloads):
            (<NativeWorkload>workload).stop()
        with nogil:
            while native.disk_queue_clients(self.queue):  # one that is being collected
                native.sched_yield()
            native.disk_queue_free(self.queue)
            self.queue = NULL
            native.gate_close(&self.gate)

    def stats(self):
        """Counters since the start, of one moment; never stops the thread.

        Returns a dictionary with, for each of DISK_OPERATION_PREFIXES, what QEMU calls
        PREFIX_operations, PREFIX_bytes, PREFIX_total_time_ns, failed_PREFIX_operations and
        invalid_PREFIX_operations; wr_highest_offset; last_access_ns (of the monotonic clock; 0:
        never); submitted, cancelled, and pending, which waits or is under way.
        """
        cdef native.DiskCounters counters
        cdef native.GateUse use
        native.disk_queue_stats(self.enter(&use), &counters)
        self.leave(&use)
        found = {
            "submitted": counters.submitted,
            "cancelled": counters.cancelled,
            "pending": counters.pending,
            "wr_highest_offset": counters.highest_offset,
            "last_access_ns": counters.last_access_ns,
        }
        for i, prefix in enumerate(DISK_OPERATION_PREFIXES):
            found[f"{prefix}_operations"] = counters.operations[i]
            found[f"{prefix}_bytes"] = counters.bytes[i]
            found[f"{prefix}_total_time_ns"] = counters.total_ns[i]
            found[f"failed_{prefix}_operations"] = counters.failed[i]
            found[f"invalid_{prefix}_operations"] = counters.invalid[i]
        return found

    def set_latency_histogram(self, operation, bounds_ns):
        """Count from now on how many requests of an operation took how long.

        Args:
            operation: one of DISK_OPERATIONS.
            bounds_ns: rising numbers above 0: the ends of all bins but the last. Empty: no more.

        Raises:
            ValueError: another operation, or the bounds do not rise. MemoryError.
        """
        cdef native.DiskOp op = operation_of(operation)
        bounds = array("Q", bounds_ns)
        if any(end <= begin for begin, end in zip([0, *bounds], bounds)):
            raise ValueError("the bounds of a histogram must rise")
        cdef const uint64_t[::1] view = bounds
        cdef const uint64_t *first = &view[0] if len(bounds) else NULL
        cdef size_t count = len(bounds)
        cdef native.GateUse use
        cdef native.DiskQueue *queue = self.enter(&use)
        cdef int error
        with nogil:
            error = native.disk_queue_set_histogram(queue, op, first, count)
            self.leave(&use)
        if error:
            raise MemoryError

    def latency_histogram(self, operation):
        """The bounds in ns, and how many requests are in the bins, one more: two lists.

        Both are empty where nothing is counted. Raises ValueError: another operation.
        """
        cdef native.DiskOp op = operation_of(operation)
        cdef uint64_t[::1] bounds, bins
        cdef size_t count, room = 0
        while True:
            bounds, bins = array("Q", bytes(8 * (room + 1))), array("Q", bytes(8 * (room + 1)))
            count = self.read_histogram(op, &bounds[0], &bins[0], room)
            if count == 0:
                return [], []
            if count <= room:
                return list(bounds[:count]), list(bins[:count + 1])
            room = count

    cdef size_t read_histogram(self, native.DiskOp op, uint64_t *bounds, uint64_t *bins,
                               size_t room) except? 0:
        cdef native.GateUse use
        cdef size_t count = native.disk_queue_histogram(self.enter(&use), op, bounds, bins, room)
        self.leave(&use)
        return count


cdef native.DiskOp operation_of(object name) except *:
    if name not in DISK_OPERATIONS:
        raise ValueError(f"a disk's operation must be one of {', '.join(DISK_OPERATIONS)}")
    return <native.DiskOp><int>DISK_OPERATIONS.index(name)
