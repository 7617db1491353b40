/*
 * The fd monitor epoll: everywhere on Linux, and what QEMU has where io_uring is refused. Its state
 * is the epoll descriptor.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine_int.h"

/* Events that are taken at a time. */
enum { EPOLL_BATCH = 32 };

static int epoll_setup(AioContext *ctx)
{
    const int fd = epoll_create1(EPOLL_CLOEXEC);

    if (fd < 0) {
        return -errno;
    }
    ctx->fdmon_state.fd = fd;
    return 0;
}

static void epoll_cleanup(AioContext *ctx)
{
    close(ctx->fdmon_state.fd);
    ctx->fdmon_state.fd = -1;
}

static int epoll_add(AioContext *ctx, AioHandler *handler)
{
    struct epoll_event event = {.events = fdmon_events(handler), .data.ptr = handler};

    return epoll_ctl(ctx->fdmon_state.fd, EPOLL_CTL_ADD, handler->fd, &event) ? -errno : 0;
}

static void epoll_remove(AioContext *ctx, AioHandler *handler)
{
    /* Fails when the descriptor was closed before its handler was removed: gone either way. */
    epoll_ctl(ctx->fdmon_state.fd, EPOLL_CTL_DEL, handler->fd, NULL);
}

/* Nobody looks for the events of a handler that cannot be polled, except the kernel. */
static bool epoll_begin_poll(AioContext *ctx)
{
    return ctx->poll_disablers == 0;
}

/* Only the kernel knows. */
static bool epoll_has_events(AioContext *ctx)
{
    (void)ctx;
    return false;
}

static bool epoll_need_wait(AioContext *ctx)
{
    return ctx->poll_disablers != 0;
}

#ifdef SYS_epoll_pwait2
/* Any home thread clears it, once: the kernel is older than Linux 5.11. */
static _Atomic bool have_pwait2 = true;

static int wait_ns(int epoll_fd, struct epoll_event *events, int64_t timeout_ns)
{
    if (atomic_load_explicit(&have_pwait2, memory_order_relaxed)) {
        const struct timespec ts = fdmon_timespec(timeout_ns);
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
    const int epoll_fd = ctx->fdmon_state.fd;
    int n;

    if (timeout_ns <= 0) {
        n = epoll_wait(epoll_fd, events, EPOLL_BATCH, (int)timeout_ns);
    } else {
        n = wait_ns(epoll_fd, events, timeout_ns);
    }
    for (int i = 0; i < n; i++) {
        AioHandler *handler = events[i].data.ptr;
        handler->revents = events[i].events;
        aio_mark_ready(ready, handler);
    }
}

const FDMon fdmon_epoll = {
    .removes_idle = false,
    .setup = epoll_setup,
    .cleanup = epoll_cleanup,
    .add = epoll_add,
    .remove = epoll_remove,
    .begin_poll = epoll_begin_poll,
    .has_events = epoll_has_events,
    .need_wait = epoll_need_wait,
    .wait = epoll_wait_ready,
};
