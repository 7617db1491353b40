/*
 * A device that a workload's requests go to: each is completed after a latency, on a handler of its
 * own. Home submits; the generator lets time pass and puts completions into a ring.
 */
#ifndef IOTHREADD_WORKLOAD_DEVICE_H
#define IOTHREADD_WORKLOAD_DEVICE_H

#include "arrival.h"
#include "workload_ring.h"

typedef struct WorkloadDevice {
    WorkloadRing completions;

    RingEntry submitted[WORKLOAD_RING_SIZE]; /* home, before `submissions` moves past it */
    _Alignas(64) _Atomic uint64_t submissions; /* home, release */

    /* ---- the generator, under its lock ---- */

    uint64_t collected;  /* submissions that it has seen */
    Arrival latency;
    uint32_t pending;
    RingEntry heap[WORKLOAD_RING_SIZE]; /* those that are under way: the first ends first */
} WorkloadDevice;

/* Home only. There is room: no more requests are in flight than a ring has places. */
void workload_device_submit(WorkloadDevice *device, int64_t due_ns, int64_t now_ns);

/* ---- the generator ---- */

/* Whether anything was submitted since it looked last. */
bool workload_device_collect(WorkloadDevice *device);

/* One that ends by then, if there is one; its entered_ns is when it does. */
bool workload_device_pop(WorkloadDevice *device, int64_t now_ns, RingEntry *entry);

/* When the next one ends; INT64_MAX for never. */
static inline int64_t workload_device_next_ns(const WorkloadDevice *device)
{
    return device->pending ? device->heap[0].entered_ns : INT64_MAX;
}

#endif
