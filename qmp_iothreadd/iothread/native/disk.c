/* What the queues of a disk share. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "disk_int.h"

const char *const disk_error_action_names[DISK_ERROR_ACTION_COUNT] = {
#define X(name) #name,
    DISK_ERROR_ACTIONS(X)
#undef X
};

/* ---- life ---- */

/* The largest that an offset in a file can be. */
static bool fits(uint64_t size, uint64_t offset)
{
    return size <= INT64_MAX && offset <= INT64_MAX - size;
}

static int open_disk(Disk *disk, int fd)
{
    disk->fd = -1;
    if (fd >= 0) {
        disk->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (disk->fd < 0) {
            return -errno;
        }
    }
    const int error = event_notifier_init(&disk->events_notifier);
    if (error && disk->fd >= 0) {
        close(disk->fd);
    }
    return error;
}

Disk *disk_new(const DiskParams *params)
{
    if (!fits(params->size, params->offset) || params->latency_ns < 0 ||
        params->latency_ns > AIO_TIME_MAX_NS) {
        errno = EINVAL;
        return NULL;
    }
    Disk *disk = calloc(1, sizeof(*disk));
    if (!disk) {
        return NULL;
    }
    const int error = open_disk(disk, params->fd);
    if (error) {
        free(disk);
        errno = -error;
        return NULL;
    }
    disk->latency_ns = params->latency_ns;
    disk->offset = params->offset;
    disk->read_only = params->read_only;
    disk->count_failed = params->count_failed;
    disk->count_invalid = params->count_invalid;
    atomic_init(&disk->references, 1);
    atomic_init(&disk->size, params->size);
    atomic_init(&disk->no_flush, params->no_flush);
    disk_set_error_actions(disk, params->on_read_error, params->on_write_error);
    pthread_mutex_init(&disk->lock, NULL);
    aio_list_init(&disk->queues);
    aio_live_add(&aio_live.disks, 1);
    return disk;
}

void disk_unref(Disk *disk)
{
    if (atomic_fetch_sub_explicit(&disk->references, 1, memory_order_acq_rel) > 1) {
        return;
    }
    if (disk->throttle) {
        throttle_group_unref(disk->throttle);
    }
    event_notifier_cleanup(&disk->events_notifier);
    if (disk->fd >= 0) {
        close(disk->fd);
    }
    pthread_mutex_destroy(&disk->lock);
    free(disk);
    aio_live_add(&aio_live.disks, -1);
}

/* ---- queues ---- */

void disk_attach_queue(Disk *disk, DiskQueue *queue)
{
    atomic_fetch_add_explicit(&disk->references, 1, memory_order_relaxed);
    pthread_mutex_lock(&disk->lock);
    aio_list_insert_tail(&disk->queues, &queue->disk_link);
    pthread_mutex_unlock(&disk->lock);
}

void disk_detach_queue(Disk *disk, DiskQueue *queue)
{
    pthread_mutex_lock(&disk->lock);
    aio_list_remove(&queue->disk_link);
    pthread_mutex_unlock(&disk->lock);
}

void disk_kick(Disk *disk)
{
    pthread_mutex_lock(&disk->lock);
    AIO_LIST_FOREACH (link, &disk->queues) {
        aio_bh_schedule(aio_container_of(link, DiskQueue, disk_link)->restart);
    }
    pthread_mutex_unlock(&disk->lock);
}

/* ---- settings ---- */

void disk_resize(Disk *disk, uint64_t size)
{
    atomic_store_explicit(&disk->size, size, memory_order_relaxed);
}

uint64_t disk_size(const Disk *disk)
{
    return atomic_load_explicit(&disk->size, memory_order_relaxed);
}

void disk_set_write_threshold(Disk *disk, uint64_t threshold)
{
    atomic_store_explicit(&disk->write_threshold, threshold, memory_order_relaxed);
}

