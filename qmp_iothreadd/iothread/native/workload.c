/* A workload's life, and what it is told meanwhile. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine_int.h"
#include "workload_int.h"

static bool is_time(int64_t ns)
{
    return ns >= 0 && ns <= AIO_TIME_MAX_NS;
}

int workload_check(const WorkloadParams *params)
{
    const ArrivalParams *arrival = &params->arrival;
    bool valid = arrival->process && !arrival->process->takes_phases && params->depth <= WORKLOAD_RING_SIZE &&
                 is_time(params->service_ns) && is_time(arrival->interval_ns) &&
                 is_time(arrival->on_ns) && is_time(arrival->off_ns) && arrival->sigma >= 0 &&
                 arrival->sigma <= 10 && is_time(arrival->slow_ns) && arrival->slow_share >= 0 &&
                 arrival->slow_share <= 1 && arrival->shape >= 0.1 && arrival->shape <= 100;

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
    int error = event_notifier_init(&w->notifier);

    if (error) {
        return error;
    }
    w->handler = aio_handler_new(w->ctx, w->notifier.fd, &workload_ops, w, NULL);
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
