/*
 * One iteration: busy-poll, wait for the rest, run what is ready, adjust the window. The order of
 * the steps, and what each leaves undone, are those of aio_poll in QEMU's util/aio-posix.c.
 */
#include "engine_int.h"

/*
 * Polled handlers cost a few ns each, the clock more than that: with few of them it is read
 * after several passes. (With many, a pass is longer than reading the clock.)
 */
enum { FEW_HANDLERS = 4, PASSES_PER_CLOCK = 4 };

/* How often in the time that makes a handler idle idle handlers are looked for. */
enum { IDLE_CHECKS = 64 };

void aio_mark_ready(AioLink *ready, AioHandler *handler)
{
    aio_list_remove_if_inserted(&handler->ready_link); /* from an outer iteration's list */
    aio_list_insert_head(ready, &handler->ready_link);
}

static bool poll_handler(AioLink *ready, AioHandler *handler)
{
    if (handler->deleted || !handler->ops.poll(handler->opaque) || handler->deleted) {
        return false;
    }
    handler->poll_ready = true;
    aio_mark_ready(ready, handler);
    return true;
}

/*
 * Tells handlers that busy-polling starts or ends (QEMU's poll_set_started). At the end each is
 * polled once more, since an event may have come just before its notifications were restored.
 */
static bool set_poll_started(AioContext *ctx, AioLink *ready, bool started)
{
    bool found = false;

    if (started == ctx->poll_started) {
        return false;
    }
    ctx->poll_started = started;
    ctx->walking++;
    AIO_LIST_FOREACH (link, &ctx->poll_list) {
        AioHandler *handler = aio_container_of(link, AioHandler, poll_link);
        if (handler->deleted) {
            continue; /* is told when it is reaped */
        }
        aio_tell_polling(handler, started);
        if (!started) {
            found |= poll_handler(ready, handler);
        }
    }
    ctx->walking--;
    return found;
}

/* One pass over the handlers. The own notifier ends the busy-poll, but is not progress. */
static bool run_poll_handlers_once(AioContext *ctx, AioLink *ready, int64_t now_ns,
                                   int64_t *timeout_ns)
{
    bool progress = false;

    ctx->walking++;
    AIO_LIST_FOREACH (link, &ctx->poll_list) {
        AioHandler *handler = aio_container_of(link, AioHandler, poll_link);
        if (poll_handler(ready, handler)) {
            handler->idle_deadline_ns = now_ns + ctx->idle_interval_ns;
            *timeout_ns = 0;
            progress |= handler != &ctx->notifier_handler;
        }
    }
    ctx->walking--;
    /* Also while the notifier is not in the poll list: a long window must not delay it. */
    if (atomic_load_explicit(&ctx->notified, memory_order_relaxed)) {
        *timeout_ns = 0;
    }
    return progress;
}

static bool remove_idle_handlers(AioContext *ctx, AioLink *ready, int64_t now_ns)
{
    bool found = false;

    if (now_ns < ctx->idle_check_ns || !fdmon_removes_idle(ctx)) {
        return false;
    }
    ctx->idle_check_ns = now_ns + ctx->idle_interval_ns / IDLE_CHECKS;
    ctx->walking++;
    AIO_LIST_FOREACH (link, &ctx->poll_list) {
        AioHandler *handler = aio_container_of(link, AioHandler, poll_link);
        if (now_ns < handler->idle_deadline_ns) {
            continue;
        }
        if (trace_enabled(TRACE_poll_remove)) {
            const int64_t args[] = {(int64_t)(intptr_t)handler, handler->fd};
            trace_write(&ctx->trace, TRACE_poll_remove, args, 2);
        }
        aio_poll_list_remove(handler);
        aio_tell_polling(handler, false);
        found |= poll_handler(ready, handler);
    }
    ctx->walking--;
    return found;
}

