/*
 * Traces: one ring of 64-bit words per context, written by home, read by one drainer at a time.
 *
 * A record is a head word (event in the low 16 bits, length in words above), the time
 * (CLOCK_REALTIME, ns) and the event's arguments. A record that does not fit is dropped and
 * counted. The ring is mapped with the first record, so that tracing costs nothing while off.
 */
#ifndef IOTHREADD_TRACE_H
#define IOTHREADD_TRACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "polling.h"

enum { TRACE_RING_WORDS = 1 << 16, TRACE_HEAD_WORDS = 2, TRACE_RECORD_WORDS_MAX = 1 << 12 };

#define TRACE_EVENTS(X)                                                                        \
    X(poll_grow)               /* old, new */                                                  \
    X(poll_shrink)             /* old, new */                                                  \
    X(poll_add)                /* node, fd, revents */                                         \
    X(poll_remove)             /* node, fd */                                                  \
    X(run_poll_handlers_begin) /* max_ns, timeout */                                           \
    X(run_poll_handlers_end)   /* progress, new timeout */                                     \
    /*                                                                                         \
     * block_ns, policy, the parameters, poll_ns before and after, action; then, for each      \
     * handler of the poll list: node, fd, event, ns before, ns after                          \
     */                                                                                        \
    X(x_aio_adjust)

typedef enum TraceEvent {
#define X(name) TRACE_##name,
    TRACE_EVENTS(X)
#undef X
    TRACE_EVENT_COUNT,
} TraceEvent;

extern const char *const trace_event_names[TRACE_EVENT_COUNT];

/* Where the arguments of x_aio_adjust are. */
enum {
    TRACE_ADJUST_BLOCK_NS,
    TRACE_ADJUST_POLICY,
    TRACE_ADJUST_PARAMS,
    TRACE_ADJUST_BEFORE = TRACE_ADJUST_PARAMS + POLL_PARAM_COUNT,
    TRACE_ADJUST_AFTER,
    TRACE_ADJUST_ACTION,
    TRACE_ADJUST_HANDLERS,
    TRACE_ADJUST_HANDLER_WORDS = 5,
};

/* Which events are on, one bit each. Any thread writes it, home reads it without order. */
extern _Atomic uint32_t aio_trace_mask;

static inline uint32_t trace_mask(void)
{
    return atomic_load_explicit(&aio_trace_mask, memory_order_relaxed);
}

static inline void trace_set_mask(uint32_t mask)
{
    atomic_store_explicit(&aio_trace_mask, mask, memory_order_relaxed);
}

static inline bool trace_enabled(TraceEvent event)
{
#ifdef AIO_NO_TRACES /* a build without them, to measure what they cost */
    return (void)event, false;
#else
    return __builtin_expect((trace_mask() >> event) & 1, 0);
#endif
}

typedef struct TraceRing {
    _Atomic(uint64_t *) words; /* home sets it once, NULL before; release/acquire */
    _Atomic uint64_t written;  /* home writes, release: the words before it are complete */
    _Atomic uint64_t read;     /* the drainer writes, release: the words before it are free */
    _Atomic uint64_t dropped;  /* home writes */
} TraceRing;

/* Home only. */
void trace_write(TraceRing *ring, TraceEvent event, const int64_t *args, size_t count);

/*
 * Copies the oldest record to `record` (TRACE_RECORD_WORDS_MAX words); returns its length in
 * words, 0 when there is none. One caller at a time.
 */
size_t trace_read(TraceRing *ring, uint64_t *record);

void trace_ring_cleanup(TraceRing *ring);

#endif
