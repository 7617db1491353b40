/*
 * Bottom halves: functions that run in the home thread, scheduled from any.
 *
 * A scheduled one is pushed on a lock-free stack that home takes whole and reverses, so that
 * they run in the order in which they were scheduled.
 */
#include <errno.h>
#include <stdlib.h>

#include "engine_int.h"

enum {
    BH_PENDING = 1,   /* is in bh_incoming or in the list taken from it */
    BH_SCHEDULED = 2, /* is to run */
    BH_DELETED = 4,
    BH_ONESHOT = 8,
};

struct AioBH {
    AioContext *ctx;        /* constant, as are the next three */
    void (*fn)(void *opaque);
    void *opaque;
    void (*release)(void *opaque);
    AioBH *next;            /* the thread that set BH_PENDING, then home */
    AioLink link;           /* AioContext.bottom_halves of a persistent one: its lock */
    _Atomic uint32_t flags; /* any thread; BH_ONESHOT from its beginning, or not at all */
};

static AioBH *bh_alloc(AioContext *ctx, void (*fn)(void *), void *opaque,
                       void (*release)(void *))
{
    AioBH *bh = malloc(sizeof(*bh));

    if (bh) {
        *bh = (AioBH){.ctx = ctx, .fn = fn, .opaque = opaque, .release = release};
        aio_live_add(&aio_live.bottom_halves, 1);
    }
    return bh;
}

static void bh_free(AioBH *bh)
{
    AioContext *ctx = bh->ctx;

    if (!(atomic_load_explicit(&bh->flags, memory_order_relaxed) & BH_ONESHOT)) {
        pthread_mutex_lock(&ctx->lock);
        aio_list_remove(&bh->link);
        pthread_mutex_unlock(&ctx->lock);
    }
    if (bh->release) {
        bh->release(bh->opaque);
    }
    free(bh);
    aio_live_add(&aio_live.bottom_halves, -1);
}

static void bh_enqueue(AioBH *bh, uint32_t flags)
{
    AioContext *ctx = bh->ctx; /* the bottom half may be gone once it is pushed */
    const uint32_t before = atomic_fetch_or(&bh->flags, BH_PENDING | flags);

    if (!(before & BH_PENDING)) {
        AioBH *head = atomic_load_explicit(&ctx->bh_incoming, memory_order_relaxed);
        do {
            bh->next = head;
        } while (!atomic_compare_exchange_weak_explicit(&ctx->bh_incoming, &head, bh,
                                                        memory_order_release,
                                                        memory_order_relaxed));
    }
    aio_notify(ctx);
}

AioBH *aio_bh_new(AioContext *ctx, void (*fn)(void *), void *opaque, void (*release)(void *))
{
    AioBH *bh = bh_alloc(ctx, fn, opaque, release);

    if (bh) {
        pthread_mutex_lock(&ctx->lock);
        aio_list_insert_tail(&ctx->bottom_halves, &bh->link);
        pthread_mutex_unlock(&ctx->lock);
    }
    return bh;
}

void aio_bh_schedule(AioBH *bh)
{
    bh_enqueue(bh, BH_SCHEDULED);
}

void aio_bh_cancel(AioBH *bh)
{
    atomic_fetch_and(&bh->flags, ~(uint32_t)BH_SCHEDULED);
}

void aio_bh_delete(AioBH *bh)
{
    bh_enqueue(bh, BH_DELETED);
}

int aio_bh_schedule_oneshot(AioContext *ctx, void (*fn)(void *), void *opaque,
                            void (*release)(void *), AioBH **out)
{
    AioBH *bh = bh_alloc(ctx, fn, opaque, release);

    if (!bh) {
        return -ENOMEM;
    }
    if (out) {
        *out = bh; /* it may be gone once it is pushed */
    }
    atomic_store_explicit(&bh->flags, BH_ONESHOT, memory_order_relaxed);
    bh_enqueue(bh, BH_SCHEDULED);
    return 0;
}

/* Appends what has come in to the list of home, oldest first. */
static void take_incoming(AioContext *ctx)
{
    AioBH *reversed = NULL;

    if (!atomic_load_explicit(&ctx->bh_incoming, memory_order_relaxed)) {
        return;
    }
    AioBH *bh = atomic_exchange_explicit(&ctx->bh_incoming, NULL, memory_order_acquire);
    while (bh) {
        AioBH *next = bh->next;
        bh->next = reversed;
        reversed = bh;
        bh = next;
    }
    *ctx->bh_last_next = reversed;
    while (*ctx->bh_last_next) {
        ctx->bh_last_next = &(*ctx->bh_last_next)->next;
    }
}

static AioBH *pop(AioContext *ctx)
{
    AioBH *bh = ctx->bh_first;

    if (bh) {
        ctx->bh_first = bh->next;
        if (!ctx->bh_first) {
            ctx->bh_last_next = &ctx->bh_first;
        }
    }
    return bh;
}

bool aio_bh_is_pending(const AioContext *ctx)
{
    return ctx->bh_first || atomic_load_explicit(&ctx->bh_incoming, memory_order_relaxed);
}

/*
 * Not in a list any more, so that scheduling it puts it there again; except one that is to be freed:
 * who schedules that meanwhile is late.
 */
static uint32_t take_flags(AioBH *bh)
{
    uint32_t flags = atomic_load_explicit(&bh->flags, memory_order_relaxed);
    uint32_t after;

    do {
        after = flags & ~(uint32_t)BH_SCHEDULED;
        if (!(flags & (BH_ONESHOT | BH_DELETED))) {
            after &= ~(uint32_t)BH_PENDING;
        }
    } while (!atomic_compare_exchange_weak(&bh->flags, &flags, after));
    return flags;
}

/* What is scheduled while it runs waits for the next iteration. A nested one goes on with it. */
bool aio_bh_poll(AioContext *ctx)
{
    bool progress = false;
    AioBH *bh;

    take_incoming(ctx);
    while ((bh = pop(ctx))) {
        const uint32_t flags = take_flags(bh);
        if ((flags & (BH_SCHEDULED | BH_DELETED)) == BH_SCHEDULED) {
            progress = true;
            bh->fn(bh->opaque);
        }
        if (flags & (BH_DELETED | BH_ONESHOT)) {
            bh_free(bh);
        }
    }
    return progress;
}

void aio_bh_cleanup(AioContext *ctx)
{
    AioBH *bh;

    take_incoming(ctx);
    while ((bh = pop(ctx))) {
        const uint32_t flags = atomic_fetch_and(&bh->flags, ~(uint32_t)BH_PENDING);
        if (flags & (BH_DELETED | BH_ONESHOT)) {
            bh_free(bh);
        }
    }
    while (!aio_list_empty(&ctx->bottom_halves)) {
        bh_free(aio_container_of(ctx->bottom_halves.next, AioBH, link));
    }
}
