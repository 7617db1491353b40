/* What a context does with a workload's requests. Home only. */
#include "engine_int.h"
#include "workload_int.h"

void workload_complete(void *opaque)
{
    Workload *w = opaque;

    /* A plain increment: there is one writer. */
    const uint64_t used = atomic_load_explicit(&w->used, memory_order_relaxed);
    atomic_store_explicit(&w->used, used + 1, memory_order_release);
}

static int64_t spend(int64_t now_ns, int64_t service_ns)
{
    const int64_t end_ns = now_ns + service_ns;

    while (service_ns && (now_ns = aio_clock_ns()) < end_ns) {
    }
    return now_ns;
}

/* Returns when it was done with it. */
static int64_t serve_one(Workload *w, int64_t now_ns, int64_t service_ns)
{
    const size_t slot = w->ring.taken % WORKLOAD_RING_SIZE;
    const int64_t due_ns = workload_ring_take(&w->ring)->due_ns;

    aio_handler_record_latency(w->ring.handler, now_ns - due_ns);
    const int64_t served_ns = spend(now_ns, service_ns);
    if (w->device) {
        workload_device_submit(w->device, due_ns, served_ns);
        return served_ns;
    }
    latency_record(&w->latency, now_ns - due_ns);
    if (w->disk) {
        workload_disk_submit(w->disk, slot);
    } else {
        workload_complete(w);
    }
    return served_ns;
}

/*
 * Only what is there now: other handlers are waiting too. And not even that once another
 * thread waits for this one: a ring full of long requests would keep it waiting.
 */
void workload_serve_requests(void *opaque)
{
    Workload *w = opaque;
    const uint64_t available = workload_ring_available(&w->ring);
    const int64_t service_ns = atomic_load_explicit(&w->service_ns, memory_order_relaxed);
    int64_t now_ns = aio_clock_ns();

    while (w->ring.taken != available) {
        now_ns = serve_one(w, now_ns, service_ns);
        if (aio_context_is_wanted(w->ctx)) {
            break;
        }
    }
}

void workload_serve_completions(void *opaque)
{
    Workload *w = opaque;
    WorkloadRing *ring = &w->device->completions;
    const uint64_t available = workload_ring_available(ring);
    const int64_t now_ns = aio_clock_ns();

    while (ring->taken != available) {
        const RingEntry entry = *workload_ring_take(ring);
        aio_handler_record_latency(ring->handler, now_ns - entry.entered_ns);
        latency_record(&w->latency, now_ns - entry.due_ns);
        workload_complete(w);
    }
}
