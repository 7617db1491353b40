/* Timers: a list by deadline, looked at once per iteration. Home only. */
#include <stdlib.h>

#include "engine_int.h"

AioTimer *aio_timer_new(AioContext *ctx, void (*fn)(void *), void *opaque,
                        void (*release)(void *))
{
    AioTimer *timer = malloc(sizeof(*timer));

    if (timer) {
        *timer = (AioTimer){.ctx = ctx, .fn = fn, .opaque = opaque, .release = release};
        aio_live_add(&aio_live.timers, 1);
    }
    return timer;
}

void aio_timer_arm(AioTimer *timer, int64_t deadline_ns)
{
    AioLink *where = &timer->ctx->timers;

    aio_list_remove_if_inserted(&timer->link);
    timer->deadline_ns = deadline_ns;
    AIO_LIST_FOREACH (link, &timer->ctx->timers) {
        if (aio_container_of(link, AioTimer, link)->deadline_ns > deadline_ns) {
            break;
        }
        where = link;
    }
    aio_list_insert_after(where, &timer->link);
}

void aio_timer_free(AioTimer *timer)
{
    aio_list_remove_if_inserted(&timer->link);
    if (timer->release) {
        timer->release(timer->opaque);
    }
    free(timer);
    aio_live_add(&aio_live.timers, -1);
}

int64_t aio_timers_timeout(AioContext *ctx, int64_t now_ns)
{
    if (aio_list_empty(&ctx->timers)) {
        return -1;
    }
    const AioTimer *first = aio_container_of(ctx->timers.next, AioTimer, link);
    return first->deadline_ns > now_ns ? first->deadline_ns - now_ns : 0;
}

bool aio_timers_run(AioContext *ctx)
{
    bool progress = false;

    if (aio_list_empty(&ctx->timers)) {
        return false;
    }
    const int64_t now_ns = aio_clock_ns();
    while (!aio_list_empty(&ctx->timers)) {
        AioTimer *first = aio_container_of(ctx->timers.next, AioTimer, link);
        if (first->deadline_ns > now_ns) {
            break;
        }
        aio_list_remove(&first->link);
        first->fn(first->opaque); /* may free or arm it again */
        progress = true;
    }
    return progress;
}

void aio_timers_cleanup(AioContext *ctx)
{
    while (!aio_list_empty(&ctx->timers)) {
        aio_timer_free(aio_container_of(ctx->timers.next, AioTimer, link));
    }
}
