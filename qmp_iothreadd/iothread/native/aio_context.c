/*
 * Life of a context, who drives it, and what other threads ask of the home thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine_int.h"

AioLiveCounters aio_live;

const char *const aio_live_names[AIO_LIVE_COUNT] = {
#define X(name) #name,
    AIO_LIVE_COUNTERS(X)
#undef X
};

void aio_live_snapshot(int64_t *out)
{
#define X(name) *out++ = atomic_load_explicit(&aio_live.name, memory_order_relaxed);
    AIO_LIVE_COUNTERS(X)
#undef X
}

AioContext *aio_context_new(PollParams params, PollPolicy policy)
{
    AioContext *ctx = aligned_alloc(_Alignof(AioContext), sizeof(AioContext));
    if (!ctx) {
        return NULL;
    }
    memset(ctx, 0, sizeof(*ctx));
    ctx->params = ctx->set_params = poll_params_effective(params, policy);
    ctx->policy = ctx->set_policy = policy;
    ctx->idle_interval_ns = AIO_IDLE_INTERVAL_NS;
    aio_list_init(&ctx->ops);
    aio_list_init(&ctx->poll_list);
    aio_list_init(&ctx->dead);
    aio_list_init(&ctx->handlers);
    aio_list_init(&ctx->timers);
    aio_list_init(&ctx->bottom_halves);
    aio_list_init(&ctx->batch);
    ctx->bh_last_next = &ctx->bh_first;
    ctx->fdmon = &fdmon_single;
    stats_init(&ctx->stats, aio_clock_ns());

    const int error = aio_notifier_attach(ctx);
    if (error) {
        free(ctx);
        errno = -error;
        return NULL;
    }
    pthread_mutex_init(&ctx->lock, NULL);
    pthread_cond_init(&ctx->changed, NULL);
    thread_pool_init(&ctx->pool);
    aio_live_add(&aio_live.contexts, 1);
    return ctx;
}

static AioHandler *first_handler(AioContext *ctx)
{
    AIO_LIST_FOREACH (link, &ctx->handlers) {
        AioHandler *handler = aio_container_of(link, AioHandler, all_link);
        if (handler != &ctx->notifier_handler) {
            return handler;
        }
    }
    return NULL;
}

void aio_context_free(AioContext *ctx)
{
    AioHandler *handler;

    pthread_mutex_lock(&ctx->lock);
    aio_take_home_locked(ctx);
    pthread_mutex_unlock(&ctx->lock);

    while ((handler = first_handler(ctx))) {
        aio_handler_free(handler);
    }
    thread_pool_cleanup(&ctx->pool);
    aio_timers_cleanup(ctx);
    aio_bh_cleanup(ctx);
    ctx->fdmon->cleanup(ctx);
    event_notifier_cleanup(&ctx->notifier);
    trace_ring_cleanup(&ctx->trace);
    free(atomic_load_explicit(&ctx->stats.histograms, memory_order_acquire));
    pthread_cond_destroy(&ctx->changed);
    pthread_mutex_destroy(&ctx->lock);
    free(ctx);
    aio_live_add(&aio_live.contexts, -1);
}

/* ---- home ---- */

void aio_take_home_locked(AioContext *ctx)
{
    while (ctx->driven) {
        pthread_cond_wait(&ctx->changed, &ctx->lock);
    }
    ctx->driven = true;
    atomic_store_explicit(&ctx->home, (uintptr_t)pthread_self(), memory_order_relaxed);
}

void aio_release_home_locked(AioContext *ctx)
{
    ctx->driven = false;
    atomic_store_explicit(&ctx->home, 0, memory_order_relaxed);
    pthread_cond_broadcast(&ctx->changed);
}

void aio_notify(AioContext *ctx)
{
    /*
     * Both sequentially consistent: pairs with the announcement in wait_for_rest. Where `notified`
     * was set already, home has yet to look, and the thread that set it wakes home if it blocks:
     * a burst of notifications costs one system call.
     */
    if (!atomic_exchange(&ctx->notified, true) && atomic_load(&ctx->notify_me)) {
        event_notifier_set(&ctx->notifier);
    }
}

static void take_over_params(AioContext *ctx)
{
    ctx->params = ctx->set_params;
    ctx->policy = ctx->set_policy;
    AIO_LIST_FOREACH (link, &ctx->handlers) {
        AioHandler *handler = aio_container_of(link, AioHandler, all_link);
        atomic_store_explicit(&handler->ns, 0, memory_order_relaxed);
    }
    ctx->poll_ns = 0;
    atomic_store_explicit(&ctx->stats.poll_ns, 0, memory_order_release);
    /* After poll_ns: a thread that no longer sees the bit must see the 0 (aio_context_poll_ns). */
    atomic_fetch_and_explicit(&ctx->attention, ~(uint32_t)ATTENTION_PARAMS,
                              memory_order_release);
}

static void run_ops(AioContext *ctx)
{
    while (!aio_list_empty(&ctx->ops)) {
        AioOp *op = aio_container_of(ctx->ops.next, AioOp, link);

        aio_list_remove(&op->link);
        pthread_mutex_unlock(&ctx->lock);
        op->fn(ctx, op->arg);
        pthread_mutex_lock(&ctx->lock);
        op->done = true; /* its owner may be gone once the lock is */
        pthread_cond_broadcast(&ctx->changed);
    }
    atomic_fetch_and_explicit(&ctx->attention, ~(uint32_t)ATTENTION_OPS, memory_order_relaxed);
}

static void attend_locked(AioContext *ctx)
{
    uint32_t bits;

    while ((bits = atomic_load_explicit(&ctx->attention, memory_order_relaxed))) {
        if (bits & ATTENTION_PARAMS) {
            take_over_params(ctx);
        }
        if (bits & ATTENTION_OPS) {
            run_ops(ctx);
        }
    }
}

