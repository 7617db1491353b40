#include "workload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine_int.h"
#include "generator.h"
#include "workload_disk.h"

/* At most so many requests of one workload before the generator looks at the next one. */
enum { ISSUE_BATCH = 64 };

/*
 * A closed loop waits so long, spinning, for a completion; then it looks now and then, and after a
 * second (a disk may be paused) more rarely.
 */
enum { FULL_SPIN_NS = 100 * 1000, FULL_SLEEP_NS = 200 * 1000 };
enum { FULL_LONG_NS = 1000 * 1000 * 1000, FULL_LONG_SLEEP_NS = 5 * 1000 * 1000 };

struct Workload {
    AioContext *ctx;     /* constant, as is handler */
    AioHandler *handler;
    EventNotifier notifier;

    /* ---- the ring: slots from `taken` to `available` hold requests ---- */

    int64_t issued_ns[WORKLOAD_RING_SIZE]; /* generator, before `available` moves past it */
    WorkloadDisk *disk;                    /* constant; NULL without one */

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

static void workload_complete(void *opaque)
{
    Workload *w = opaque;

    /* A plain increment: there is one writer. */
    const uint64_t used = atomic_load_explicit(&w->used, memory_order_relaxed);
    atomic_store_explicit(&w->used, used + 1, memory_order_release);
}

/* ---- serving: home ---- */

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
        aio_context_record_latency(w->ctx, now_ns - w->issued_ns[slot]);
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

/* ---- life ---- */

static bool is_time(int64_t ns)
{
    return ns >= 0 && ns <= AIO_TIME_MAX_NS;
}

int workload_check(const WorkloadParams *params)
{
    const ArrivalParams *arrival = &params->arrival;
    bool valid = arrival->process && params->depth <= WORKLOAD_RING_SIZE &&
                 is_time(params->service_ns) && is_time(arrival->interval_ns) &&
                 is_time(arrival->on_ns) && is_time(arrival->off_ns) && arrival->sigma >= 0 &&
                 arrival->sigma <= 10;

    if (valid && arrival->process->takes_intervals) {
        valid = arrival->interval_count > 0;
        for (size_t i = 0; i < arrival->interval_count; i++) {
            valid = valid && is_time(arrival->intervals[i]);
        }
    }
    if (valid && params->access.pattern) {
        return access_check(&params->access);
    }
    return valid ? 0 : -EINVAL;
}

/* Under the generator's lock, or before it knows the workload. Takes over `intervals`. */
static void apply(Workload *w, const WorkloadParams *params, int64_t *intervals)
{
    ArrivalParams arrival = params->arrival;

    free(w->intervals);
    w->intervals = intervals;
    arrival.intervals = intervals;
    arrival_init(&w->arrival, &arrival);
    w->depth = params->depth;
    w->due_ns = 0;
    w->full_since_ns = 0;
    atomic_store_explicit(&w->service_ns, params->service_ns, memory_order_relaxed);
    if (w->disk) {
        workload_disk_tune(w->disk, &params->access);
    }
}

/* The copy of the intervals in *out, NULL where the process takes none. */
static int copy_intervals(const ArrivalParams *arrival, int64_t **out)
{
    *out = NULL;
    if (!arrival->process->takes_intervals) {
        return 0;
    }
    *out = calloc(arrival->interval_count, sizeof(int64_t));
    if (!*out) {
        return -ENOMEM;
    }
    memcpy(*out, arrival->intervals, arrival->interval_count * sizeof(int64_t));
    return 0;
}

static int attach(Workload *w)
{
    static const AioHandlerOps ops = {
        .read = workload_read,
        .poll = workload_poll,
        .poll_ready = workload_poll_ready,
        .poll_begin = workload_poll_begin,
        .poll_end = workload_poll_end,
    };
    int error = event_notifier_init(&w->notifier);

    if (error) {
        return error;
    }
    w->handler = aio_handler_new(w->ctx, w->notifier.fd, &ops, w, NULL);
    if (!w->handler) {
        error = -errno;
        event_notifier_cleanup(&w->notifier);
        return error;
    }
    error = generator_add(&w->slot, w);
    if (error) {
        aio_handler_free(w->handler);
        event_notifier_cleanup(&w->notifier);
    }
    return error;
}

/* Without anything that is not memory. */
static Workload *workload_alloc(AioContext *ctx, DiskQueue *queue)
{
    Workload *w = aligned_alloc(_Alignof(Workload), sizeof(*w));

    if (!w) {
        return NULL;
    }
    memset(w, 0, sizeof(*w));
    w->ctx = ctx;
    atomic_init(&w->notify, true);
    if (queue) {
        w->disk = workload_disk_new(queue, workload_complete, w);
        if (!w->disk) {
            free(w);
            return NULL;
        }
    }
    return w;
}

static void dispose(Workload *w)
{
    free(w->disk);
    free(w->intervals);
    free(w);
}

static Workload *start(AioContext *ctx, DiskQueue *queue, const WorkloadParams *params)
{
    int64_t *intervals = NULL;
    int error = queue && !params->access.pattern ? -EINVAL : workload_check(params);

    if (!error) {
        error = copy_intervals(&params->arrival, &intervals);
    }
    Workload *w = error ? NULL : workload_alloc(ctx, queue);
    if (!w) {
        free(intervals);
        errno = error ? -error : ENOMEM;
        return NULL;
    }
    apply(w, params, intervals);
    error = attach(w);
    if (error) {
        if (w->disk) {
            workload_disk_leave(w->disk);
        }
        dispose(w);
        errno = -error;
        return NULL;
    }
    aio_live_add(&aio_live.workloads, 1);
    return w;
}

Workload *workload_new(AioContext *ctx, const WorkloadParams *params)
{
    Workload *w = start(ctx, NULL, params);

    if (w) {
        atomic_fetch_add_explicit(&ctx->workloads, 1, memory_order_relaxed);
    }
    return w;
}

Workload *workload_new_on_disk(DiskQueue *queue, const WorkloadParams *params)
{
    return start(disk_queue_context(queue), queue, params);
}

int workload_tune(Workload *w, const WorkloadParams *params)
{
    int64_t *intervals;
    int error = workload_check(params);

    if (!error) {
        error = copy_intervals(&params->arrival, &intervals);
    }
    if (error) {
        return error;
    }
    generator_pause(&w->slot);
    apply(w, params, intervals);
    generator_resume(&w->slot);
    return 0;
}

void workload_end(Workload *w, WorkloadStats *last)
{
    generator_remove(&w->slot);
    aio_handler_free(w->handler);
    event_notifier_cleanup(&w->notifier);
    if (w->disk) {
        workload_disk_leave(w->disk);
    }
    workload_stats(w, last);
    if (!w->disk) {
        /* Release: who finds no workload may free the context. */
        atomic_fetch_sub_explicit(&w->ctx->workloads, 1, memory_order_release);
    }
    aio_live_add(&aio_live.workloads, -1);
    dispose(w);
}

void workload_free(Workload *w)
{
    WorkloadStats last;

    workload_end(w, &last);
}

void workload_stats(Workload *w, WorkloadStats *out)
{
    *out = (WorkloadStats){0};
    if (w->disk) {
        workload_disk_stats(w->disk, out);
    }
    /* `used` first: it never passes `available`. */
    out->completed = atomic_load_explicit(&w->used, memory_order_acquire);
    out->issued = atomic_load_explicit(&w->available, memory_order_acquire);
    out->in_flight = out->issued - out->completed;
    out->dropped = atomic_load_explicit(&w->dropped, memory_order_relaxed);
    out->late = atomic_load_explicit(&w->late, memory_order_relaxed);
    out->late_max_ns = atomic_load_explicit(&w->late_max_ns, memory_order_relaxed);
    out->notifications = atomic_load_explicit(&w->notifications, memory_order_relaxed);
}