uint64_t disk_write_threshold(const Disk *disk)
{
    return atomic_load_explicit(&disk->write_threshold, memory_order_relaxed);
}

void disk_set_error_actions(Disk *disk, DiskErrorAction on_read, DiskErrorAction on_write)
{
    atomic_store_explicit(&disk->on_read_error, on_read, memory_order_relaxed);
    atomic_store_explicit(&disk->on_write_error, on_write, memory_order_relaxed);
}

void disk_set_write_cache(Disk *disk, bool write_cache)
{
    atomic_store_explicit(&disk->write_through, !write_cache, memory_order_relaxed);
}

bool disk_write_cache(const Disk *disk)
{
    return !atomic_load_explicit(&disk->write_through, memory_order_relaxed);
}

void disk_set_no_flush(Disk *disk, bool no_flush)
{
    atomic_store_explicit(&disk->no_flush, no_flush, memory_order_relaxed);
}

bool disk_no_flush(const Disk *disk)
{
    return atomic_load_explicit(&disk->no_flush, memory_order_relaxed);
}

void disk_set_throttle(Disk *disk, ThrottleGroup *group)
{
    pthread_mutex_lock(&disk->lock);
    ThrottleGroup *before = disk->throttle;
    disk->throttle = group ? throttle_group_ref(group) : NULL;
    atomic_store_explicit(&disk->is_throttled, group != NULL, memory_order_relaxed);
    pthread_mutex_unlock(&disk->lock);
    if (before) {
        throttle_group_unref(before);
    }
    disk_kick(disk);
}

int64_t disk_admit(Disk *disk, const DiskAccess *access, int64_t now_ns)
{
    int64_t wait_ns = 0;

    if (access->op == DISK_FLUSH ||
        !atomic_load_explicit(&disk->is_throttled, memory_order_relaxed)) {
        return 0;
    }
    pthread_mutex_lock(&disk->lock);
    if (disk->throttle) {
        const bool is_write = access->op == DISK_WRITE;
        wait_ns = throttle_group_admit(disk->throttle, is_write, access->bytes, now_ns);
    }
    pthread_mutex_unlock(&disk->lock);
    return wait_ns;
}

void disk_set_paused(Disk *disk, bool paused)
{
    atomic_store_explicit(&disk->paused, paused, memory_order_release);
    if (!paused) {
        disk_kick(disk);
    }
}

bool disk_is_paused(const Disk *disk)
{
    return atomic_load_explicit(&disk->paused, memory_order_acquire);
}

/* ---- events ---- */

int disk_events_fd(const Disk *disk)
{
    return disk->events_notifier.fd;
}

/* Errors that only need telling leave room for those that pause the disk, and for a threshold. */
static uint32_t room_for(const DiskEvent *event)
{
    if (event->kind == DISK_EVENT_WRITE_THRESHOLD) {
        return DISK_EVENTS_MAX;
    }
    return event->action == DISK_ERROR_stop ? DISK_EVENTS_MAX - 8 : DISK_EVENTS_MAX / 2;
}

void disk_post_event(Disk *disk, const DiskEvent *event)
{
    pthread_mutex_lock(&disk->lock);
    if (disk->events_count < room_for(event)) {
        const uint32_t end = disk->events_begin + disk->events_count++;
        disk->events[end % DISK_EVENTS_MAX] = *event;
        if (disk->events_count == 1) {
            event_notifier_set(&disk->events_notifier);
        }
    }
    pthread_mutex_unlock(&disk->lock);
}

bool disk_take_event(Disk *disk, DiskEvent *event)
{
    pthread_mutex_lock(&disk->lock);
    const bool found = disk->events_count > 0;
    if (found) {
        *event = disk->events[disk->events_begin++ % DISK_EVENTS_MAX];
        if (--disk->events_count == 0) {
            event_notifier_test_and_clear(&disk->events_notifier);
        }
    }
    pthread_mutex_unlock(&disk->lock);
    return found;
}
