#include <errno.h>

#include "workload_ring.h"

static bool has_entries(WorkloadRing *ring)
{
    return atomic_load(&ring->available) != ring->taken;
}

static void set_notify(WorkloadRing *ring, bool notify)
{
    /* Sequentially consistent: who turns it on and then finds the ring empty is notified. */
    atomic_store(&ring->notify, notify);
}

static void ring_read(void *opaque)
{
    WorkloadRing *ring = opaque;

    event_notifier_test_and_clear(&ring->notifier);
    set_notify(ring, false);
    ring->serve(ring->opaque);
    if (ring->polling) {
        return;
    }
    set_notify(ring, true);
    if (has_entries(ring)) {
        event_notifier_set(&ring->notifier);
    }
}

static bool ring_poll(void *opaque)
{
    return has_entries(opaque);
}

static void ring_poll_ready(void *opaque)
{
    WorkloadRing *ring = opaque;

    ring->serve(ring->opaque);
}

static void ring_poll_begin(void *opaque)
{
    WorkloadRing *ring = opaque;

    ring->polling = true;
    set_notify(ring, false);
}

static void ring_poll_end(void *opaque)
{
    WorkloadRing *ring = opaque;

    ring->polling = false;
    set_notify(ring, true); /* the engine polls once more after this */
}

static const AioHandlerOps ring_ops = {
    .read = ring_read,
    .poll = ring_poll,
    .poll_ready = ring_poll_ready,
    .poll_begin = ring_poll_begin,
    .poll_end = ring_poll_end,
    .edge = true,
};

int workload_ring_attach(WorkloadRing *ring, AioContext *ctx, void (*serve)(void *),
                         void *opaque)
{
    int error = event_notifier_init(&ring->notifier);

    if (error) {
        return error;
    }
    ring->serve = serve;
    ring->opaque = opaque;
    atomic_init(&ring->notify, true);
    ring->handler = aio_handler_new(ctx, ring->notifier.fd, &ring_ops, ring, NULL);
    if (!ring->handler) {
        error = -errno;
        event_notifier_cleanup(&ring->notifier);
    }
    return error;
}

void workload_ring_detach(WorkloadRing *ring)
{
    aio_handler_free(ring->handler);
    event_notifier_cleanup(&ring->notifier);
}

void workload_ring_put(WorkloadRing *ring, RingEntry entry)
{
    const uint64_t available = atomic_load_explicit(&ring->available, memory_order_relaxed);

    ring->entries[available % WORKLOAD_RING_SIZE] = entry;
    atomic_store(&ring->available, available + 1);
    if (atomic_load(&ring->notify)) {
        stats_add(&ring->notifications, 1);
        event_notifier_set(&ring->notifier);
    }
}
