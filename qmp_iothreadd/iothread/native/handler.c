/* Handlers: adding, removing and listing them; the context's own notifier. */
#include <errno.h>
#include <stdlib.h>

#include "engine_int.h"

/* ---- the poll list ---- */

void aio_poll_list_insert(AioHandler *handler)
{
    AioContext *ctx = handler->ctx;

    aio_list_insert_head(&ctx->poll_list, &handler->poll_link);
    handler->idle_deadline_ns = ctx->now_ns + ctx->idle_interval_ns;
    atomic_store_explicit(&handler->polled, true, memory_order_relaxed);
    ctx->polled++;
    if (handler != &ctx->notifier_handler) {
        ctx->unpolled--;
    }
}

void aio_poll_list_remove(AioHandler *handler)
{
    AioContext *ctx = handler->ctx;

    aio_list_remove_if_inserted(&handler->poll_link);
    atomic_store_explicit(&handler->polled, false, memory_order_relaxed);
    ctx->polled--;
    if (handler != &ctx->notifier_handler) {
        ctx->unpolled++;
    }
}

void aio_tell_polling(AioHandler *handler, bool started)
{
    void (*fn)(void *) = started ? handler->ops.poll_begin : handler->ops.poll_end;

    if (handler->poll_begun != started) {
        handler->poll_begun = started;
        if (fn) {
            fn(handler->opaque);
        }
    }
}

static bool is_polled(const AioHandler *handler)
{
    return atomic_load_explicit(&handler->polled, memory_order_relaxed);
}

/* ---- adding ---- */

static bool is_watched(AioContext *ctx, int fd)
{
    AIO_LIST_FOREACH (link, &ctx->handlers) {
        if (aio_container_of(link, AioHandler, all_link)->fd == fd) {
            return true;
        }
    }
    return false;
}

/* Home only, as are the next two. */
static int watch(AioContext *ctx, AioHandler *handler)
{
    const int error = ctx->fdmon->add(ctx, handler);

    handler->watched = !error;
    return error;
}

static void unwatch(AioContext *ctx, AioHandler *handler)
{
    if (handler->watched) {
        handler->watched = false;
        ctx->fdmon->remove(ctx, handler);
    }
}

static int add(AioContext *ctx, AioHandler *handler)
{
    int error = fdmon_upgrade(ctx);

    if (!error) {
        error = watch(ctx, handler);
    }
    if (error) {
        return error;
    }
    ctx->unpolled++;
    if (!handler->ops.poll) {
        ctx->poll_disablers++;
    }
    pthread_mutex_lock(&ctx->lock);
    aio_list_insert_tail(&ctx->handlers, &handler->all_link);
    pthread_mutex_unlock(&ctx->lock);
    return 0;
}

typedef struct AddRequest {
    AioHandler *handler;
    AioHandler *replaced; /* may be NULL */
    bool is_home;         /* whether home replaces it: then nobody waits until it is gone */
    int error;
} AddRequest;

static void add_in_home(AioContext *ctx, void *arg)
{
    AddRequest *request = arg;

    request->error =
        is_watched(ctx, request->handler->fd) ? -EEXIST : add(ctx, request->handler);
}

static int ensure_histograms(AioContext *ctx)
{
    AioHistograms *none = NULL;

    if (atomic_load_explicit(&ctx->stats.histograms, memory_order_acquire)) {
        return 0;
    }
    AioHistograms *histograms = calloc(1, sizeof(*histograms));
    if (!histograms) {
        return -ENOMEM;
    }
    if (!atomic_compare_exchange_strong_explicit(&ctx->stats.histograms, &none, histograms,
                                                 memory_order_acq_rel, memory_order_acquire)) {
        free(histograms);
    }
    return 0;
}

/* NULL when memory is short. */
static AioHandler *handler_alloc(AioContext *ctx, int fd, const AioHandlerOps *ops, void *opaque,
                                 const _Atomic int64_t *event_since_ns)
{
    AioHandler *handler = calloc(1, sizeof(*handler));

    if (!handler || ensure_histograms(ctx)) {
        free(handler);
        return NULL;
    }
    handler->ctx = ctx;
    handler->fd = fd;
    handler->ops = *ops;
    handler->opaque = opaque;
    handler->event_since_ns = event_since_ns;
    if (!handler->ops.poll_ready) {
        handler->ops.poll_ready = handler->ops.read;
    }
    return handler;
}

/* The request's handler, or NULL and errno. */
static AioHandler *run_request(AddRequest *request, void (*in_home)(AioContext *, void *))
{
    if (request->handler) {
        aio_context_run(request->handler->ctx, in_home, request);
    } else {
        request->error = -ENOMEM;
    }
    if (request->error) {
        free(request->handler);
        errno = -request->error;
        return NULL;
    }
    aio_live_add(&aio_live.handlers, 1);
    return request->handler;
}

AioHandler *aio_handler_new(AioContext *ctx, int fd, const AioHandlerOps *ops, void *opaque,
                            const _Atomic int64_t *event_since_ns)
{
    AddRequest request = {.handler = handler_alloc(ctx, fd, ops, opaque, event_since_ns)};

    return run_request(&request, add_in_home);
}

/* ---- removing ---- */

static void finish(AioHandler *handler)
{
    if (handler->ops.release) {
        handler->ops.release(handler->opaque);
    }
    free(atomic_load_explicit(&handler->latency, memory_order_acquire));
    free(handler);
    aio_live_add(&aio_live.handlers, -1);
}

static void unlink_polled(AioContext *ctx, AioHandler *handler)
{
    if (is_polled(handler)) {
        aio_poll_list_remove(handler);
        aio_tell_polling(handler, false);
    }
    ctx->unpolled--;
}

