/*
 * File descriptor monitors: what a context blocks in. Each is a file fdmon_NAME.c that defines the
 * table of functions `fdmon_NAME`, and a row of FD_MONITORS.
 */
#ifndef IOTHREADD_FDMON_H
#define IOTHREADD_FDMON_H

#include "engine.h"
#include "list.h"

/* The monitors of handlers, the best first: a context takes the first one that sets up. */
#define FD_MONITORS(X) X(epoll)

/* What a monitor keeps for one context; 0 before its setup. */
typedef union FDMonState {
    int fd;
    void *data;
} FDMonState;

/* All run in the home thread alone. Errors are negative errno values. */
typedef struct FDMon {
    const char *name;

    /* Prepares a context; -ENOSYS or the like where the system has no such thing. */
    int (*setup)(AioContext *ctx);
    void (*cleanup)(AioContext *ctx);

    /* Watches a handler's descriptor for input from now on; may refuse. */
    int (*add)(AioContext *ctx, AioHandler *handler);
    void (*remove)(AioContext *ctx, AioHandler *handler);

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

/* Changes from fdmon_single to one of FD_MONITORS, if it is not there yet. Home only. */
int fdmon_upgrade(AioContext *ctx);

static inline struct timespec fdmon_timespec(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

#endif
