# Part of _engine.pyx: what is done for many contexts in one call. Closed ones are passed over.

from libc.stdlib cimport calloc

cdef struct Entered:
    native.AioContext *ctx  # NULL: closed
    native.GateUse use
    native.PollParams params
    native.PollPolicy policy


cdef class ContextsInUse:
    """Contexts whose gates were entered, until ``leave`` is called."""

    cdef Entered *all
    cdef Py_ssize_t count
    cdef list contexts

    def __cinit__(self, contexts):
        self.contexts = list(contexts)
        self.all = <Entered *>calloc(max(len(self.contexts), 1), sizeof(Entered))
        if self.all == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.all)

    cdef void enter(self) except *:
        cdef AioContext context
        for context in self.contexts:
            context.check_process()
            if native.gate_enter(&context.gate, &self.all[self.count].use):
                self.all[self.count].ctx = context.ctx
            self.count += 1

    cdef void leave(self) noexcept:
        cdef Py_ssize_t i
        for i in range(self.count):
            if self.all[i].ctx != NULL:
                (<AioContext>self.contexts[i]).leave(&self.all[i].use)


def apply_poll_params(changes):
    """Give contexts what they poll by: a (context, PollParams, policy) for each.

    As by AioContext.set_poll_params, one after the other.
    """
    cdef ContextsInUse used = ContextsInUse([context for context, _, _ in changes])
    cdef Py_ssize_t i
    for i, (_, params, policy) in enumerate(changes):
        used.all[i].params, used.all[i].policy = native_params(params), policy_of(policy)
    try:
        used.enter()
        with nogil:
            for i in range(used.count):
                if used.all[i].ctx != NULL:
                    native.aio_context_set_poll_params(
                        used.all[i].ctx, used.all[i].params, used.all[i].policy)
    finally:
        used.leave()


def await_started(contexts):
    """Wait until the threads of ``start(wait=False)`` have their names."""
    cdef ContextsInUse used = ContextsInUse(contexts)
    cdef Py_ssize_t i
    try:
        used.enter()
        with nogil:
            for i in range(used.count):
                if used.all[i].ctx != NULL:
                    native.aio_context_await_start(used.all[i].ctx)
    finally:
        used.leave()


def stop_all(contexts):
    """Ask all threads to end, then wait for each: as AioContext.stop, one after the other.

    Those of which a handler is calling this go on.
    """
    cdef ContextsInUse used = ContextsInUse(contexts)
    cdef Py_ssize_t i
    try:
        used.enter()
        with nogil:
            for i in range(used.count):
                if used.all[i].ctx != NULL:
                    native.aio_context_request_stop(used.all[i].ctx, True)
            for i in range(used.count):
                if used.all[i].ctx != NULL:
                    native.aio_context_stop(used.all[i].ctx)
        for i in range(used.count):
            if used.all[i].ctx != NULL:
                (<AioContext>used.contexts[i]).register_running()
    finally:
        used.leave()
