/* File descriptor monitors: what a context blocks in. */
#define _GNU_SOURCE /* ppoll */
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine_int.h"

enum { EPOLL_BATCH = 32 };

static struct timespec timespec_of(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

/* ---- single: a context without handlers needs no epoll descriptor ---- */

static int single_add(AioContext *ctx, AioHandler *handler)
{
    return handler == &ctx->notifier_handler ? 0 : -ENOSPC;
}

static void single_remove(AioContext *ctx, AioHandler *handler)
{
    (void)ctx;
    (void)handler;
}

static void single_wait(AioContext *ctx, AioLink *ready, int64_t timeout_ns)
{
    struct pollfd pfd = {.fd = ctx->notifier.fd, .events = POLLIN};
    const struct timespec ts = timespec_of(timeout_ns);

    if (ppoll(&pfd, 1, timeout_ns < 0 ? NULL : &ts, NULL) > 0) {
        ctx->notifier_handler.revents = EPOLLIN;
        aio_mark_ready(ready, &ctx->notifier_handler);
    }
}

static void single_cleanup(AioContext *ctx)
{
    (void)ctx;
}

const FDMon fdmon_single = {
    .add = single_add,
    .remove = single_remove,
    .wait = single_wait,
    .cleanup = single_cleanup,
};

/* ---- epoll ---- */

static int epoll_add(AioContext *ctx, AioHandler *handler)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = handler};

    return epoll_ctl(ctx->epoll_fd, EPOLL_CTL_ADD, handler->fd, &event) ? -errno : 0;
}

static void epoll_remove(AioContext *ctx, AioHandler *handler)
{
    /* Fails when the descriptor was closed before its handler was removed: gone either way. */
    epoll_ctl(ctx->epoll_fd, EPOLL_CTL_DEL, handler->fd, NULL);
}

#ifdef SYS_epoll_pwait2
/* Any home thread clears it, once: the kernel is older than Linux 5.11. */
static _Atomic bool have_pwait2 = true;

static int wait_ns(int epoll_fd, struct epoll_event *events, int64_t timeout_ns)
{
    if (atomic_load_explicit(&have_pwait2, memory_order_relaxed)) {
        const struct timespec ts = timespec_of(timeout_ns);
        const long n = syscall(SYS_epoll_pwait2, epoll_fd, events, EPOLL_BATCH, &ts, NULL, 0);
        if (n >= 0 || errno != ENOSYS) {
            return (int)n;
        }
        atomic_store_explicit(&have_pwait2, false, memory_order_relaxed);
    }
    const int64_t ms = (timeout_ns - 1) / 1000000 + 1;
    return epoll_wait(epoll_fd, events, EPOLL_BATCH, ms > INT32_MAX ? INT32_MAX : (int)ms);
}
#else
static int wait_ns(int epoll_fd, struct epoll_event *events, int64_t timeout_ns)
{
    const int64_t ms = (timeout_ns - 1) / 1000000 + 1;
    return epoll_wait(epoll_fd, events, EPOLL_BATCH, ms > INT32_MAX ? INT32_MAX : (int)ms);
}
#endif

static void epoll_wait_ready(AioContext *ctx, AioLink *ready, int64_t timeout_ns)
{
    struct epoll_event events[EPOLL_BATCH];
    int n;

    if (timeout_ns <= 0) {
        n = epoll_wait(ctx->epoll_fd, events, EPOLL_BATCH, (int)timeout_ns);
    } else {
        n = wait_ns(ctx->epoll_fd, events, timeout_ns);
    }
    for (int i = 0; i < n; i++) {
        AioHandler *handler = events[i].data.ptr;
        handler->revents = events[i].events;
        aio_mark_ready(ready, handler);
    }
}

static void epoll_cleanup(AioContext *ctx)
{
    close(ctx->epoll_fd);
    ctx->epoll_fd = -1;
}

const FDMon fdmon_epoll = {
    .add = epoll_add,
    .remove = epoll_remove,
    .wait = epoll_wait_ready,
    .cleanup = epoll_cleanup,
};

int fdmon_upgrade(AioContext *ctx)
{
    if (ctx->fdmon == &fdmon_epoll) {
        return 0;
    }
    ctx->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (ctx->epoll_fd < 0) {
        return -errno;
    }
    const int error = epoll_add(ctx, &ctx->notifier_handler);
    if (error) {
        epoll_cleanup(ctx);
        return error;
    }
    ctx->fdmon = &fdmon_epoll;
    return 0;
}
