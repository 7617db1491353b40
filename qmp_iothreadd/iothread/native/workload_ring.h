/*
 * What goes from a generator to a context, as in a virtqueue: a ring in memory, and a notification
 * where the context asks for it. One thread puts in, home takes out.
 */
#ifndef IOTHREADD_WORKLOAD_RING_H
#define IOTHREADD_WORKLOAD_RING_H

#include "engine.h"

enum { WORKLOAD_RING_SIZE = 1024 };

/* Times in ns, of the monotonic clock. */
typedef struct RingEntry {
    int64_t due_ns;     /* when the request was due */
    int64_t entered_ns; /* when this entry was: the same, or when the request was completed */
} RingEntry;

typedef struct WorkloadRing {
    AioHandler *handler; /* constant, as the next three */
    EventNotifier notifier;
    void (*serve)(void *opaque); /* home: takes what is there */
    void *opaque;
    RingEntry entries[WORKLOAD_RING_SIZE]; /* generator, before `available` moves past it */

    /* Generator; sequentially consistent with `notify`, as in aio_notify. */
    _Alignas(64) _Atomic uint64_t available;
    _Atomic uint64_t notifications; /* generator; relaxed */

    _Alignas(64) uint64_t taken; /* home */
    _Atomic bool notify;         /* home: a new entry needs the notifier */
    bool polling;                /* home: between poll_begin and poll_end */
} WorkloadRing;

/* 0 or -errno; `ring` is all zeros. */
int workload_ring_attach(WorkloadRing *ring, AioContext *ctx, void (*serve)(void *),
                         void *opaque);

/* As aio_handler_free it waits for the context. */
void workload_ring_detach(WorkloadRing *ring);

/* The generator alone, which knows that there is room. */
void workload_ring_put(WorkloadRing *ring, RingEntry entry);

static inline uint64_t workload_ring_available(WorkloadRing *ring)
{
    return atomic_load_explicit(&ring->available, memory_order_acquire);
}

/* Home only, where there is one. */
static inline const RingEntry *workload_ring_take(WorkloadRing *ring)
{
    return &ring->entries[ring->taken++ % WORKLOAD_RING_SIZE];
}

#endif
