/* Which fd monitor a context has: a lone ppoll until it gets its first handler. */
#define _GNU_SOURCE /* ppoll */
#include <errno.h>
#include <poll.h>

#include "engine_int.h"

static int single_setup(AioContext *ctx)
{
    (void)ctx;
    return 0;
}

static void single_cleanup(AioContext *ctx)
{
    (void)ctx;
}

static int single_add(AioContext *ctx, AioHandler *handler)
{
    return handler == &ctx->notifier_handler ? 0 : -ENOSPC;
}

static void single_remove(AioContext *ctx, AioHandler *handler)
{
    (void)ctx;
    (void)handler;
}

static bool single_need_wait(AioContext *ctx)
{
    (void)ctx;
    return false;
}

static void single_wait(AioContext *ctx, AioLink *ready, int64_t timeout_ns)
{
    struct pollfd pfd = {.fd = ctx->notifier.fd, .events = POLLIN};
    const struct timespec ts = fdmon_timespec(timeout_ns);

    if (ppoll(&pfd, 1, timeout_ns < 0 ? NULL : &ts, NULL) > 0) {
        ctx->notifier_handler.revents = POLLIN;
        aio_mark_ready(ready, &ctx->notifier_handler);
    }
}

const FDMon fdmon_single = {
    .name = "single",
    .setup = single_setup,
    .cleanup = single_cleanup,
    .add = single_add,
    .remove = single_remove,
    .need_wait = single_need_wait,
    .wait = single_wait,
};

/* Sets `monitor` up, with the context's own notifier in it. */
static int take(AioContext *ctx, const FDMon *monitor)
{
    int error = monitor->setup(ctx);

    if (error) {
        return error;
    }
    error = monitor->add(ctx, &ctx->notifier_handler);
    if (error) {
        monitor->cleanup(ctx);
        return error;
    }
    ctx->fdmon = monitor;
    return 0;
}

int fdmon_upgrade(AioContext *ctx)
{
    static const FDMon *const monitors[] = {
#define X(name) &fdmon_##name,
        FD_MONITORS(X)
#undef X
    };
    int error = 0;

    if (ctx->fdmon != &fdmon_single) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(monitors) / sizeof(monitors[0]); i++) {
        error = take(ctx, monitors[i]);
        if (!error) {
            break;
        }
    }
    return error;
}
