/* A workload's disk: what its requests do there, one for each slot of the ring. */
#ifndef IOTHREADD_WORKLOAD_DISK_H
#define IOTHREADD_WORKLOAD_DISK_H

#include "workload.h"

typedef struct WorkloadDisk WorkloadDisk;

/* `complete(opaque)` is called for each request that ends, in the home thread. NULL: no memory. */
WorkloadDisk *workload_disk_new(DiskQueue *queue, void (*complete)(void *), void *opaque);

/*
 * Waits for requests that are under way; nothing may be issued or submitted any more, and the queue
 * may go. The memory is the caller's to free.
 */
void workload_disk_leave(WorkloadDisk *disk);

/* Under the generator's lock: the next request's access goes into the slot. */
void workload_disk_issue(WorkloadDisk *disk, size_t slot);
void workload_disk_tune(WorkloadDisk *disk, const AccessParams *params);

/* Home only. The slot may be filled again once it returns. */
void workload_disk_submit(WorkloadDisk *disk, size_t slot);

/* What the disk knows of `out`. Any thread. */
void workload_disk_stats(WorkloadDisk *disk, WorkloadCounters *out);

#endif
