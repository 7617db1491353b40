/* Both sides of a workload's ring: the context that serves requests, the thread that issues them. */
#include "engine_int.h"
#include "workload_int.h"

/* At most so many requests of one workload before the generator looks at the next one. */
enum { ISSUE_BATCH = 64 };

/*
 * A closed loop waits so long, spinning, for a completion; then it looks now and then, and after a
 * second (a disk may be paused) more rarely.
 */
enum { FULL_SPIN_NS = 100 * 1000, FULL_SLEEP_NS = 200 * 1000 };
enum { FULL_LONG_NS = 1000 * 1000 * 1000, FULL_LONG_SLEEP_NS = 5 * 1000 * 1000 };

/* ---- serving: home ---- */

void workload_complete(void *opaque)
{
    Workload *w = opaque;

    /* A plain increment: there is one writer. */
    const uint64_t used = atomic_load_explicit(&w->used, memory_order_relaxed);
    atomic_store_explicit(&w->used, used + 1, memory_order_release);
}

static bool has_requests(Workload *w)
{
    return atomic_load(&w->available) != w->taken;
}

static void set_notify(Workload *w, bool notify)
{
    /* Sequentially consistent: who turns it on and then finds the ring empty is notified. */
    atomic_store(&w->notify, notify);
}

static int64_t spend(int64_t now_ns, int64_t service_ns)
{
    const int64_t end_ns = now_ns + service_ns;

    while (service_ns && (now_ns = aio_clock_ns()) < end_ns) {
    }
    return now_ns;
}

/*
 * Only what is there now: other handlers are waiting too. And not even that once another
 * thread waits for this one: a ring full of long requests would keep it waiting.
 */
static void serve(Workload *w)
{
    const uint64_t available = atomic_load_explicit(&w->available, memory_order_acquire);
    const int64_t service_ns = atomic_load_explicit(&w->service_ns, memory_order_relaxed);
    int64_t now_ns = aio_clock_ns();

    while (w->taken != available) {
        const size_t slot = w->taken++ % WORKLOAD_RING_SIZE;
        aio_handler_record_latency(w->handler, now_ns - w->issued_ns[slot]);
        now_ns = spend(now_ns, service_ns);
        if (w->disk) {
            workload_disk_submit(w->disk, slot);
        } else {
            workload_complete(w);
        }
        if (aio_context_is_wanted(w->ctx)) {
            break;
        }
    }
}

static void workload_read(void *opaque)
{
    Workload *w = opaque;

    event_notifier_test_and_clear(&w->notifier);
    set_notify(w, false);
    serve(w);
    if (w->polling) {
        return;
    }
    set_notify(w, true);
    if (has_requests(w)) {
        event_notifier_set(&w->notifier);
    }
}

static bool workload_poll(void *opaque)
{
    return has_requests(opaque);
}

static void workload_poll_ready(void *opaque)
{
    serve(opaque);
}

static void workload_poll_begin(void *opaque)
{
    Workload *w = opaque;

    w->polling = true;
    set_notify(w, false);
}

static void workload_poll_end(void *opaque)
{
    Workload *w = opaque;

    w->polling = false;
    set_notify(w, true); /* the engine polls once more after this */
}

const AioHandlerOps workload_ops = {
    .read = workload_read,
    .poll = workload_poll,
    .poll_ready = workload_poll_ready,
    .poll_begin = workload_poll_begin,
    .poll_end = workload_poll_end,
    .edge = true,
};

/* ---- generating: the generator's thread ---- */

static void count_late(Workload *w, int64_t late_ns)
{
    if (late_ns <= WORKLOAD_LATE_NS) {
        return;
    }
    stats_add(&w->late, 1);
    if (late_ns > atomic_load_explicit(&w->late_max_ns, memory_order_relaxed)) {
        atomic_store_explicit(&w->late_max_ns, late_ns, memory_order_relaxed);
    }
}

static bool is_full(Workload *w, uint64_t available)
{
    const uint64_t limit = w->depth ? w->depth : WORKLOAD_RING_SIZE;

    if (available - w->used_seen < limit) {
        return false;
    }
    w->used_seen = atomic_load_explicit(&w->used, memory_order_acquire);
    return available - w->used_seen >= limit;
}

static void issue(Workload *w, uint64_t available, int64_t now_ns)
{
    const size_t slot = available % WORKLOAD_RING_SIZE;

    w->issued_ns[slot] = now_ns;
    if (w->disk) {
        workload_disk_issue(w->disk, slot);
    }
    atomic_store(&w->available, available + 1);
    if (atomic_load(&w->notify)) {
        stats_add(&w->notifications, 1);
        event_notifier_set(&w->notifier);
    }
}

/* A closed loop at its depth: when to look for a completion. */
static int64_t look_again(Workload *w, int64_t now_ns)
{
    if (!w->full_since_ns) {
        w->full_since_ns = now_ns;
    }
    const int64_t waited_ns = now_ns - w->full_since_ns;
    if (waited_ns < FULL_SPIN_NS) {
        return now_ns;
    }
    return now_ns + (waited_ns < FULL_LONG_NS ? FULL_SLEEP_NS : FULL_LONG_SLEEP_NS);
}

int64_t workload_generate(Workload *w, int64_t now_ns)
{
    uint64_t available = atomic_load_explicit(&w->available, memory_order_relaxed);

    if (!w->due_ns) {
        w->due_ns = now_ns + arrival_next_ns(&w->arrival);
    }
    for (unsigned i = 0; i < ISSUE_BATCH && w->due_ns <= now_ns; i++) {
        const bool full = is_full(w, available);
        if (full && w->depth) {
            return look_again(w, now_ns);
        }
        if (full) {
            stats_add(&w->dropped, 1);
        } else {
            issue(w, available++, aio_clock_ns());
        }
        if (w->full_since_ns) {
            w->due_ns = now_ns; /* it waited for a completion: that is not late */
            w->full_since_ns = 0;
        }
        count_late(w, now_ns - w->due_ns);
        /* An open loop keeps its times, so that falling behind is made up for and seen. */
        w->due_ns = (w->depth ? now_ns : w->due_ns) + arrival_next_ns(&w->arrival);
    }
    return w->due_ns;
}
