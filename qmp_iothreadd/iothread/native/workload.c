/* A workload's life, and what it is told meanwhile. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine_int.h"
#include "workload_int.h"

/* Under the generator's lock, or before it knows the workload. */
static void apply(Workload *w, const WorkloadParams *params)
{
    arrival_init(&w->arrival, &params->arrival);
    if (w->device) {
        arrival_init(&w->device->latency, &params->device);
    }
    w->depth = params->depth;
    w->think_ns = params->think_ns;
    w->due_ns = 0;
    w->held = false;
    w->thought_out = w->thought_in;
    atomic_store_explicit(&w->service_ns, params->service_ns, memory_order_relaxed);
    if (w->disk) {
        workload_disk_tune(w->disk, &params->access);
    }
}

/* ---- life ---- */

static void dispose(Workload *w)
{
    free(w->device);
    free(w->disk);
    free(w);
}

static void *alloc_aligned(size_t size)
{
    void *memory = aligned_alloc(_Alignof(Workload), size);

    if (memory) {
        memset(memory, 0, size);
    }
    return memory;
}

/* Without anything that is not memory. */
static Workload *workload_alloc(AioContext *ctx, DiskQueue *queue, bool with_device)
{
    Workload *w = alloc_aligned(sizeof(*w));

    if (!w) {
        return NULL;
    }
    w->ctx = ctx;
    w->device = with_device ? alloc_aligned(sizeof(*w->device)) : NULL;
    w->disk = queue ? workload_disk_new(queue, workload_complete, w) : NULL;
    if ((with_device && !w->device) || (queue && !w->disk)) {
        if (w->disk) {
            workload_disk_leave(w->disk);
        }
        dispose(w);
        return NULL;
    }
    return w;
}

static void detach(Workload *w)
{
    workload_ring_detach(&w->ring);
    if (w->device) {
        workload_ring_detach(&w->device->completions);
    }
}

static int attach(Workload *w, const CpuMask *cpus)
{
    int error = workload_ring_attach(&w->ring, w->ctx, workload_serve_requests, w);

    if (!error && w->device) {
        error = workload_ring_attach(&w->device->completions, w->ctx,
                                     workload_serve_completions, w);
        if (error) {
            workload_ring_detach(&w->ring);
        }
    }
    if (error) {
        return error;
    }
    error = generator_add(&w->slot, w, cpus);
    if (error) {
        detach(w);
    }
    return error;
}

static int begin(Workload *w, const CpuMask *cpus)
{
    const int error = attach(w, cpus);

    if (error) {
        if (w->disk) {
            workload_disk_leave(w->disk);
        }
        dispose(w);
        return error;
    }
    aio_live_add(&aio_live.workloads, 1);
    return 0;
}

/* A disk does what a device would. */
static int check_server(const WorkloadParams *params, DiskQueue *queue)
{
    if (queue && (!params->access.pattern || params->device.process)) {
        return -EINVAL;
    }
    return workload_check(params);
}

static Workload *start(AioContext *ctx, DiskQueue *queue, const WorkloadParams *params)
{
    Workload *w = NULL;
    int error = check_server(params, queue);

    if (!error) {
        w = workload_alloc(ctx, queue, params->device.process);
        error = w ? 0 : -ENOMEM;
    }
    if (!error) {
        apply(w, params);
        error = begin(w, &params->cpus);
    }
    errno = -error;
    return error ? NULL : w;
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
    const int error = workload_check(params);

    if (error || !params->device.process != !w->device) {
        return error ? error : -EINVAL;
    }
    generator_pause(&w->slot);
    apply(w, params);
    generator_resume(&w->slot);
    return 0;
}

void workload_end(Workload *w, WorkloadStats *last)
{
    generator_remove(&w->slot);
    detach(w);
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

static uint64_t notifications(Workload *w)
{
    const uint64_t of_requests =
        atomic_load_explicit(&w->ring.notifications, memory_order_relaxed);

    return w->device ? of_requests + atomic_load_explicit(&w->device->completions.notifications,
                                                          memory_order_relaxed)
                     : of_requests;
}

void workload_stats(Workload *w, WorkloadStats *out)
{
    WorkloadCounters *counters = &out->counters;

    *counters = (WorkloadCounters){0};
    if (w->disk) {
        workload_disk_stats(w->disk, counters);
    }
    /* `used` first: it never passes what was issued. */
    counters->completed = atomic_load_explicit(&w->used, memory_order_acquire);
    counters->issued = workload_ring_available(&w->ring);
    counters->in_flight = counters->issued - counters->completed;
    counters->dropped = atomic_load_explicit(&w->dropped, memory_order_relaxed);
    counters->late = atomic_load_explicit(&w->late, memory_order_relaxed);
    counters->late_max_ns = atomic_load_explicit(&w->late_max_ns, memory_order_relaxed);
    counters->notifications = notifications(w);
    latency_read(&w->latency, &out->latency);
}
