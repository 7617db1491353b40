#include "workload_disk.h"

#include <errno.h>
#include <stdlib.h>

struct WorkloadDisk {
    DiskClient client;
    void (*complete)(void *opaque); /* constant, as the next */
    void *opaque;
    Access access;                  /* generator's lock */
    DiskAccess accesses[WORKLOAD_RING_SIZE]; /* the ring's: the generator, then home */

    DiskRequest requests[WORKLOAD_RING_SIZE];
    DiskRequest *free;              /* home: those not under way, by `next` */

    /* Home writes, any reads, relaxed. */
    _Atomic uint64_t failed;
    _Atomic uint64_t bytes[DISK_OP_COUNT];
    _Atomic uint64_t flushes;
};

WorkloadDisk *workload_disk_new(DiskQueue *queue, void (*complete)(void *), void *opaque)
{
    WorkloadDisk *disk = calloc(1, sizeof(*disk));

    if (!disk) {
        return NULL;
    }
    disk->complete = complete;
    disk->opaque = opaque;
    for (size_t i = WORKLOAD_RING_SIZE; i--;) {
        disk->requests[i].next = disk->free;
        disk->free = &disk->requests[i];
    }
    disk_client_init(&disk->client, queue);
    return disk;
}

void workload_disk_leave(WorkloadDisk *disk)
{
    disk_client_leave(&disk->client);
}

void workload_disk_tune(WorkloadDisk *disk, const AccessParams *params)
{
    access_init(&disk->access, params);
}

void workload_disk_issue(WorkloadDisk *disk, size_t slot)
{
    disk->accesses[slot] = access_next(&disk->access, disk_queue_size(disk->client.queue));
}

static void count(WorkloadDisk *disk, const DiskAccess *access, int result)
{
    if (result) {
        stats_add(&disk->failed, 1);
    } else if (access->op == DISK_FLUSH) {
        stats_add(&disk->flushes, 1);
    } else {
        stats_add(&disk->bytes[access->op], access->bytes);
    }
}

static void request_complete(DiskRequest *request, int result)
{
    WorkloadDisk *disk = aio_container_of(request->client, WorkloadDisk, client);

    request->next = disk->free;
    disk->free = request;
    if (result != -ECANCELED) {
        count(disk, &request->access, result);
        disk->complete(disk->opaque);
    }
}

void workload_disk_submit(WorkloadDisk *disk, size_t slot)
{
    /* There is one: no more requests are under way than the ring has slots. */
    DiskRequest *request = disk->free;

    disk->free = request->next;
    request->access = disk->accesses[slot];
    request->client = &disk->client;
    request->complete = request_complete;
    disk_submit(request);
}

void workload_disk_stats(WorkloadDisk *disk, WorkloadCounters *out)
{
    out->failed = atomic_load_explicit(&disk->failed, memory_order_relaxed);
    out->read_bytes = atomic_load_explicit(&disk->bytes[DISK_READ], memory_order_relaxed);
    out->written_bytes = atomic_load_explicit(&disk->bytes[DISK_WRITE], memory_order_relaxed);
    out->flushes = atomic_load_explicit(&disk->flushes, memory_order_relaxed);
}