static bool busy_poll(AioContext *ctx, AioLink *ready, int64_t window_ns, int64_t *timeout_ns,
                      PollResult *result)
{
    const int64_t start_ns = result->end_ns;
    const unsigned passes = ctx->polled <= FEW_HANDLERS ? PASSES_PER_CLOCK : 1;
    bool progress;

    if (trace_enabled(TRACE_run_poll_handlers_begin)) {
        const int64_t args[] = {window_ns, *timeout_ns};
        trace_write(&ctx->trace, TRACE_run_poll_handlers_begin, args, 2);
    }
    do {
        unsigned pass = passes;
        do {
            progress = run_poll_handlers_once(ctx, ready, result->end_ns, timeout_ns);
        } while (--pass && *timeout_ns);
        result->end_ns = aio_clock_ns();
    } while (*timeout_ns && result->end_ns - start_ns < window_ns && !ctx->fdmon->has_events(ctx));

    const int64_t elapsed_ns = result->end_ns - start_ns;
    if (remove_idle_handlers(ctx, ready, result->end_ns)) {
        *timeout_ns = 0;
        progress = true;
    }
    if (*timeout_ns > 0) {
        *timeout_ns -= *timeout_ns < elapsed_ns ? *timeout_ns : elapsed_ns;
    }
    if (trace_enabled(TRACE_run_poll_handlers_end)) {
        const int64_t args[] = {progress, *timeout_ns};
        trace_write(&ctx->trace, TRACE_run_poll_handlers_end, args, 2);
    }
    return progress;
}

PollResult aio_try_poll(AioContext *ctx, AioLink *ready, int64_t start_ns, int64_t *timeout_ns)
{
    PollResult result = {.end_ns = start_ns};

    if (ctx->params.max_ns && !aio_list_empty(&ctx->poll_list)) {
        /* As unsigned numbers: -1, to wait for ever, is the longest. */
        const bool sooner = (uint64_t)*timeout_ns < (uint64_t)ctx->poll_ns;
        const int64_t window_ns = sooner ? *timeout_ns : ctx->poll_ns;
        if (window_ns && ctx->fdmon->begin_poll(ctx)) {
            result.polled = true;
            result.found = set_poll_started(ctx, ready, true);
            result.found |= busy_poll(ctx, ready, window_ns, timeout_ns, &result);
        }
    }
    if (!result.found && set_poll_started(ctx, ready, false)) {
        result.found = true;
        *timeout_ns = 0;
    }
    return result;
}

/*
 * Asks the fd monitor. Announcing the wait and looking at `notified` are sequentially
 * consistent: pairs with aio_notify.
 */
static bool wait_for_rest(AioContext *ctx, AioLink *ready, bool found, bool blocking,
                          int64_t timeout_ns, int64_t now_ns)
{
    bool ask = found ? ctx->fdmon->has_events(ctx)
                     : timeout_ns || !blocking || ctx->fdmon->need_wait(ctx);
    const bool announce = timeout_ns != 0;

    if (announce) {
        atomic_store(&ctx->notify_me, true);
        if (atomic_load(&ctx->notified)) {
            timeout_ns = 0;
            ask = ctx->fdmon->need_wait(ctx);
        }
    }
    if (!ask && ctx->unpolled) {
        ask = ++ctx->waitless >= WAITLESS_ITERATIONS_MAX;
    }
    if (ask) {
        ctx->waitless = 0;
        stats_begin_wait(&ctx->stats, now_ns);
        ctx->fdmon->wait(ctx, ready, timeout_ns);
    }
    if (announce) {
        atomic_store_explicit(&ctx->notify_me, false, memory_order_release);
    }
    if (atomic_load_explicit(&ctx->notified, memory_order_relaxed)) {
        /* Before looking at what was announced: a full barrier, pairs with aio_notify. */
        atomic_exchange(&ctx->notified, false);
        ctx->notified_iteration = ctx->iteration;
    }
    return ask;
}

