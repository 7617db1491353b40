/*
 * Which fd monitor a context has: a lone ppoll until it gets its first handler, so that one without
 * handlers costs nothing; then the one that was chosen, or the next of the table that works.
 */
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

static bool single_begin_poll(AioContext *ctx)
{
    (void)ctx;
    return true;
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
    .setup = single_setup,
    .cleanup = single_cleanup,
    .add = single_add,
    .remove = single_remove,
    .begin_poll = single_begin_poll,
    .has_events = single_need_wait,
    .need_wait = single_need_wait,
    .wait = single_wait,
};

/* ---- which one ---- */

static const FDMon *const monitors[FD_MONITOR_COUNT] = {
#define X(name) &fdmon_##name,
    FD_MONITORS(X)
#undef X
};

const char *const fd_monitor_names[FD_MONITOR_COUNT] = {
#define X(name) #name,
    FD_MONITORS(X)
#undef X
};

/* Only adds: a failure leaves nothing of `monitor`. */
static int set_up(AioContext *ctx, const FDMon *monitor)
{
    int error = monitor->setup(ctx);

    if (error) {
        return error;
    }
    AIO_LIST_FOREACH (link, &ctx->handlers) {
        AioHandler *handler = aio_container_of(link, AioHandler, all_link);
        error = handler->watched ? monitor->add(ctx, handler) : 0;
        if (error) {
            monitor->cleanup(ctx);
            break;
        }
    }
    return error;
}

/* Goes over from the monitor in use with all handlers; where that fails it stays. */
static int take(AioContext *ctx, const FDMon *monitor)
{
    const FDMonState before = ctx->fdmon_state;

    ctx->fdmon_state = (FDMonState){0};
    const int error = set_up(ctx, monitor);
    const FDMonState after = ctx->fdmon_state;
    ctx->fdmon_state = before;
    if (!error) {
        ctx->fdmon->cleanup(ctx);
        ctx->fdmon = monitor;
        ctx->fdmon_state = after;
    }
    return error;
}

/* Only looks whether the system lets it be used. */
static int try_out(AioContext *ctx, const FDMon *monitor)
{
    const int error = monitor->setup(ctx);

    if (!error) {
        monitor->cleanup(ctx);
    }
    return error;
}

/* `use` of the wanted one, or else of the next that works; says why it is not the wanted one. */
static int first_that_works(AioContext *ctx, unsigned wanted,
                            int (*use)(AioContext *, const FDMon *))
{
    int refusal = 0, error = 0;

    for (unsigned i = wanted; i < FD_MONITOR_COUNT; i++) {
        error = use(ctx, monitors[i]);
        if (!error) {
            atomic_store_explicit(&ctx->fdmon_index, i, memory_order_relaxed);
            atomic_store_explicit(&ctx->fdmon_refusal, refusal, memory_order_relaxed);
            break;
        }
        refusal = refusal ? refusal : error;
    }
    return error;
}

int fdmon_upgrade(AioContext *ctx)
{
    const unsigned wanted = atomic_load_explicit(&ctx->fdmon_index, memory_order_relaxed);
    const int refusal = atomic_load_explicit(&ctx->fdmon_refusal, memory_order_relaxed);

    if (ctx->fdmon != &fdmon_single) {
        return 0;
    }
    const int error = first_that_works(ctx, wanted, take);
    if (refusal) { /* of one before that */
        atomic_store_explicit(&ctx->fdmon_refusal, refusal, memory_order_relaxed);
    }
    return error;
}

bool fdmon_removes_idle(const AioContext *ctx)
{
    const unsigned index = atomic_load_explicit(&ctx->fdmon_index, memory_order_relaxed);

    return monitors[index]->removes_idle;
}

uint32_t fdmon_events(const AioHandler *handler)
{
    return (handler->ops.read ? POLLIN : 0) | (handler->ops.write ? POLLOUT : 0);
}

/* ---- choosing ---- */

typedef struct Choice {
    unsigned wanted;
    int error;
} Choice;

static void choose_in_home(AioContext *ctx, void *arg)
{
    Choice *choice = arg;

    if (ctx->fdmon == monitors[choice->wanted]) {
        atomic_store_explicit(&ctx->fdmon_refusal, 0, memory_order_relaxed);
    } else {
        choice->error = first_that_works(ctx, choice->wanted,
                                         ctx->fdmon == &fdmon_single ? try_out : take);
    }
}

int aio_context_set_fdmon(AioContext *ctx, unsigned wanted)
{
    Choice choice = {.wanted = wanted};

    aio_context_run(ctx, choose_in_home, &choice);
    return choice.error;
}

unsigned aio_context_fdmon(AioContext *ctx, int *refusal)
{
    *refusal = atomic_load_explicit(&ctx->fdmon_refusal, memory_order_relaxed);
    return atomic_load_explicit(&ctx->fdmon_index, memory_order_relaxed);
}
