/*
 * File descriptor monitors: what a context blocks in. Each is a file fdmon_NAME.c that defines the
 * table of functions `fdmon_NAME`, and a row of FD_MONITORS (engine.h).
 */
#ifndef IOTHREADD_FDMON_H
#define IOTHREADD_FDMON_H

#include "engine.h"
#include "list.h"

/* What a monitor keeps for one context; 0 before its setup. */
typedef union FDMonState {
    int fd;
    void *data;
} FDMonState;

/* All run in the home thread alone. Errors are negative errno values. */
typedef struct FDMon {
    /* Whether a handler without events leaves the poll list after a while (AIO_IDLE_INTERVAL_NS). */
    bool removes_idle;

    /* Prepares a context; -ENOSYS, -EPERM or the like where the system has, or allows, no such thing. */
    int (*setup)(AioContext *ctx);
    void (*cleanup)(AioContext *ctx);

    /* Watches a handler's descriptor for its events (fdmon_events) from now on; may refuse. */
    int (*add)(AioContext *ctx, AioHandler *handler);
    void (*remove)(AioContext *ctx, AioHandler *handler);

    /* Called before busy-polling, which does not take place where it returns false. */
    bool (*begin_poll)(AioContext *ctx);

    /* Whether events have come in, as memory tells it: ends busy-polling, `wait` is called. */
    bool (*has_events)(AioContext *ctx);

    /*
     * Whether an iteration that has no time to wait, and has found nothing by polling, must call
     * `wait` nevertheless: for handlers that cannot be polled, or for what waits to be submitted.
     */
    bool (*need_wait)(AioContext *ctx);

    /*
     * Sets the `revents` of each handler that is ready (POLLIN and so on, which are EPOLLIN and so
     * on) and hands it to aio_mark_ready. timeout_ns -1 waits without end.
     */
    void (*wait)(AioContext *ctx, AioLink *ready, int64_t timeout_ns);
} FDMon;

/* ppoll on the context's own notifier: a context without handlers needs no further descriptor. */
extern const FDMon fdmon_single;

#define X(name) extern const FDMon fdmon_##name;
FD_MONITORS(X)
#undef X

/* Changes from fdmon_single to the monitor that was chosen, or to the next one that works. */
int fdmon_upgrade(AioContext *ctx);

/* Whether a handler without events is to leave the poll list. */
bool fdmon_removes_idle(const AioContext *ctx);

/* What a handler waits for, as poll(2) has it. */
uint32_t fdmon_events(const AioHandler *handler);

static inline struct timespec fdmon_timespec(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

#endif