static void begin_accounting(AioContext *ctx, int64_t start_ns)
{
    if (ctx->phase_start_ns) {
        ctx->handling_ns += (uint64_t)(start_ns - ctx->phase_start_ns);
    }
    stats_begin_window(&ctx->stats, ctx->poll_ns,
                       stats_near_max(ctx->poll_ns, ctx->params.max_ns), start_ns);
}

static void end_accounting(AioContext *ctx, AioCounters *count)
{
    if (ctx->depth == 1 && !ctx->own_thread) {
        /* Nobody knows when the next iteration comes: close the books. */
        begin_accounting(ctx, aio_clock_ns());
        ctx->phase_start_ns = 0;
        stats_end_window(&ctx->stats);
    }
    count->iterations = 1;
    count->handling_ns = ctx->handling_ns;
    ctx->handling_ns = 0;
    stats_publish(&ctx->stats, count, ctx->poll_ns);
}

/*
 * What an outer iteration found and has not run yet: of a handler that is told of an event once
 * nobody would tell this one.
 */
static bool take_outer_ready(AioContext *ctx, AioLink *ready)
{
    bool found = false;

    while (ctx->ready && !aio_list_empty(ctx->ready)) {
        AioLink *link = ctx->ready->prev;
        aio_list_remove(link);
        aio_list_insert_head(ready, link);
        found = true;
    }
    return found;
}

/* How long it may wait: not at all where there is something to do already. */
static int64_t timeout_of(AioContext *ctx, bool blocking, int64_t now_ns)
{
    return blocking && !aio_bh_is_pending(ctx) ? aio_timers_timeout(ctx, now_ns) : 0;
}

bool aio_iterate(AioContext *ctx, bool blocking)
{
    AioCounters count = {0};
    AioLink ready, *const outer_ready = ctx->ready;

    const uint64_t iteration = ++ctx->iteration;
    if (__builtin_expect(atomic_load_explicit(&ctx->attention, memory_order_relaxed) != 0, 0)) {
        aio_attend(ctx);
    }
    aio_list_init(&ready);
    const bool taken = take_outer_ready(ctx, &ready);
    ctx->ready = &ready;
    ctx->depth++;
    aio_pool_flush(ctx);
    const int64_t start_ns = aio_clock_ns();
    begin_accounting(ctx, start_ns);

    int64_t timeout_ns = taken ? 0 : timeout_of(ctx, blocking, start_ns);
    const PollResult poll = aio_try_poll(ctx, &ready, start_ns, &timeout_ns);
    aio_pool_flush(ctx);
    count.polling_ns = (uint64_t)(poll.end_ns - start_ns);
    count.polls = poll.polled;
    count.polls_in_vain = poll.polled && !poll.found;

    if (__builtin_expect(ctx->notified_iteration > iteration, 0)) {
        /* A poll callback iterated, nested, and took a notification that this one has not acted
         * upon: of a request, or that the thread is to end. Blocking now could be for ever. */
        timeout_ns = 0;
    }
    ctx->now_ns = poll.end_ns;
    if (wait_for_rest(ctx, &ready, poll.found || taken, blocking, timeout_ns, poll.end_ns)) {
        ctx->now_ns = stats_end_wait(&ctx->stats, poll.end_ns);
        count.waits = 1;
    }
    ctx->phase_start_ns = ctx->now_ns;
    const int64_t block_ns = ctx->now_ns - start_ns;

    bool progress = aio_bh_poll(ctx);
    progress |= aio_dispatch_ready(ctx, &ready, iteration, &count);
    progress |= aio_timers_run(ctx);
    aio_pool_flush(ctx);
    if (ctx->params.max_ns) {
        aio_adjust(ctx, iteration, block_ns, &count);
    }
    aio_reap_handlers(ctx);
    end_accounting(ctx, &count);
    ctx->depth--;
    ctx->ready = outer_ready;
    return progress;
}