void aio_attend(AioContext *ctx)
{
    pthread_mutex_lock(&ctx->lock);
    attend_locked(ctx);
    pthread_mutex_unlock(&ctx->lock);
}

void aio_context_run(AioContext *ctx, void (*fn)(AioContext *, void *), void *arg)
{
    AioOp op = {.fn = fn, .arg = arg};
    bool notified = false;

    if (aio_is_home(ctx)) {
        fn(ctx, arg);
        return;
    }
    pthread_mutex_lock(&ctx->lock);
    aio_list_insert_tail(&ctx->ops, &op.link);
    atomic_fetch_or_explicit(&ctx->attention, ATTENTION_OPS, memory_order_relaxed);
    while (!op.done) {
        if (!ctx->driven) {
            aio_take_home_locked(ctx);
            ctx->borrowed = true;
            attend_locked(ctx);
            ctx->borrowed = false;
            aio_release_home_locked(ctx);
        } else if (!notified) {
            notified = true;
            aio_notify(ctx);
        } else {
            pthread_cond_wait(&ctx->changed, &ctx->lock);
        }
    }
    pthread_mutex_unlock(&ctx->lock);
}

bool aio_context_is_wanted(AioContext *ctx)
{
    return atomic_load_explicit(&ctx->attention, memory_order_relaxed) ||
           (ctx->own_thread && !atomic_load_explicit(&ctx->running, memory_order_relaxed));
}

bool aio_context_is_home(AioContext *ctx)
{
    return aio_is_home(ctx);
}

bool aio_context_in_own_thread(AioContext *ctx)
{
    return ctx->own_thread;
}

int aio_context_poll(AioContext *ctx, bool blocking)
{
    if (aio_is_home(ctx)) {
        return aio_iterate(ctx, blocking);
    }
    pthread_mutex_lock(&ctx->lock);
    while (ctx->driven && !ctx->threaded) {
        pthread_cond_wait(&ctx->changed, &ctx->lock);
    }
    if (ctx->threaded) {
        pthread_mutex_unlock(&ctx->lock);
        return -EBUSY;
    }
    aio_take_home_locked(ctx);
    blocking = blocking && !ctx->closing;
    pthread_mutex_unlock(&ctx->lock);

    const bool progress = aio_iterate(ctx, blocking);

    pthread_mutex_lock(&ctx->lock);
    aio_release_home_locked(ctx);
    pthread_mutex_unlock(&ctx->lock);
    return progress;
}

/* ---- parameters ---- */

void aio_context_set_poll_params(AioContext *ctx, PollParams params, PollPolicy policy)
{
    pthread_mutex_lock(&ctx->lock);
    ctx->set_params = poll_params_effective(params, policy);
    ctx->set_policy = policy;
    atomic_fetch_or_explicit(&ctx->attention, ATTENTION_PARAMS, memory_order_relaxed);
    if (aio_is_home(ctx)) {
        take_over_params(ctx);
    }
    pthread_mutex_unlock(&ctx->lock);
    aio_notify(ctx);
}

PollParams aio_context_poll_params(AioContext *ctx, PollPolicy *policy)
{
    pthread_mutex_lock(&ctx->lock);
    const PollParams params = ctx->set_params;
    if (policy) {
        *policy = ctx->set_policy;
    }
    pthread_mutex_unlock(&ctx->lock);
    return params;
}

void aio_context_set_idle_interval(AioContext *ctx, int64_t ns)
{
    ctx->idle_interval_ns = ns;
}

int64_t aio_context_poll_ns(AioContext *ctx)
{
    const uint32_t attention = atomic_load_explicit(&ctx->attention, memory_order_acquire);

    if (attention & ATTENTION_PARAMS) {
        return 0;
    }
    return atomic_load_explicit(&ctx->stats.poll_ns, memory_order_acquire);
}

/* ---- statistics and traces ---- */

void aio_context_stats(AioContext *ctx, AioStatsSnapshot *out)
{
    stats_snapshot(&ctx->stats, out);
    out->poll_ns = aio_context_poll_ns(ctx);
}

static void reset_stats_in_home(AioContext *ctx, void *arg)
{
    (void)arg;
    AIO_LIST_FOREACH (link, &ctx->handlers) {
        AioHandler *handler = aio_container_of(link, AioHandler, all_link);
        LatencyHistogram *latency =
            atomic_load_explicit(&handler->latency, memory_order_relaxed);
        atomic_store_explicit(&handler->events, 0, memory_order_relaxed);
        if (latency) {
            latency_reset(latency);
        }
    }
    const int64_t now_ns = aio_clock_ns();
    ctx->handling_ns = 0;
    if (ctx->phase_start_ns) {
        ctx->phase_start_ns = now_ns;
    }
    stats_reset(&ctx->stats, now_ns);
}

void aio_context_reset_stats(AioContext *ctx)
{
    aio_context_run(ctx, reset_stats_in_home, NULL);
}

size_t aio_context_trace_read(AioContext *ctx, uint64_t *record)
{
    return trace_read(&ctx->trace, record);
}

uint64_t aio_context_trace_dropped(AioContext *ctx)
{
    return atomic_load_explicit(&ctx->trace.dropped, memory_order_relaxed);
}

unsigned aio_context_workloads(AioContext *ctx)
{
    return atomic_load_explicit(&ctx->workloads, memory_order_acquire);
}

unsigned aio_context_disk_queues(AioContext *ctx)
{
    return atomic_load_explicit(&ctx->disk_queues, memory_order_acquire);
}
