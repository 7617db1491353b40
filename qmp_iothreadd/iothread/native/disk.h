/*
 * Disks: what several queues of one device share; and the queues, each served by one context.
 *
 * A request is submitted in its queue's home thread, waits there while the disk is paused or over
 * its limits, and is done by the context's thread pool (a file) or not at all (a null disk). Its
 * completion is an event of the queue's handler, which busy-polling finds in memory.
 */
#ifndef IOTHREADD_DISK_H
#define IOTHREADD_DISK_H

#include "access.h"
#include "engine.h"
#include "thread_pool.h"
#include "throttle.h"

typedef struct Disk Disk;
typedef struct DiskQueue DiskQueue;
typedef struct DiskRequest DiskRequest;

/* ---- disks ---- */

/* What to do about an error: tell the guest, nothing, pause the disk, or pause it when it is full. */
#define DISK_ERROR_ACTIONS(X) X(report) X(ignore) X(stop) X(enospc)

typedef enum DiskErrorAction {
#define X(name) DISK_ERROR_##name,
    DISK_ERROR_ACTIONS(X)
#undef X
    DISK_ERROR_ACTION_COUNT,
} DiskErrorAction;

extern const char *const disk_error_action_names[DISK_ERROR_ACTION_COUNT];

typedef struct DiskParams {
    int fd;             /* duplicated; -1: a null disk, which reads and writes nothing */
    int64_t latency_ns; /* of a null disk, 0 to AIO_TIME_MAX_NS */
    uint64_t size;      /* bytes */
    uint64_t offset;    /* in the file, of its beginning */
    bool read_only;
    bool no_flush;      /* flushes do nothing */
    DiskErrorAction on_read_error, on_write_error;
    bool count_failed, count_invalid; /* as accesses: their time */
} DiskParams;

/* NULL and errno: EBADF, EMFILE, ENOMEM, EINVAL. */
Disk *disk_new(const DiskParams *params);
/* Queues hold references too. The last one closes the descriptor. */
void disk_unref(Disk *disk);

void disk_resize(Disk *disk, uint64_t size);
uint64_t disk_size(const Disk *disk);

/* The first write past it posts an event, and sets it to 0: none. */
void disk_set_write_threshold(Disk *disk, uint64_t threshold);
uint64_t disk_write_threshold(const Disk *disk);

void disk_set_error_actions(Disk *disk, DiskErrorAction on_read, DiskErrorAction on_write);

/* Without it every write is flushed before it is done. */
void disk_set_write_cache(Disk *disk, bool write_cache);
bool disk_write_cache(const Disk *disk);

/* Flushes do nothing, or something again. */
void disk_set_no_flush(Disk *disk, bool no_flush);
bool disk_no_flush(const Disk *disk);

/* NULL: no limits. Takes a reference of its own. */
void disk_set_throttle(Disk *disk, ThrottleGroup *group);

/* While it is paused no request begins; those under way end. */
void disk_set_paused(Disk *disk, bool paused);
bool disk_is_paused(const Disk *disk);

/* Requests that wait are looked at again: limits have changed. */
void disk_kick(Disk *disk);

/* ---- what happens to a disk ---- */

enum { DISK_EVENTS_MAX = 64 };

typedef enum DiskEventKind { DISK_EVENT_WRITE_THRESHOLD, DISK_EVENT_ERROR } DiskEventKind;

typedef struct DiskEvent {
    DiskEventKind kind;
    uint64_t exceeded;      /* write threshold: by so many bytes */
    uint64_t threshold;
    DiskOp op;              /* error */
    int error;              /* a positive errno value */
    DiskErrorAction action; /* report, ignore or stop: what was done */
} DiskEvent;

/* Readable while there are events; the disk's own. */
int disk_events_fd(const Disk *disk);

/* The oldest; false when there is none. Where nobody takes them, those that come last are lost. */
bool disk_take_event(Disk *disk, DiskEvent *event);

/* ---- queues ---- */

/* NULL and errno: EMFILE, ENOMEM. Both must outlive it; it takes a reference of the disk. */
DiskQueue *disk_queue_new(AioContext *ctx, Disk *disk);

/* Without clients. As aio_handler_free it waits for the context; not from the home thread. */
void disk_queue_free(DiskQueue *queue);

AioContext *disk_queue_context(DiskQueue *queue);
uint64_t disk_queue_size(DiskQueue *queue);
unsigned disk_queue_clients(DiskQueue *queue);

/* Per operation; all but `pending` only grow. The sum of the others is `submitted`. */
typedef struct DiskCounters {
    uint64_t operations[DISK_OP_COUNT]; /* done well */
    uint64_t failed[DISK_OP_COUNT];
    uint64_t invalid[DISK_OP_COUNT];    /* not begun: past the end, or a write where none may be */
    uint64_t bytes[DISK_OP_COUNT];      /* of `operations` */
    uint64_t total_ns[DISK_OP_COUNT];   /* from submission to completion */
    uint64_t submitted;
    uint64_t cancelled;
    uint64_t pending;
    uint64_t highest_offset;            /* the largest end of a write */
    uint64_t last_access_ns;            /* 0: never */
} DiskCounters;

/* All of one moment. Never makes the thread wait. */
void disk_queue_stats(DiskQueue *queue, DiskCounters *out);

/*
 * Counts from now on how many requests took how long: `bounds_ns` rise, each is the end of a bin that
 * does not include it. 0 bounds: no more. As aio_handler_free it waits for the context. -ENOMEM.
 */
int disk_queue_set_histogram(DiskQueue *queue, DiskOp op, const uint64_t *bounds_ns, size_t bounds);

/*
 * How many bounds there are, and where these are no more than `max`: them, and one bin more. Any
 * thread.
 */
size_t disk_queue_histogram(DiskQueue *queue, DiskOp op, uint64_t *bounds_ns, uint64_t *bins,
                            size_t max);

/* ---- requests ---- */

/* Who submits requests to a queue. */
typedef struct DiskClient {
    DiskQueue *queue;     /* constant */
    uint32_t outstanding; /* home */
} DiskClient;

struct DiskRequest {
    /* The submitter's: constant from disk_submit to `complete`, which may free the request. */
    DiskAccess access;
    DiskClient *client;
    void (*complete)(DiskRequest *request, int result); /* home; 0 or a negative errno value */

    PoolJob job;        /* the pool's, then the worker's */
    int result;         /* the worker, then home */
    DiskRequest *next;  /* DiskQueue.done: the worker, then home */
    AioLink link;       /* DiskQueue.waiting or .delayed: home */
    int64_t start_ns;   /* home, as the rest */
    int64_t deadline_ns;
    bool admitted;      /* by the limits */
};

void disk_client_init(DiskClient *client, DiskQueue *queue);

/* Home only. `complete` may run before it returns. */
void disk_submit(DiskRequest *request);

/*
 * Cancels what waits (-ECANCELED) and waits for what is under way; nothing may be submitted any
 * more. Not from the home thread.
 */
void disk_client_leave(DiskClient *client);

#endif
