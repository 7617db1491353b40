/* What becomes of a request: it waits, begins, is done, and counts. In the home thread, but for one. */
#include <errno.h>

#include "disk_int.h"
#include "engine_int.h"

static int direction_of(const DiskRequest *request)
{
    return request->access.op != DISK_READ;
}

static void publish(DiskQueue *queue)
{
    sample_publish(&queue->sequence, queue->published[0], &queue->counters,
                   sizeof(DiskCounters) / sizeof(uint64_t));
}

/* ---- the end ---- */

/* The last touch of the request, which `complete` may free. */
static void end(DiskQueue *queue, DiskRequest *request, int result)
{
    queue->counters.pending--;
    request->client->outstanding--;
    publish(queue);
    request->complete(request, result);
}

static void count(DiskQueue *queue, const DiskRequest *request, int result)
{
    const DiskAccess *access = &request->access;
    DiskCounters *counters = &queue->counters;
    const int64_t now_ns = aio_clock_ns();
    const uint64_t latency_ns = (uint64_t)(now_ns - request->start_ns);

    disk_histogram_count(queue->histograms[access->op], latency_ns);
    if (result) {
        counters->failed[access->op]++;
    } else {
        counters->operations[access->op]++;
        counters->bytes[access->op] += access->bytes;
    }
    if (!result || queue->disk->count_failed) {
        counters->total_ns[access->op] += latency_ns;
        counters->last_access_ns = (uint64_t)now_ns;
    }
    if (access->op == DISK_WRITE && access->offset + access->bytes > counters->highest_offset) {
        counters->highest_offset = access->offset + access->bytes;
    }
}

static DiskErrorAction action_on(const Disk *disk, DiskOp op, int error)
{
    const uint32_t action = atomic_load_explicit(
        op == DISK_READ ? &disk->on_read_error : &disk->on_write_error, memory_order_relaxed);

    if (action == DISK_ERROR_enospc) {
        return error == ENOSPC ? DISK_ERROR_stop : DISK_ERROR_report;
    }
    return (DiskErrorAction)action;
}

/* Whether the request is to be tried again, once the disk goes on. */
static bool pause_for(DiskQueue *queue, DiskRequest *request, DiskErrorAction action)
{
    if (action == DISK_ERROR_stop) {
        disk_set_paused(queue->disk, true);
        aio_list_insert_head(&queue->waiting[direction_of(request)], &request->link);
    }
    return action == DISK_ERROR_stop;
}

static void finish(DiskQueue *queue, DiskRequest *request, int result)
{
    if (result) {
        const DiskOp op = request->access.op;
        const DiskErrorAction action = action_on(queue->disk, op, -result);
        const bool again = pause_for(queue, request, action);
        disk_post_event(queue->disk, &(DiskEvent){.kind = DISK_EVENT_ERROR,
                                                  .op = op,
                                                  .error = -result,
                                                  .action = action});
        if (again) {
            return;
        }
        result = action == DISK_ERROR_ignore ? 0 : result;
    }
    count(queue, request, result);
    end(queue, request, result);
}

void disk_collect(DiskQueue *queue)
{
    DiskRequest *reversed = NULL;

    /* Sequentially consistent: see DiskQueue.notify. */
    DiskRequest *request = atomic_exchange(&queue->done, NULL);
    while (request) {
        DiskRequest *next = request->next;
        request->next = reversed;
        reversed = request;
        request = next;
    }
    while (reversed) {
        request = reversed;
        reversed = request->next;
        finish(queue, request, request->result);
    }
}

/* ---- doing it ---- */

/* In a worker. Once `in_workers` is lower the queue may be gone, once it is pushed the request. */
static void do_work(PoolJob *job, PoolWorker *worker)
{
    DiskRequest *request = aio_container_of(job, DiskRequest, job);
    DiskQueue *queue = request->client->queue;

    request->result = disk_perform(queue->disk, &request->access, worker);
    request->next = atomic_load_explicit(&queue->done, memory_order_relaxed);
    /*
     * Sequentially consistent, as what follows: either home, which turns `notify` on and looks at
     * `done`, sees the request, or this thread sees that it is to notify. The same with `leaving`.
     */
    while (!atomic_compare_exchange_weak(&queue->done, &request->next, request)) {
    }
    if (atomic_load(&queue->notify)) {
        event_notifier_set(&queue->notifier);
    }
    if (atomic_load(&queue->leaving)) {
        disk_tell_leaving(queue);
    }
    atomic_fetch_sub_explicit(&queue->in_workers, 1, memory_order_release);
}

static void look_at_threshold(Disk *disk, const DiskAccess *access)
{
    const uint64_t end = access->offset + access->bytes;
    uint64_t threshold = disk_write_threshold(disk);

    /* The one that takes it back, of several threads, tells it. */
    if (access->op == DISK_WRITE && threshold && end > threshold &&
        atomic_compare_exchange_strong(&disk->write_threshold, &threshold, 0)) {
        disk_post_event(disk, &(DiskEvent){.kind = DISK_EVENT_WRITE_THRESHOLD,
                                           .exceeded = end - threshold,
                                           .threshold = threshold});
    }
}

