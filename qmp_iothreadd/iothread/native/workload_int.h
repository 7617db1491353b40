/* A workload's structure, with the owner of each field. */
#ifndef IOTHREADD_WORKLOAD_INT_H
#define IOTHREADD_WORKLOAD_INT_H

#include "generator.h"
#include "workload.h"
#include "workload_device.h"
#include "workload_disk.h"

struct Workload {
    AioContext *ctx;    /* constant, as the next two */
    WorkloadDisk *disk; /* NULL without one */
    WorkloadDevice *device; /* the same */
    WorkloadRing ring;  /* requests */

    /* ---- generator: atomic ones relaxed, the others under its lock ---- */

    _Alignas(64) _Atomic uint64_t dropped;
    _Atomic uint64_t late;
    _Atomic int64_t late_max_ns;
    uint64_t used_seen;  /* the `used` it saw last */
    int64_t due_ns;      /* when the next request is due; 0: not known yet */
    int64_t active_ns;   /* when anything went on last */
    bool held;           /* a closed loop waits for a completion */
    Arrival arrival;
    uint32_t depth;
    int64_t think_ns;
    int64_t thinking[WORKLOAD_RING_SIZE]; /* from thought_out to thought_in: when each is due */
    uint64_t thought_in;
    uint64_t thought_out;
    GeneratorSlot slot;

    /* ---- home ---- */

    _Alignas(64) _Atomic uint64_t used; /* release: so many requests have ended */
    _Atomic int64_t service_ns;         /* any thread, relaxed */
    LatencyHistogram latency;
};

/* Requests end as home tells it: their places are free. `opaque` is the workload. */
void workload_complete(void *opaque);

/* What a context is to call for what is in the ring, and in the device's. */
void workload_serve_requests(void *opaque);
void workload_serve_completions(void *opaque);

#endif
