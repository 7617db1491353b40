#include "thread_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "engine.h"
#include "masked_thread.h"
#include "stack.h"

enum { BUFFER_ALIGNMENT = 4096 };

struct PoolWorker {
    ThreadPool *pool;  /* constant */
    pthread_t thread;  /* constant while it exists */
    AioLink link;      /* pool's lock */
    void *buffer;      /* its own thread, as is the next */
    size_t buffer_bytes;
};

void *pool_worker_buffer(PoolWorker *worker, size_t bytes)
{
    if (bytes > worker->buffer_bytes) {
        free(worker->buffer);
        worker->buffer_bytes = 0;
        worker->buffer = NULL;
        if (posix_memalign(&worker->buffer, BUFFER_ALIGNMENT, bytes)) {
            return NULL;
        }
        worker->buffer_bytes = bytes;
    }
    return worker->buffer;
}

/* ---- a worker's thread; all under the lock ---- */

static PoolJob *pop(AioLink *jobs)
{
    PoolJob *job = aio_container_of(jobs->next, PoolJob, link);

    aio_list_remove(&job->link);
    return job;
}

/* False after WORKER_IDLE_NS, where the worker is one too many. */
static bool wait_idle(ThreadPool *pool)
{
    int error = 0;

    pool->idle++;
    if (pool->count > pool->min) {
        const int64_t end_ns = aio_clock_ns() + WORKER_IDLE_NS;
        const struct timespec ts = {.tv_sec = end_ns / 1000000000, .tv_nsec = end_ns % 1000000000};
        error = pthread_cond_timedwait(&pool->changed, &pool->lock, &ts);
    } else {
        pthread_cond_wait(&pool->changed, &pool->lock);
    }
    pool->idle--;
    return error != ETIMEDOUT || pool->queued || pool->count <= pool->min;
}

/* NULL when the worker is to end. */
static PoolJob *take_job(ThreadPool *pool)
{
    while (!pool->queued) {
        if (pool->stop || pool->count > pool->max || !wait_idle(pool)) {
            return NULL;
        }
    }
    if (pool->count > pool->max) {
        return NULL;
    }
    pool->queued--;
    return pop(&pool->jobs);
}

static void *worker_main(void *opaque)
{
    PoolWorker *worker = opaque;
    ThreadPool *pool = worker->pool;
    PoolJob *job;

    prctl(PR_SET_NAME, "worker");
    pthread_mutex_lock(&pool->lock);
    pool->starting--;
    while ((job = take_job(pool))) {
        pthread_mutex_unlock(&pool->lock);
        job->work(job, worker);
        pthread_mutex_lock(&pool->lock);
    }
    pool->count--;
    aio_list_remove(&worker->link);
    aio_list_insert_tail(&pool->ended, &worker->link);
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* ---- starting and joining ---- */

static int start_thread(PoolWorker *worker)
{
    pthread_attr_t attr;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    const int error = masked_thread_create(&worker->thread, &attr, worker_main, worker);
    pthread_attr_destroy(&attr);
    return error;
}

/* Under the lock, which the new thread waits for. */
static bool spawn_locked(ThreadPool *pool)
{
    PoolWorker *worker = calloc(1, sizeof(*worker));

    if (!worker) {
        return false;
    }
    worker->pool = pool;
    if (start_thread(worker)) {
        free(worker);
        return false;
    }
    aio_list_insert_tail(&pool->workers, &worker->link);
    pool->count++;
    pool->starting++;
    aio_live_add(&aio_live.pool_workers, 1);
    return true;
}

static void spawn_to_min_locked(ThreadPool *pool)
{
    while (pool->used && pool->count < pool->min && spawn_locked(pool)) {
    }
}

/* Leaves and takes the lock again. */
static void join_ended_locked(ThreadPool *pool)
{
    while (!aio_list_empty(&pool->ended)) {
        PoolWorker *worker = aio_container_of(pool->ended.next, PoolWorker, link);

        aio_list_remove(&worker->link);
        pthread_mutex_unlock(&pool->lock);
        pthread_join(worker->thread, NULL);
        free(worker->buffer);
        free(worker);
        aio_live_add(&aio_live.pool_workers, -1);
        pthread_mutex_lock(&pool->lock);
    }
}

/* ---- the pool ---- */

void thread_pool_init(ThreadPool *pool)
{
    pthread_condattr_t attr;

    *pool = (ThreadPool){.min = POOL_MIN_DEFAULT, .max = POOL_MAX_DEFAULT};
    pthread_mutex_init(&pool->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->changed, &attr);
    pthread_condattr_destroy(&attr);
    aio_list_init(&pool->jobs);
    aio_list_init(&pool->workers);
    aio_list_init(&pool->ended);
}

/* Leaves and takes the lock again. */
static void abandon_locked(ThreadPool *pool)
{
    while (!aio_list_empty(&pool->jobs)) {
        PoolJob *job = pop(&pool->jobs);

        pool->queued--;
        pthread_mutex_unlock(&pool->lock);
        job->abandon(job);
        pthread_mutex_lock(&pool->lock);
    }
}

void thread_pool_cleanup(ThreadPool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->stop = true;
    abandon_locked(pool);
    pthread_cond_broadcast(&pool->changed);
    while (pool->count) {
        pthread_cond_wait(&pool->changed, &pool->lock);
    }
    join_ended_locked(pool);
    pthread_mutex_unlock(&pool->lock);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
}

void thread_pool_set_sizes(ThreadPool *pool, uint32_t min, uint32_t max)
{
    pthread_mutex_lock(&pool->lock);
    pool->min = min < POOL_WORKERS_MAX ? min : POOL_WORKERS_MAX;
    pool->max = max < POOL_WORKERS_MAX ? max : POOL_WORKERS_MAX;
    spawn_to_min_locked(pool);
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

/* Returns whether anybody will take the job. */
static bool make_room_locked(ThreadPool *pool)
{
    pool->used = true;
    spawn_to_min_locked(pool);
    if (pool->queued >= pool->idle + pool->starting && pool->count < pool->max) {
        spawn_locked(pool);
    }
    return pool->count > 0;
}

void thread_pool_submit(ThreadPool *pool, AioLink *jobs)
{
    pthread_mutex_lock(&pool->lock);
    join_ended_locked(pool);
    while (!aio_list_empty(jobs) && make_room_locked(pool)) {
        aio_list_insert_tail(&pool->jobs, &pop(jobs)->link);
        pool->queued++;
        pthread_cond_signal(&pool->changed);
    }
    pthread_mutex_unlock(&pool->lock);

    PoolWorker caller = {.pool = pool};
    while (!aio_list_empty(jobs)) {
        PoolJob *job = pop(jobs);
        job->work(job, &caller);
    }
    free(caller.buffer);
}