static AioHandler *first_quiescent(AioContext *ctx)
{
    AIO_LIST_FOREACH (link, &ctx->dead) {
        AioHandler *handler = aio_container_of(link, AioHandler, dead_link);
        if (!handler->busy) {
            return handler;
        }
    }
    return NULL;
}

void aio_reap_handlers(AioContext *ctx)
{
    AioHandler *handler;

    /* Not during a walk of the poll list, which holds pointers into it. */
    while (!ctx->walking && (handler = first_quiescent(ctx))) {
        aio_list_remove(&handler->dead_link);
        unlink_polled(ctx, handler);
        if (handler->self_freed) {
            finish(handler);
            continue;
        }
        pthread_mutex_lock(&ctx->lock);
        handler->gone = true; /* its owner frees it once the lock is free */
        pthread_cond_broadcast(&ctx->changed);
        pthread_mutex_unlock(&ctx->lock);
    }
}

/* One that the fd monitor does not watch any more: no callback starts; it is still to be reaped. */
static void withdraw(AioContext *ctx, AioHandler *handler)
{
    handler->deleted = true;
    if (!handler->ops.poll) {
        ctx->poll_disablers--;
    }
    aio_list_remove_if_inserted(&handler->ready_link);
    pthread_mutex_lock(&ctx->lock);
    aio_list_remove(&handler->all_link);
    pthread_mutex_unlock(&ctx->lock);
    aio_list_insert_tail(&ctx->dead, &handler->dead_link);
}

static void remove_in_home(AioContext *ctx, void *arg)
{
    unwatch(ctx, arg);
    withdraw(ctx, arg);
    aio_reap_handlers(ctx);
}

/* Not by home: waits until no callback of a withdrawn handler is on the stack. */
static void await_gone(AioHandler *handler)
{
    AioContext *ctx = handler->ctx;

    pthread_mutex_lock(&ctx->lock);
    while (!handler->gone) {
        pthread_cond_wait(&ctx->changed, &ctx->lock);
    }
    pthread_mutex_unlock(&ctx->lock);
    finish(handler);
}

void aio_handler_free(AioHandler *handler)
{
    AioContext *ctx = handler->ctx;

    if (aio_is_home(ctx)) {
        handler->self_freed = true;
        remove_in_home(ctx, handler);
    } else {
        aio_context_run(ctx, remove_in_home, handler);
        await_gone(handler);
    }
}

/* ---- replacing ---- */

/* The monitor watches a descriptor once. What has come in is found again by the new handler. */
static void replace_in_home(AioContext *ctx, void *arg)
{
    AddRequest *request = arg;
    AioHandler *old = request->replaced;

    unwatch(ctx, old);
    request->error = add(ctx, request->handler);
    if (request->error) {
        watch(ctx, old); /* there was room for it a moment ago; a closed one stays without events */
        return;
    }
    old->self_freed = request->is_home;
    withdraw(ctx, old);
    aio_reap_handlers(ctx);
}

AioHandler *aio_handler_replace(AioHandler *old, const AioHandlerOps *ops, void *opaque,
                                const _Atomic int64_t *event_since_ns)
{
    AioContext *ctx = old->ctx;
    const bool is_home = aio_is_home(ctx);
    AddRequest request = {.handler = handler_alloc(ctx, old->fd, ops, opaque, event_since_ns),
                          .replaced = old,
                          .is_home = is_home};

    AioHandler *handler = run_request(&request, replace_in_home);
    if (handler && !is_home) {
        await_gone(old);
    }
    return handler;
}

/* ---- listing ---- */

static void describe(const AioHandler *handler, AioHandlerInfo *info)
{
    const LatencyHistogram *latency =
        atomic_load_explicit(&handler->latency, memory_order_acquire);

    info->handler = handler;
    info->fd = handler->fd;
    info->polled = is_polled(handler);
    info->ns = atomic_load_explicit(&handler->ns, memory_order_relaxed);
    info->events = atomic_load_explicit(&handler->events, memory_order_relaxed);
    if (latency) {
        latency_read(latency, &info->latency);
    } else {
        info->latency.count = 0; /* then nobody reads the rest */
    }
}

size_t aio_context_handlers(AioContext *ctx, AioHandlerInfo *info, size_t max)
{
    size_t count = 0;

    pthread_mutex_lock(&ctx->lock);
    AIO_LIST_FOREACH (link, &ctx->handlers) {
        const AioHandler *handler = aio_container_of(link, AioHandler, all_link);
        if (count < max) {
            describe(handler, &info[count]);
        }
        count++;
    }
    pthread_mutex_unlock(&ctx->lock);
    return count;
}

/* ---- the context's own notifier ---- */

static void notifier_read(void *opaque)
{
    AioContext *ctx = opaque;

    event_notifier_test_and_clear(&ctx->notifier);
}

static bool notifier_poll(void *opaque)
{
    AioContext *ctx = opaque;

    return atomic_load_explicit(&ctx->notified, memory_order_relaxed);
}

static void notifier_poll_ready(void *opaque)
{
    /* Every iteration looks at what was announced; the eventfd was not written. */
    (void)opaque;
}

int aio_notifier_attach(AioContext *ctx)
{
    AioHandler *handler = &ctx->notifier_handler;
    const int error = event_notifier_init(&ctx->notifier);

    if (error) {
        return error;
    }
    handler->ctx = ctx;
    handler->fd = ctx->notifier.fd;
    handler->opaque = ctx;
    handler->ops.read = notifier_read;
    handler->ops.poll = notifier_poll;
    handler->ops.poll_ready = notifier_poll_ready;
    handler->ops.edge = true;
    handler->watched = true;
    aio_list_insert_tail(&ctx->handlers, &handler->all_link);
    return 0;
}
