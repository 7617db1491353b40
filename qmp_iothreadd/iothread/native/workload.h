/*
 * Synthetic load on a context, shaped like a virtqueue: a ring of requests in memory and an event
 * notifier. A generator thread issues requests; the context's thread serves them, by itself, by a
 * disk, or by a device that completes them later (workload_device.h), and suppresses notifications
 * while it looks at the ring anyway.
 */
#ifndef IOTHREADD_WORKLOAD_H
#define IOTHREADD_WORKLOAD_H

#include "access.h"
#include "arrival.h"
#include "cpu_mask.h"
#include "disk.h"
#include "engine.h"
#include "workload_ring.h"

enum { WORKLOAD_PHASES_MAX = 64 };

typedef struct Workload Workload;

/* What it points to is used where it is, until the workload has ended or was told others. */
typedef struct WorkloadParams {
    ArrivalParams arrival;
    uint32_t depth;        /* at most so many in flight (closed loop); 0: open loop */
    int64_t think_ns;      /* closed loop: above 0, from a completion to the next in its place */
    int64_t service_ns;    /* CPU time that the handler spends on each */
    ArrivalParams device;  /* its latencies; without a process there is none */
    CpuMask cpus;          /* those of its generator, from the beginning on */
    AccessParams access;   /* what each does to the disk, where there is one */
} WorkloadParams;

typedef struct WorkloadCounters {
    uint64_t issued;
    uint64_t completed;
    uint64_t in_flight;
    uint64_t dropped;       /* open loop: the ring was full */
    uint64_t late;          /* issued, or completed by the device, WORKLOAD_LATE_NS too late */
    int64_t late_max_ns;
    uint64_t notifications; /* event notifier set */
    uint64_t failed;        /* of `completed`, the next three too: with an error */
    uint64_t read_bytes;    /* read well */
    uint64_t written_bytes;
    uint64_t flushes;
} WorkloadCounters;

typedef struct WorkloadStats {
    WorkloadCounters counters;
    /* From when a request was due until its handler began with it, or with its completion. */
    LatencySnapshot latency;
} WorkloadStats;

/* What counts as late; a spinning generator is on time to well within it. */
enum { WORKLOAD_LATE_NS = 20 * 1000 };

/* -EINVAL for parameters out of range, else 0. Times go from 0 to AIO_TIME_MAX_NS. */
int workload_check(const WorkloadParams *params);

/* Starts at once. NULL and errno: EINVAL, ENOMEM, EMFILE, EAGAIN, ENODEV (a CPU). */
Workload *workload_new(AioContext *ctx, const WorkloadParams *params);

/* The same for a disk: its context takes each request from the ring, and submits it to the queue. */
Workload *workload_new_on_disk(DiskQueue *queue, const WorkloadParams *params);

/*
 * The next request comes by the new parameters. -EINVAL leaves the old ones. There is a
 * device, or there is none, from the beginning on.
 */
int workload_tune(Workload *workload, const WorkloadParams *params);

/*
 * Stops; requests still in flight are dropped, or done where a disk is at them. As aio_handler_free
 * it waits for the context.
 */
void workload_free(Workload *workload);
/* The same, with what it did in all. */
void workload_end(Workload *workload, WorkloadStats *last);

void workload_stats(Workload *workload, WorkloadStats *out);

/* ---- for the generator threads ---- */

/*
 * Issues what is due. Returns when to look again: a time, or now_ns for «at once».
 */
int64_t workload_generate(Workload *workload, int64_t now_ns);

#endif
