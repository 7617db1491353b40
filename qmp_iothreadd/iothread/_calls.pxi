# Part of _engine.pyx: Python functions that a context's thread, or its pool, is to call.
#
# A native object holds a reference to its Python object and gives it up with `release`, which needs
# the GIL and clears the pointer. Whoever has the GIL and finds the pointer set may use it.


cdef class BottomHalf:
    """A function for a context's thread, as AioContext.bottom_half and schedule return it."""

    cdef native.AioBH *bh  # NULL once it is deleted
    cdef readonly AioContext context
    cdef object fn

    def schedule(self):
        """Call the function once more, soon. Any thread may; nothing is added to one that waits.

        Raises ValueError: it is deleted, and one of AioContext.schedule is when it has run; or the
        context is closed.
        """
        cdef native.GateUse use
        self.context.enter(&use)
        cdef bint deleted = self.bh == NULL
        if not deleted:
            native.aio_bh_schedule(self.bh)
        self.context.leave(&use)
        if deleted:
            raise ValueError("the bottom half is deleted")

    def cancel(self):
        """Do not call it, where it is scheduled and has not begun. Any thread may."""
        self.context.check_process()
        if self.bh != NULL:
            native.aio_bh_cancel(self.bh)

    def delete(self):
        """Never call it again. Any thread may, the function itself too; idempotent."""
        cdef native.AioBH *bh = self.bh
        self.context.check_process()
        self.bh = NULL
        if bh != NULL:
            native.aio_bh_delete(bh)


cdef BottomHalf new_bottom_half(AioContext context, fn, bint once):
    """One that is scheduled and goes when it has run, or waits for its schedule()."""
    cdef BottomHalf made = BottomHalf.__new__(BottomHalf)
    cdef native.GateUse use
    made.context, made.fn = context, fn
    cdef native.AioContext *ctx = context.enter(&use)
    cdef void *opaque = <void *>made
    Py_INCREF(made)
    if once:
        native.aio_bh_schedule_oneshot(ctx, bh_run, opaque, bh_release, &made.bh)
    else:
        made.bh = native.aio_bh_new(ctx, bh_run, opaque, bh_release)
    cdef bint failed = made.bh == NULL
    context.leave(&use)
    if failed:
        Py_DECREF(made)
        raise MemoryError
    return made


cdef void bh_run(void *opaque) noexcept with gil:
    made = <BottomHalf>opaque
    Py_XDECREF(call(made.context, made.fn))


cdef void bh_release(void *opaque) noexcept with gil:
    made = <BottomHalf>opaque
    made.bh = NULL
    made.fn = None
    Py_DECREF(made)


cdef class Timer:
    """A call at a later time, as AioContext.timer and call_later return it."""

    cdef native.AioTimer *timer  # NULL unless it is to fire; the home thread, with the GIL
    cdef readonly AioContext context
    cdef object fn
    cdef int64_t deadline_ns
    cdef bint failed

    def modify(self, int64_t delay_ns):
        """Call the function once, no sooner than in ``delay_ns`` from now, instead of when it was to be.

        Times past what the clock can show are its last one, 292 years from the boot. Any thread
        may, the function itself too. Raises ValueError: it is deleted, or the context is closed.
        """
        cdef int64_t now_ns = native.aio_clock_ns()
        if self.fn is None:
            raise ValueError("the timer is deleted")
        self.deadline_ns = now_ns + min(delay_ns, INT64_MAX - now_ns)
        self.run(timer_arm)
        if self.failed:
            raise MemoryError

    def cancel(self):
        """Do not call it; modify() has it called again. Any thread may: it does not begin afterwards."""
        self.run(timer_cancel)

    def delete(self):
        """Never call it again. Idempotent."""
        self.run(timer_cancel)
        self.fn = None

    @property
    def pending(self):
        """Whether it is to be called."""
        return self.timer != NULL

    cdef int run(self, void (*fn)(native.AioContext *, void *) noexcept nogil) except -1:
        cdef native.GateUse use
        cdef native.AioContext *ctx = self.context.enter(&use)
        cdef void *opaque = <void *>self
        with nogil:
            native.aio_context_run(ctx, fn, opaque)
            self.context.leave(&use)
        return 0


cdef Timer new_timer(AioContext context, fn):
    cdef Timer timer = Timer.__new__(Timer)
    timer.context, timer.fn = context, fn
    return timer


cdef void timer_arm(native.AioContext *ctx, void *opaque) noexcept with gil:
    timer = <Timer>opaque
    if timer.timer == NULL:
        timer.timer = native.aio_timer_new(ctx, timer_run, opaque, timer_release)
        if timer.timer != NULL:
            Py_INCREF(timer)
    timer.failed = timer.timer == NULL
    if not timer.failed:
        native.aio_timer_arm(timer.timer, timer.deadline_ns)


cdef void timer_cancel(native.AioContext *ctx, void *opaque) noexcept with gil:
    timer = <Timer>opaque
    cdef native.AioTimer *armed = timer.timer
    timer.timer = NULL
    if armed != NULL:
        native.aio_timer_free(armed)


cdef void timer_run(void *opaque) noexcept with gil:
    timer = <Timer>opaque
    cdef native.AioTimer *fired = timer.timer
    timer.timer = NULL  # before the call, which may arm it again
    if timer.fn is not None:
        Py_XDECREF(call(timer.context, timer.fn))
    native.aio_timer_free(fired)


cdef void timer_release(void *opaque) noexcept with gil:
    """Of one that fires after it was armed again by its function, too: that has a native timer anew."""
    Py_DECREF(<Timer>opaque)


cdef class PoolTask:
    """A function on its way through a context's pool."""

    cdef AioContext context
    cdef object fn
    cdef object done
    cdef object future


cdef int submit_to_pool(AioContext context, fn, done, future) except -1:
    cdef PoolTask task = PoolTask.__new__(PoolTask)
    cdef native.GateUse use
    task.context, task.fn, task.done, task.future = context, fn, done, future
    cdef native.AioContext *ctx = context.enter(&use)
    cdef void *opaque = <void *>task
    cdef int error
    Py_INCREF(task)
    with nogil:
        error = native.aio_pool_submit(ctx, task_work, task_done, task_release, opaque)
        context.leave(&use)
    if error:
        Py_DECREF(task)
        raise MemoryError
    return 0


cdef void task_work(void *opaque) noexcept with gil:
    task = <PoolTask>opaque
    if not task.future.set_running_or_notify_cancel():
        return
    try:
        task.future.set_result(task.fn())
    except BaseException as error:
        task.future.set_exception(error)


cdef void task_done(void *opaque) noexcept with gil:
    task = <PoolTask>opaque
    cdef PyObject *result
    if task.done is None:
        return
    task.context.pin_thread_state()
    result = PyObject_CallOneArg(<PyObject *>task.done, <PyObject *>task.future)
    if result == NULL:
        PyErr_WriteUnraisable(task.done)
    Py_XDECREF(result)


cdef void task_release(void *opaque) noexcept with gil:
    """Whoever waits for one that never began is told so."""
    task = <PoolTask>opaque
    if not task.future.done():
        task.future.cancel()
        task.future.set_running_or_notify_cancel()
    Py_DECREF(task)
