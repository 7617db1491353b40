/* Running the handlers that are ready, and what adjusting the window is told of them. */
#define _GNU_SOURCE
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "engine_int.h"

static void enter_poll_list(AioContext *ctx, AioHandler *handler, uint32_t revents)
{
    if (trace_enabled(TRACE_poll_add)) {
        const int64_t args[] = {(int64_t)(intptr_t)handler, handler->fd, revents};
        trace_write(&ctx->trace, TRACE_poll_add, args, 3);
    }
    aio_tell_polling(handler, ctx->poll_started);
    aio_poll_list_insert(handler);
}

/*
 * While poll_ready runs the handler is out of the poll list (as in QEMU's aio_dispatch_handler):
 * should it iterate (nested) before it has consumed what made it ready, it would find itself
 * again.
 */
static void run_poll_ready(AioContext *ctx, AioHandler *handler)
{
    aio_list_remove_if_inserted(&handler->poll_link);
    handler->ops.poll_ready(handler->opaque);
    if (!aio_link_inserted(&handler->poll_link)) {
        aio_list_insert_head(&ctx->poll_list, &handler->poll_link);
    }
    /* A nested iteration may have begun or ended busy-polling without it. */
    if (!handler->deleted) {
        aio_tell_polling(handler, ctx->poll_started);
    }
}

void aio_handler_record_latency(AioHandler *handler, int64_t latency_ns)
{
    AioHistograms *all =
        atomic_load_explicit(&handler->ctx->stats.histograms, memory_order_acquire);
    LatencyHistogram *own = atomic_load_explicit(&handler->latency, memory_order_relaxed);

    latency_record(&all->latency, latency_ns);
    if (!own) {
        own = calloc(1, sizeof(*own)); /* without memory it counts among all of them alone */
        atomic_store_explicit(&handler->latency, own, memory_order_release);
    }
    if (own) {
        latency_record(own, latency_ns);
    }
}

static void record_latency(AioHandler *handler)
{
    const int64_t since_ns =
        atomic_load_explicit(handler->event_since_ns, memory_order_acquire);

    if (since_ns) {
        aio_handler_record_latency(handler, aio_clock_ns() - since_ns);
    }
}

/* What the kernel says: both may be due, and the first may remove the handler. */
static void run_waited(AioHandler *handler, uint32_t revents)
{
    const AioHandlerOps *ops = &handler->ops;
    const uint32_t hung_up = ops->read ? 0 : POLLHUP;

    if (ops->read && (!revents || revents & (POLLIN | POLLHUP | POLLERR))) {
        ops->read(handler->opaque);
    }
    if (ops->write && !handler->deleted && revents & (POLLOUT | POLLERR | hung_up)) {
        ops->write(handler->opaque);
    }
}

static bool dispatch(AioContext *ctx, AioHandler *handler, uint64_t iteration,
                     AioCounters *count)
{
    const uint32_t revents = handler->revents;
    const bool poll_ready = handler->poll_ready;

    handler->revents = 0;
    handler->poll_ready = false;
    handler->event_iteration = iteration;
    if (handler->ops.poll && !atomic_load_explicit(&handler->polled, memory_order_relaxed)) {
        enter_poll_list(ctx, handler, revents);
    }
    stats_add(&handler->events, 1);

    if (handler == &ctx->notifier_handler) {
        count->notifications++;
        if (revents) {
            handler->ops.read(handler->opaque);
        }
        return false;
    }
    count->events++;
    if (handler->event_since_ns) {
        record_latency(handler);
    }
    handler->busy++;
    if (poll_ready && !revents) {
        count->polled_events++;
        run_poll_ready(ctx, handler);
    } else {
        count->waited_events++;
        run_waited(handler, revents);
    }
    handler->busy--;
    return true;
}

bool aio_dispatch_ready(AioContext *ctx, AioLink *ready, uint64_t iteration, AioCounters *count)
{
    bool progress = false;

    /* Each is taken off first: a callback may remove any handler, or iterate. */
    while (!aio_list_empty(ready)) {
        AioHandler *handler = aio_container_of(ready->next, AioHandler, ready_link);
        aio_list_remove(&handler->ready_link);
        progress |= dispatch(ctx, handler, iteration, count);
    }
    return progress;
}

/* ---- adjusting ---- */

/* A record of x_aio_adjust under construction; NULL while the event is off. */
typedef struct AdjustRecord {
    int64_t args[TRACE_RECORD_WORDS_MAX - TRACE_HEAD_WORDS];
    size_t count;
} AdjustRecord;

static void record_handler(AdjustRecord *record, const AioHandler *handler, bool event,
                           int64_t before, int64_t after)
{
    int64_t *args = record->args + record->count;

    record->count += TRACE_ADJUST_HANDLER_WORDS;
    if (record->count > sizeof(record->args) / sizeof(record->args[0])) {
        return; /* too long: trace_write drops and counts it */
    }
    args[0] = (int64_t)(intptr_t)handler;
    args[1] = handler->fd;
    args[2] = event;
    args[3] = before;
    args[4] = after;
}

