/*
 * Threads for what blocks: a context's own pool. It grows with the work, to `max`; a thread without
 * work for WORKER_IDLE_NS ends, unless it is one of `min`. (Sizes and times are those of QEMU's
 * util/thread-pool.c.)
 */
#ifndef IOTHREADD_THREAD_POOL_H
#define IOTHREADD_THREAD_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"

enum { POOL_MIN_DEFAULT = 0, POOL_MAX_DEFAULT = 64 };

/* However large the sizes are, there are no more threads. */
enum { POOL_WORKERS_MAX = 1024 };

#define WORKER_IDLE_NS (10 * INT64_C(1000000000))

typedef struct PoolWorker PoolWorker;

/* Embedded in what is to be done. */
typedef struct PoolJob {
    AioLink link; /* ThreadPool.jobs: its lock */
    void (*work)(struct PoolJob *job, PoolWorker *worker); /* in a worker; may free the job */
    void (*abandon)(struct PoolJob *job); /* instead, when the pool goes before its turn came */
} PoolJob;

typedef struct ThreadPool {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* of the fields below, which are under the lock */
    AioLink jobs;           /* nobody has taken them yet */
    uint32_t queued;        /* how many those are */
    AioLink workers;        /* PoolWorker: those that run */
    AioLink ended;          /* PoolWorker: those to be joined */
    uint32_t count;         /* of workers that run */
    uint32_t starting;      /* of those, how many have not asked for a job yet */
    uint32_t idle;          /* of those, how many wait */
    uint32_t min, max;
    bool used;              /* there was a job: `min` threads are kept from now on */
    bool stop;
} ThreadPool;

/* Without threads. */
void thread_pool_init(ThreadPool *pool);

/* Abandons the jobs that wait, and joins the threads. */
void thread_pool_cleanup(ThreadPool *pool);

/* 0 <= min <= max, 0 < max. Any thread; takes effect at once, as far as workers are idle. */
void thread_pool_set_sizes(ThreadPool *pool, uint32_t min, uint32_t max);

/* Takes all of them from the list. Any thread. Where no thread can be had, the caller does the work. */
void thread_pool_submit(ThreadPool *pool, AioLink *jobs);

/* The worker's own memory, aligned for direct I/O; NULL where there is none. */
void *pool_worker_buffer(PoolWorker *worker, size_t bytes);

#endif
