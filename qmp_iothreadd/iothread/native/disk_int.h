/* The structures of disks, with the owner of each field; home is that of the queue's context. */
#ifndef IOTHREADD_DISK_INT_H
#define IOTHREADD_DISK_INT_H

#include <pthread.h>

#include "disk.h"
#include "list.h"

struct Disk {
    int fd;             /* constant, as the next four */
    int64_t latency_ns;
    uint64_t offset;
    bool read_only, count_failed, count_invalid;
    EventNotifier events_notifier; /* set while there are events */

    _Atomic uint32_t references;
    _Atomic uint64_t size;             /* any thread, relaxed, as the next five */
    _Atomic uint64_t write_threshold;
    _Atomic uint32_t on_read_error, on_write_error; /* DiskErrorAction */
    _Atomic bool write_through;        /* no write cache */
    _Atomic bool no_flush;             /* flushes do nothing */
    _Atomic bool paused;               /* any thread; who clears it kicks the queues afterwards */
    _Atomic bool is_throttled;         /* under the lock; read without it: whether to take it */

    pthread_mutex_t lock;              /* of the rest; held for a few instructions */
    ThrottleGroup *throttle;
    AioLink queues;                    /* DiskQueue */
    DiskEvent events[DISK_EVENTS_MAX]; /* a ring */
    uint32_t events_begin, events_count;
};

typedef struct DiskHistogram DiskHistogram;

enum { DISK_DIRECTIONS = 2 }; /* reads; writes and flushes */

struct DiskQueue {
    AioContext *ctx;          /* constant, as the next five */
    Disk *disk;
    AioHandler *handler;
    EventNotifier notifier;   /* of `done` */
    AioBH *restart;           /* looks at what waits */
    AioTimer *restart_timer;  /* schedules it when the limits allow */
    AioTimer *delay_timer;    /* home, as the next five: of the first in `delayed` */
    AioLink disk_link;        /* Disk.lock */
    AioLink waiting[DISK_DIRECTIONS]; /* paused, or over the limits: oldest first */
    AioLink delayed;          /* a null disk's latency: by deadline */
    bool polling;             /* between poll_begin and poll_end */
    DiskCounters counters;

    _Atomic uint64_t published[2][sizeof(DiskCounters) / sizeof(uint64_t)]; /* sample.h */
    _Atomic uint64_t sequence;

    /* Requests that workers are done with, latest first. Pushed by workers, taken whole by home. */
    _Alignas(64) _Atomic(DiskRequest *) done;
    _Atomic bool notify;          /* home: a worker that is done is to set the notifier */
    _Atomic uint32_t in_workers;  /* requests that a worker has: its last touch of the queue */
    _Atomic uint32_t leaving;     /* threads in disk_client_leave */
    _Atomic uint32_t clients;     /* any thread, relaxed */
    pthread_mutex_t leave_lock;
    pthread_cond_t left;
    uint64_t progress;            /* leave_lock: requests have come back */
    DiskHistogram *histograms[DISK_OP_COUNT]; /* home writes under the lock, others read under it */
    pthread_mutex_t histogram_lock;
};

/* ---- disk.c, for the queues ---- */

void disk_post_event(Disk *disk, const DiskEvent *event);

/* As throttle_group_admit. */
int64_t disk_admit(Disk *disk, const DiskAccess *access, int64_t now_ns);

void disk_attach_queue(Disk *disk, DiskQueue *queue);
void disk_detach_queue(Disk *disk, DiskQueue *queue);

/* ---- disk_queue.c ---- */

/* A request has come back: those that wait for theirs look again. Any thread. */
void disk_tell_leaving(DiskQueue *queue);

/* ---- disk_request.c; all in the home thread ---- */

/* Begins what waits, as far as it may. */
void disk_restart_waiting(void *queue);

/* Ends what a null disk has delayed for long enough. */
void disk_end_delayed(void *queue);

/* Ends what workers are done with. */
void disk_collect(DiskQueue *queue);

/* Ends, cancelled, what no worker has. */
void disk_cancel(DiskQueue *queue, const DiskClient *client);

/* ---- disk_histogram.c ---- */

/* NULL counts nothing. Home only. */
void disk_histogram_count(const DiskHistogram *histogram, uint64_t latency_ns);
void disk_histograms_free(DiskQueue *queue);

/* ---- disk_io.c ---- */

/* Blocks; in a worker. Returns 0 or a negative errno value. */
int disk_perform(Disk *disk, const DiskAccess *access, PoolWorker *worker);

#endif