static void trace_action(AioContext *ctx, PollAction action, int64_t before, int64_t after,
                         AioCounters *count)
{
    const TraceEvent event = action == POLL_GROW ? TRACE_poll_grow : TRACE_poll_shrink;

    if (action == POLL_KEEP) {
        return;
    }
    count->grows += action == POLL_GROW;
    count->shrinks += action == POLL_SHRINK;
    if (trace_enabled(event)) {
        const int64_t args[] = {before, after};
        trace_write(&ctx->trace, event, args, 2);
    }
}

/* Once for each of its callers: without a trace `record` is NULL and costs nothing. */
#define FOR_EACH_CALLER static inline __attribute__((always_inline))

FOR_EACH_CALLER PollAction adjust_weighted(AioContext *ctx, uint64_t iteration, int64_t block_ns,
                                           AioCounters *count, AdjustRecord *record)
{
    const int64_t poll_ns = ctx->poll_ns;
    int64_t adj = -1;

    AIO_LIST_FOREACH (link, &ctx->poll_list) {
        AioHandler *handler = aio_container_of(link, AioHandler, poll_link);
        const bool event = handler->event_iteration == iteration;
        const int64_t before = atomic_load_explicit(&handler->ns, memory_order_relaxed);
        int64_t ns = before;
        count->resets += poll_adjust_handler(&ctx->params, block_ns, event, &ns, &adj);
        atomic_store_explicit(&handler->ns, ns, memory_order_relaxed);
        if (record) {
            record_handler(record, handler, event, before, ns);
        }
    }
    const PollAction action = poll_adjust_window(&ctx->params, adj, &ctx->poll_ns);
    trace_action(ctx, action, poll_ns, ctx->poll_ns, count);
    return action;
}

FOR_EACH_CALLER PollAction adjust_legacy(AioContext *ctx, uint64_t iteration, int64_t block_ns,
                                         AioCounters *count, AdjustRecord *record)
{
    const int64_t poll_ns = ctx->poll_ns;
    int64_t longest = 0;

    AIO_LIST_FOREACH (link, &ctx->poll_list) {
        AioHandler *handler = aio_container_of(link, AioHandler, poll_link);
        const bool event = handler->event_iteration == iteration;
        const int64_t before = atomic_load_explicit(&handler->ns, memory_order_relaxed);
        int64_t ns = before;
        if (event) {
            bool passed_max;
            const PollAction action =
                poll_adjust_legacy(&ctx->params, block_ns, &ns, &passed_max);
            count->resets += passed_max;
            trace_action(ctx, action, before, ns, count);
            atomic_store_explicit(&handler->ns, ns, memory_order_relaxed);
        }
        longest = ns > longest ? ns : longest;
        if (record) {
            record_handler(record, handler, event, before, ns);
        }
    }
    ctx->poll_ns = longest;
    return longest > poll_ns ? POLL_GROW : longest < poll_ns ? POLL_SHRINK : POLL_KEEP;
}

FOR_EACH_CALLER PollAction adjust_by_policy(AioContext *ctx, uint64_t iteration, int64_t block_ns,
                                            AioCounters *count, AdjustRecord *record)
{
    if (ctx->policy == POLL_LEGACY) {
        return adjust_legacy(ctx, iteration, block_ns, count, record);
    }
    return adjust_weighted(ctx, iteration, block_ns, count, record);
}

/* Apart from aio_adjust for the sake of its large frame. */
static __attribute__((noinline)) void adjust_traced(AioContext *ctx, uint64_t iteration,
                                                    int64_t block_ns, AioCounters *count)
{
    AdjustRecord record;

    record.count = TRACE_ADJUST_HANDLERS;
    record.args[TRACE_ADJUST_BLOCK_NS] = block_ns;
    record.args[TRACE_ADJUST_POLICY] = ctx->policy;
    memcpy(record.args + TRACE_ADJUST_PARAMS, &ctx->params, sizeof(ctx->params));
    record.args[TRACE_ADJUST_BEFORE] = ctx->poll_ns;
    record.args[TRACE_ADJUST_ACTION] =
        adjust_by_policy(ctx, iteration, block_ns, count, &record);
    record.args[TRACE_ADJUST_AFTER] = ctx->poll_ns;
    trace_write(&ctx->trace, TRACE_x_aio_adjust, record.args, record.count);
}

void aio_adjust(AioContext *ctx, uint64_t iteration, int64_t block_ns, AioCounters *count)
{
    count->adjustments = 1;
    if (trace_enabled(TRACE_x_aio_adjust)) {
        adjust_traced(ctx, iteration, block_ns, count);
    } else {
        adjust_by_policy(ctx, iteration, block_ns, count, NULL);
    }
}