static void delay(DiskQueue *queue, DiskRequest *request, int64_t latency_ns)
{
    request->deadline_ns = aio_clock_ns() + latency_ns;
    if (aio_list_empty(&queue->delayed)) {
        aio_timer_arm(queue->delay_timer, request->deadline_ns);
    }
    aio_list_insert_tail(&queue->delayed, &request->link);
}

static void begin(DiskQueue *queue, DiskRequest *request)
{
    Disk *disk = queue->disk;

    look_at_threshold(disk, &request->access);
    if (disk->fd >= 0) {
        request->job.work = do_work;
        atomic_fetch_add_explicit(&queue->in_workers, 1, memory_order_relaxed);
        aio_pool_add(queue->ctx, &request->job);
    } else if (disk->latency_ns) {
        delay(queue, request, disk->latency_ns);
    } else {
        finish(queue, request, 0);
    }
}

void disk_end_delayed(void *opaque)
{
    DiskQueue *queue = opaque;
    const int64_t now_ns = aio_clock_ns();

    while (!aio_list_empty(&queue->delayed)) {
        DiskRequest *first = aio_container_of(queue->delayed.next, DiskRequest, link);
        if (first->deadline_ns > now_ns) {
            aio_timer_arm(queue->delay_timer, first->deadline_ns);
            break;
        }
        aio_list_remove(&first->link);
        finish(queue, first, 0);
    }
}

/* ---- waiting ---- */

/* Whether it may begin now; else the timer is armed where only time is missing. */
static bool may_begin(DiskQueue *queue, DiskRequest *request, int64_t *restart_ns)
{
    if (disk_is_paused(queue->disk)) {
        return false;
    }
    if (!request->admitted) {
        const int64_t now_ns = aio_clock_ns();
        const int64_t wait_ns = disk_admit(queue->disk, &request->access, now_ns);
        request->admitted = wait_ns == 0;
        if (wait_ns && now_ns + wait_ns < *restart_ns) {
            *restart_ns = now_ns + wait_ns;
        }
    }
    return request->admitted;
}

static void restart_direction(DiskQueue *queue, AioLink *waiting, int64_t *restart_ns)
{
    while (!aio_list_empty(waiting)) {
        DiskRequest *first = aio_container_of(waiting->next, DiskRequest, link);
        if (!may_begin(queue, first, restart_ns)) {
            break;
        }
        aio_list_remove(&first->link);
        begin(queue, first);
    }
}

void disk_restart_waiting(void *opaque)
{
    DiskQueue *queue = opaque;
    int64_t restart_ns = INT64_MAX;

    for (int i = 0; i < DISK_DIRECTIONS; i++) {
        restart_direction(queue, &queue->waiting[i], &restart_ns);
    }
    if (restart_ns != INT64_MAX) {
        aio_timer_arm(queue->restart_timer, restart_ns);
    }
}

/* ---- the beginning ---- */

static int refusal(const Disk *disk, const DiskAccess *access)
{
    const uint64_t size = disk_size(disk);

    if (access->op == DISK_FLUSH) {
        return 0;
    }
    if (access->bytes > size || access->offset > size - access->bytes) {
        return -EIO;
    }
    return access->op == DISK_WRITE && disk->read_only ? -EROFS : 0;
}

static void refuse(DiskQueue *queue, DiskRequest *request, int result)
{
    queue->counters.invalid[request->access.op]++;
    if (queue->disk->count_invalid) {
        queue->counters.last_access_ns = (uint64_t)request->start_ns;
    }
    end(queue, request, result);
}

void disk_submit(DiskRequest *request)
{
    DiskQueue *queue = request->client->queue;
    AioLink *waiting = &queue->waiting[direction_of(request)];
    const int result = refusal(queue->disk, &request->access);

    request->start_ns = aio_clock_ns();
    request->admitted = false;
    request->client->outstanding++;
    queue->counters.submitted++;
    queue->counters.pending++;
    publish(queue);
    if (result) {
        refuse(queue, request, result);
    } else {
        const bool was_empty = aio_list_empty(waiting);
        aio_list_insert_tail(waiting, &request->link);
        if (was_empty) {
            disk_restart_waiting(queue);
        }
    }
}

/* ---- cancelling ---- */

static void cancel_list(DiskQueue *queue, AioLink *list, const DiskClient *client)
{
    AIO_LIST_FOREACH (link, list) {
        DiskRequest *request = aio_container_of(link, DiskRequest, link);
        if (request->client == client) {
            aio_list_remove(link);
            queue->counters.cancelled++;
            end(queue, request, -ECANCELED);
        }
    }
}

void disk_cancel(DiskQueue *queue, const DiskClient *client)
{
    for (int i = 0; i < DISK_DIRECTIONS; i++) {
        cancel_list(queue, &queue->waiting[i], client);
    }
    cancel_list(queue, &queue->delayed, client);
}
