# Part of _engine.pyx: event notifiers, and Python functions as handlers.

cdef class EventNotifier:
    """An eventfd (non-blocking, close-on-exec) that remembers when its event came."""

    cdef native.EventNotifier notifier
    cdef native.LastUse uses

    def __cinit__(self):
        cdef int error = native.event_notifier_init(&self.notifier)
        if error:
            native.last_use_close(&self.uses)
            raise os_error(error)
        native.aio_live_add_notifiers(1)

    def __dealloc__(self):
        if native.last_use_close(&self.uses):
            self.clean_up()

    cdef void clean_up(self) noexcept nogil:
        native.event_notifier_cleanup(&self.notifier)
        native.aio_live_add_notifiers(-1)

    cdef void leave(self) noexcept nogil:
        if native.last_use_leave(&self.uses):
            self.clean_up()

    @property
    def fd(self):
        """The descriptor; -1 once closed."""
        return self.notifier.fd

    def fileno(self):
        """The descriptor, for selectors."""
        return self.notifier.fd

    def set(self):
        """Signal an event. Any thread may. Nothing happens once it is closed."""
        with nogil:
            if native.last_use_enter(&self.uses):
                native.event_notifier_set(&self.notifier)
                self.leave()

    def test_and_clear(self):
        """Whether an event was pending, which it no longer is."""
        cdef bint pending = False
        if native.last_use_enter(&self.uses):
            pending = native.event_notifier_test_and_clear(&self.notifier)
            self.leave()
        return pending

    def close(self):
        """Close the descriptor. Its handlers must have been removed. Idempotent.

        A call that is under way in another thread closes it when it is done.
        """
        if native.last_use_close(&self.uses):
            self.clean_up()


# ---- handlers ----

cdef struct Binding:
    void *handler  # the Handler object, borrowed
    native.EventNotifier *notifier
    int fd


cdef class Handler:
    """A registration with a context, as AioContext.add_handler returns it. Opaque."""

    cdef native.OwnedPointer handler  # AioHandler: who takes it frees it; NULL once removed
    cdef native.AioHandlerOps ops
    cdef Binding binding
    cdef AioContext context
    cdef object source
    cdef object read
    cdef object write
    cdef object poll
    cdef object poll_ready
    cdef object poll_begin
    cdef object poll_end


    cdef const native.atomic_int64 *since(self) noexcept nogil:
        if self.binding.notifier == NULL:
            return NULL
        return &self.binding.notifier.since_ns


cdef Handler new_handler(AioContext context, source, read, write, poll, poll_ready, poll_begin,
                         poll_end):
    """One that is not known to its context yet. Raises ValueError for calls that do not fit."""
    cdef Handler handler = Handler.__new__(Handler)
    if read is None and write is None:
        raise ValueError("a handler needs a function to read or to write")
    if poll is not None and read is None and poll_ready is None:
        raise ValueError("a handler that is polled needs a function to read, or poll_ready")
    handler.context, handler.source = context, source
    handler.read, handler.write = read, write
    handler.poll, handler.poll_ready = poll, read if poll_ready is None else poll_ready
    handler.poll_begin, handler.poll_end = poll_begin, poll_end
    handler.binding.handler = <void *>handler
    if isinstance(source, EventNotifier):
        handler.binding.notifier = &(<EventNotifier>source).notifier
        handler.binding.fd = handler.binding.notifier.fd
    else:
        handler.binding.fd = source
    set_ops(handler)
    return handler


cdef void set_ops(Handler handler) noexcept:
    """Those of the functions that there are; all are NULL at first."""
    cdef native.AioHandlerOps *ops = &handler.ops
    if handler.read is not None:
        ops.read = handler_read
    if handler.write is not None:
        ops.write = handler_write
    if handler.poll is True:
        ops.poll = poll_fd if handler.binding.notifier == NULL else poll_notifier
    elif handler.poll is not None:
        ops.poll = handler_poll
    if handler.poll_ready is not None:
        ops.poll_ready = handler_poll_ready
    if handler.poll_begin is not None:
        ops.poll_begin = handler_poll_begin
    if handler.poll_end is not None:
        ops.poll_end = handler_poll_end
    ops.release = handler_release


cdef PyObject *call(AioContext context, object fn) noexcept:
    """A call whose exception is reported and goes no further. Returns a new reference or NULL."""
    context.pin_thread_state()
    cdef PyObject *result = PyObject_CallNoArgs(<PyObject *>fn)
    if result == NULL:
        PyErr_WriteUnraisable(fn)
    return result


cdef void handler_read(void *opaque) noexcept with gil:
    handler = <Handler>(<Binding *>opaque).handler
    Py_XDECREF(call(handler.context, handler.read))


cdef void handler_write(void *opaque) noexcept with gil:
    handler = <Handler>(<Binding *>opaque).handler
    Py_XDECREF(call(handler.context, handler.write))


cdef native.cbool handler_poll(void *opaque) noexcept with gil:
    handler = <Handler>(<Binding *>opaque).handler
    cdef PyObject *result = call(handler.context, handler.poll)
    cdef bint found = result != NULL and PyObject_IsTrue(result) == 1
    Py_XDECREF(result)
    return found


cdef void handler_poll_ready(void *opaque) noexcept with gil:
    handler = <Handler>(<Binding *>opaque).handler
    Py_XDECREF(call(handler.context, handler.poll_ready))


cdef void handler_poll_begin(void *opaque) noexcept with gil:
    handler = <Handler>(<Binding *>opaque).handler
    Py_XDECREF(call(handler.context, handler.poll_begin))


cdef void handler_poll_end(void *opaque) noexcept with gil:
    handler = <Handler>(<Binding *>opaque).handler
    Py_XDECREF(call(handler.context, handler.poll_end))


cdef void handler_release(void *opaque) noexcept with gil:
    handler = <Handler>(<Binding *>opaque).handler
    native.owned_take(&handler.handler)
    handler.source = handler.read = handler.write = handler.poll = handler.poll_ready = None
    handler.poll_begin = handler.poll_end = None
    Py_DECREF(handler)


cdef native.cbool poll_notifier(void *opaque) noexcept nogil:
    return native.event_notifier_pending((<Binding *>opaque).notifier)


cdef native.cbool poll_fd(void *opaque) noexcept nogil:
    cdef int readable = native.aio_fd_readable((<Binding *>opaque).fd)
    if readable < 0:
        remove_of_closed(opaque)
    return readable > 0


cdef void remove_of_closed(void *opaque) noexcept with gil:
    """Remove a handler that is polled and whose descriptor was closed, and report it, once."""
    handler = <Handler>(<Binding *>opaque).handler
    cdef native.AioHandler *removed = <native.AioHandler *>native.owned_take(&handler.handler)
    if removed == NULL:
        return  # another thread removes it, or has yet to return from adding it
    read = handler.read
    fd = handler.binding.fd
    with nogil:
        native.aio_handler_free(removed)
    PyErr_SetObject(
        OSError, (EBADF, f"descriptor {fd} is closed, which had a handler: it is removed")
    )
    PyErr_WriteUnraisable(read)


cdef void unpin_thread_state(void *opaque) noexcept with gil:
    PyGILState_Release(PyGILState_LOCKED)
    (<AioContext>opaque).pinned = False
