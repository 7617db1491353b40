#include "workload_device.h"

void workload_device_submit(WorkloadDevice *device, int64_t due_ns, int64_t now_ns)
{
    const uint64_t count = atomic_load_explicit(&device->submissions, memory_order_relaxed);

    device->submitted[count % WORKLOAD_RING_SIZE] = (RingEntry){due_ns, now_ns};
    atomic_store_explicit(&device->submissions, count + 1, memory_order_release);
}

/* ---- a binary heap: each ends no later than the two below it ---- */

static void push(WorkloadDevice *device, RingEntry entry)
{
    RingEntry *heap = device->heap;
    uint32_t at = device->pending++;

    for (; at && heap[(at - 1) / 2].entered_ns > entry.entered_ns; at = (at - 1) / 2) {
        heap[at] = heap[(at - 1) / 2];
    }
    heap[at] = entry;
}

static void remove_first(WorkloadDevice *device)
{
    RingEntry *heap = device->heap;
    const uint32_t count = --device->pending;
    const RingEntry last = heap[count];
    uint32_t at = 0;

    for (uint32_t below = 1; below < count; below = 2 * at + 1) {
        if (below + 1 < count && heap[below + 1].entered_ns < heap[below].entered_ns) {
            below++;
        }
        if (heap[below].entered_ns >= last.entered_ns) {
            break;
        }
        heap[at] = heap[below];
        at = below;
    }
    heap[at] = last;
}

/* ---- the generator ---- */

bool workload_device_collect(WorkloadDevice *device)
{
    const uint64_t submissions =
        atomic_load_explicit(&device->submissions, memory_order_acquire);
    const bool any = device->collected != submissions;

    while (device->collected != submissions) {
        RingEntry entry = device->submitted[device->collected++ % WORKLOAD_RING_SIZE];
        entry.entered_ns += arrival_next_ns(&device->latency);
        push(device, entry);
    }
    return any;
}

bool workload_device_pop(WorkloadDevice *device, int64_t now_ns, RingEntry *entry)
{
    if (workload_device_next_ns(device) > now_ns) {
        return false;
    }
    *entry = device->heap[0];
    remove_first(device);
    return true;
}
