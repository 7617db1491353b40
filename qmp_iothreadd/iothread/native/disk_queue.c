/* A queue's life, its handler, and its clients. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "disk_int.h"
#include "engine_int.h"

/* ---- the handler: home ---- */

static bool has_done(DiskQueue *queue)
{
    return atomic_load(&queue->done) != NULL;
}

static void set_notify(DiskQueue *queue, bool notify)
{
    /* Sequentially consistent: who turns it on and then finds nothing done is notified. */
    atomic_store(&queue->notify, notify);
}

static void queue_read(void *opaque)
{
    DiskQueue *queue = opaque;

    event_notifier_test_and_clear(&queue->notifier);
    set_notify(queue, false);
    disk_collect(queue);
    if (queue->polling) {
        return;
    }
    set_notify(queue, true);
    if (has_done(queue)) {
        event_notifier_set(&queue->notifier);
    }
}

static bool queue_poll(void *opaque)
{
    return has_done(opaque);
}

static void queue_poll_ready(void *opaque)
{
    disk_collect(opaque);
}

static void queue_poll_begin(void *opaque)
{
    DiskQueue *queue = opaque;

    queue->polling = true;
    set_notify(queue, false);
}

static void queue_poll_end(void *opaque)
{
    DiskQueue *queue = opaque;

    queue->polling = false;
    set_notify(queue, true); /* the engine polls once more after this */
}

/* ---- life ---- */

static void release(DiskQueue *queue)
{
    if (queue->restart) {
        aio_bh_delete(queue->restart);
    }
    if (queue->restart_timer) {
        aio_timer_free(queue->restart_timer);
    }
    if (queue->delay_timer) {
        aio_timer_free(queue->delay_timer);
    }
}

typedef struct SetUp {
    DiskQueue *queue;
    bool done;
} SetUp;

static void set_up_in_home(AioContext *ctx, void *arg)
{
    SetUp *setup = arg;
    DiskQueue *queue = setup->queue;

    queue->restart = aio_bh_new(ctx, disk_restart_waiting, queue, NULL);
    queue->restart_timer = aio_timer_new(ctx, disk_restart_waiting, queue, NULL);
    queue->delay_timer = aio_timer_new(ctx, disk_end_delayed, queue, NULL);
    setup->done = queue->restart && queue->restart_timer && queue->delay_timer;
    if (!setup->done) {
        release(queue);
    }
}

static void release_in_home(AioContext *ctx, void *arg)
{
    (void)ctx;
    release(arg);
}

static int attach(DiskQueue *queue)
{
    static const AioHandlerOps ops = {
        .read = queue_read,
        .poll = queue_poll,
        .poll_ready = queue_poll_ready,
        .poll_begin = queue_poll_begin,
        .poll_end = queue_poll_end,
        .edge = true,
    };
    SetUp setup = {.queue = queue};
    int error = event_notifier_init(&queue->notifier);

    if (error) {
        return error;
    }
    aio_context_run(queue->ctx, set_up_in_home, &setup);
    if (!setup.done) {
        error = -ENOMEM;
    } else {
        queue->handler = aio_handler_new(queue->ctx, queue->notifier.fd, &ops, queue, NULL);
        error = queue->handler ? 0 : -errno;
        if (error) {
            aio_context_run(queue->ctx, release_in_home, queue);
        }
    }
    if (error) {
        event_notifier_cleanup(&queue->notifier);
    }
    return error;
}

static void dispose(DiskQueue *queue)
{
    disk_histograms_free(queue);
    pthread_mutex_destroy(&queue->histogram_lock);
    pthread_cond_destroy(&queue->left);
    pthread_mutex_destroy(&queue->leave_lock);
    free(queue);
}

