# Part of _engine.pyx: the queues of disks, each on a context.

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
