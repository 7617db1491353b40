/*
 * What a context has its pool do. Jobs of the home thread are gathered while an iteration runs, so
 * that the pool's lock is taken, and its threads are woken, once for many of them.
 */
#include <errno.h>
#include <stdlib.h>

#include "engine_int.h"

void aio_context_set_pool_sizes(AioContext *ctx, uint32_t min, uint32_t max)
{
    thread_pool_set_sizes(&ctx->pool, min, max);
}

void aio_context_set_max_batch(AioContext *ctx, uint64_t max_batch)
{
    atomic_store_explicit(&ctx->max_batch, max_batch, memory_order_relaxed);
}

void aio_pool_flush(AioContext *ctx)
{
    if (ctx->batched) {
        ctx->batched = 0;
        thread_pool_submit(&ctx->pool, &ctx->batch);
    }
}

void aio_pool_add(AioContext *ctx, PoolJob *job)
{
    const uint64_t max_batch = atomic_load_explicit(&ctx->max_batch, memory_order_relaxed);

    aio_list_insert_tail(&ctx->batch, &job->link);
    ctx->batched++;
    if (!ctx->depth || ctx->batched >= (max_batch ? max_batch : AIO_BATCH_DEFAULT)) {
        aio_pool_flush(ctx);
    }
}

/* ---- functions as jobs ---- */

typedef struct Task {
    PoolJob job;
    void (*work)(void *opaque); /* constant, as is what follows */
    void (*done)(void *opaque);
    void (*release)(void *opaque); /* NULL once it was called */
    void *opaque;
    AioBH *completion; /* made beforehand, so that completing cannot fail */
} Task;

static void task_release(void *opaque)
{
    Task *task = opaque;

    if (task->release) {
        task->release(task->opaque);
    }
    free(task);
}

static void task_done(void *opaque)
{
    Task *task = opaque;

    task->done(task->opaque);
    aio_bh_delete(task->completion);
}

static void task_work(PoolJob *job, PoolWorker *worker)
{
    Task *task = aio_container_of(job, Task, job);

    (void)worker;
    task->work(task->opaque);
    aio_bh_schedule(task->completion);
}

/* Released before the pool waits for what runs, which may wait for this one. */
static void task_abandon(PoolJob *job)
{
    Task *task = aio_container_of(job, Task, job);

    if (task->release) {
        task->release(task->opaque);
        task->release = NULL;
    }
    aio_bh_delete(task->completion);
}

int aio_pool_submit(AioContext *ctx, void (*work)(void *), void (*done)(void *),
                    void (*release)(void *), void *opaque)
{
    Task *task = malloc(sizeof(*task));
    AioBH *completion = task ? aio_bh_new(ctx, task_done, task, task_release) : NULL;

    if (!completion) {
        free(task);
        return -ENOMEM;
    }
    *task = (Task){.job = {.work = task_work, .abandon = task_abandon},
                   .work = work,
                   .done = done,
                   .release = release,
                   .opaque = opaque,
                   .completion = completion};
    if (aio_is_home(ctx)) {
        aio_pool_add(ctx, &task->job);
    } else {
        AioLink jobs;
        aio_list_init(&jobs);
        aio_list_insert_tail(&jobs, &task->job.link);
        thread_pool_submit(&ctx->pool, &jobs);
    }
    return 0;
}