DiskQueue *disk_queue_new(AioContext *ctx, Disk *disk)
{
    DiskQueue *queue = aligned_alloc(_Alignof(DiskQueue), sizeof(*queue));

    if (!queue) {
        errno = ENOMEM;
        return NULL;
    }
    memset(queue, 0, sizeof(*queue));
    queue->ctx = ctx;
    queue->disk = disk;
    for (int i = 0; i < DISK_DIRECTIONS; i++) {
        aio_list_init(&queue->waiting[i]);
    }
    aio_list_init(&queue->delayed);
    atomic_init(&queue->notify, true);
    pthread_mutex_init(&queue->leave_lock, NULL);
    pthread_cond_init(&queue->left, NULL);
    pthread_mutex_init(&queue->histogram_lock, NULL);
    const int error = attach(queue);
    if (error) {
        dispose(queue);
        errno = -error;
        return NULL;
    }
    disk_attach_queue(disk, queue);
    atomic_fetch_add_explicit(&ctx->disk_queues, 1, memory_order_relaxed);
    aio_live_add(&aio_live.disk_queues, 1);
    return queue;
}

void disk_queue_free(DiskQueue *queue)
{
    AioContext *ctx = queue->ctx;

    disk_detach_queue(queue->disk, queue);
    /* All requests are done, but a worker may have a few instructions left. */
    while (atomic_load_explicit(&queue->in_workers, memory_order_acquire)) {
        sched_yield();
    }
    aio_handler_free(queue->handler);
    aio_context_run(ctx, release_in_home, queue);
    disk_unref(queue->disk);
    event_notifier_cleanup(&queue->notifier);
    dispose(queue);
    /* Release: who finds no queue may free the context. */
    atomic_fetch_sub_explicit(&ctx->disk_queues, 1, memory_order_release);
    aio_live_add(&aio_live.disk_queues, -1);
}

AioContext *disk_queue_context(DiskQueue *queue)
{
    return queue->ctx;
}

uint64_t disk_queue_size(DiskQueue *queue)
{
    return disk_size(queue->disk);
}

unsigned disk_queue_clients(DiskQueue *queue)
{
    return atomic_load_explicit(&queue->clients, memory_order_acquire);
}

void disk_queue_stats(DiskQueue *queue, DiskCounters *out)
{
    sample_read(&queue->sequence, queue->published[0], out,
                sizeof(*out) / sizeof(uint64_t));
}

/* ---- clients ---- */

void disk_client_init(DiskClient *client, DiskQueue *queue)
{
    client->queue = queue;
    client->outstanding = 0;
    atomic_fetch_add_explicit(&queue->clients, 1, memory_order_relaxed);
}

void disk_tell_leaving(DiskQueue *queue)
{
    pthread_mutex_lock(&queue->leave_lock);
    queue->progress++;
    pthread_cond_broadcast(&queue->left);
    pthread_mutex_unlock(&queue->leave_lock);
}

typedef struct Leave {
    DiskClient *client;
    uint32_t outstanding;
} Leave;

static void leave_in_home(AioContext *ctx, void *arg)
{
    Leave *leave = arg;
    DiskQueue *queue = leave->client->queue;

    (void)ctx;
    disk_collect(queue);
    disk_cancel(queue, leave->client);
    leave->outstanding = leave->client->outstanding;
}

static uint64_t progress_of(DiskQueue *queue)
{
    pthread_mutex_lock(&queue->leave_lock);
    const uint64_t progress = queue->progress;
    pthread_mutex_unlock(&queue->leave_lock);
    return progress;
}

static void await_progress(DiskQueue *queue, uint64_t seen)
{
    pthread_mutex_lock(&queue->leave_lock);
    while (queue->progress == seen) {
        pthread_cond_wait(&queue->left, &queue->leave_lock);
    }
    pthread_mutex_unlock(&queue->leave_lock);
}

void disk_client_leave(DiskClient *client)
{
    DiskQueue *queue = client->queue;
    Leave leave = {.client = client};

    /* Sequentially consistent: see do_work. A context that nobody drives is looked after, too. */
    atomic_fetch_add(&queue->leaving, 1);
    for (;;) {
        const uint64_t seen = progress_of(queue);
        aio_context_run(queue->ctx, leave_in_home, &leave);
        if (!leave.outstanding) {
            break;
        }
        await_progress(queue, seen);
    }
    atomic_fetch_sub(&queue->leaving, 1);
    atomic_fetch_sub_explicit(&queue->clients, 1, memory_order_release);
}
