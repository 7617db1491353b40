# Part of _engine.pyx: disks.

DISK_ERROR_ACTIONS = tuple(
    native.disk_error_action_names[i].decode() for i in range(native.DISK_ERROR_ACTION_COUNT)
)
DISK_SECTOR = native.DISK_SECTOR
DISK_REQUEST_MAX = native.DISK_REQUEST_MAX
# The names of an operation in events, and in QEMU's statistics.
DISK_OPERATIONS = ("read", "write", "flush")
DISK_OPERATION_PREFIXES = ("rd", "wr", "flush")


cdef native.DiskErrorAction error_action_of(object name) except *:
    if name not in DISK_ERROR_ACTIONS:
        raise ValueError(f"an error's action must be one of {', '.join(DISK_ERROR_ACTIONS)}")
    return <native.DiskErrorAction><int>DISK_ERROR_ACTIONS.index(name)


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
