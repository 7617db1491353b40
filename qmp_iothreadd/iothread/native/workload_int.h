/* A workload's structure, with the owner of each field. */
#ifndef IOTHREADD_WORKLOAD_INT_H
#define IOTHREADD_WORKLOAD_INT_H

#include "generator.h"
#include "workload.h"
#include "workload_disk.h"

struct Workload {
    AioContext *ctx;    /* constant, as the next three */
    AioHandler *handler;
    EventNotifier notifier;
    WorkloadDisk *disk; /* NULL without one */

    /* ---- the ring: slots from `taken` to `available` hold requests ---- */

    int64_t issued_ns[WORKLOAD_RING_SIZE]; /* generator, before `available` moves past it */

    /* Generator; sequentially consistent with `notify`, as in aio_notify. */
    _Alignas(64) _Atomic uint64_t available;
    _Atomic uint64_t dropped; /* generator, as the next three; relaxed */
    _Atomic uint64_t late;
    _Atomic int64_t late_max_ns;
    _Atomic uint64_t notifications;
    uint64_t used_seen;       /* generator: the `used` it saw last */
    int64_t due_ns;           /* generator's lock: when the next request is due */
    int64_t full_since_ns;    /* generator's lock: depth reached then; 0: not */
    Arrival arrival;          /* generator's lock */
    uint32_t depth;           /* generator's lock */
    int64_t *intervals;       /* generator's lock: a copy, or NULL */
    GeneratorSlot slot;

    _Alignas(64) _Atomic uint64_t used; /* home, release: so many slots are free again */
    uint64_t taken;                     /* home: `used`, and what the disk is at */
    _Atomic bool notify;                /* home: a new request needs the notifier */
    _Atomic int64_t service_ns;         /* any thread, relaxed */
    bool polling;                       /* home: between poll_begin and poll_end */
};

/* ---- workload_ring.c ---- */

/* What a context is to call. */
extern const AioHandlerOps workload_ops;

/* A request has ended: its place in the ring is free. Home only; `opaque` is the workload. */
void workload_complete(void *opaque);

#endif
