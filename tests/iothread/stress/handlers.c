/* Handlers that come and go, iterate within themselves, and remove each other. */
#include <unistd.h>

#include "stress.h"

/* ---- one handler ---- */

typedef struct Probe {
    AioContext *ctx;
    EventNotifier notifier;
    AioHandler *handler;
    _Atomic int runs;
    _Atomic bool gone;   /* no callback may run any more */
    bool removes_itself;
    int depth;           /* home: nested iterations */
    _Atomic bool polling;
} Probe;

static void probe_read(void *opaque)
{
    Probe *probe = opaque;

    CHECK(!atomic_load(&probe->gone));
    event_notifier_test_and_clear(&probe->notifier);
    atomic_fetch_add(&probe->runs, 1);
    if (probe->depth == 0) {
        probe->depth++;
        CHECK(aio_context_poll(probe->ctx, false) >= 0);
        probe->depth--;
    }
    if (probe->removes_itself && probe->handler) {
        AioHandler *handler = probe->handler;
        probe->handler = NULL;
        aio_handler_free(handler);
    }
}

static bool probe_poll(void *opaque)
{
    Probe *probe = opaque;

    CHECK(!atomic_load(&probe->gone));
    return event_notifier_pending(&probe->notifier);
}

static void probe_poll_begin(void *opaque)
{
    Probe *probe = opaque;

    CHECK(!atomic_exchange(&probe->polling, true));
}

static void probe_poll_end(void *opaque)
{
    Probe *probe = opaque;

    CHECK(atomic_exchange(&probe->polling, false));
}

static void probe_release(void *opaque)
{
    Probe *probe = opaque;

    CHECK(!atomic_load(&probe->polling));
    CHECK(!atomic_exchange(&probe->gone, true));
}

static void arm_probe(AioContext *ctx, void *arg)
{
    Probe *probe = arg;
    AioHandlerOps ops = {
        .read = probe_read,
        .poll_begin = probe_poll_begin,
        .poll_end = probe_poll_end,
        .release = probe_release,
    };

    ops.poll = probe->depth ? NULL : probe_poll;
    probe->depth = 0;
    probe->handler =
        aio_handler_new(ctx, probe->notifier.fd, &ops, probe, &probe->notifier.since_ns);
    CHECK(probe->handler);
}

/* Of the handler that takes the first one's place. */
static void probe_read_more(void *opaque)
{
    event_notifier_test_and_clear(&((Probe *)opaque)->notifier);
}

static void probe_release_more(void *opaque)
{
    atomic_store(&((Probe *)opaque)->gone, true);
}

void op_probe(Slot *slot, uint64_t *random)
{
    Probe probe = {.ctx = slot->ctx, .removes_itself = next_random(random) % 2};

    CHECK(event_notifier_init(&probe.notifier) == 0);
    probe.depth = next_random(random) % 4 == 0; /* without a poll callback */
    aio_context_run(slot->ctx, arm_probe, &probe);
    for (uint64_t i = next_random(random) % 20; i; i--) {
        event_notifier_set(&probe.notifier);
        usleep((useconds_t)(next_random(random) % 100));
    }
    if (!probe.removes_itself && next_random(random) % 2) {
        const AioHandlerOps ops = {.read = probe_read_more, .release = probe_release_more};
        AioHandler *replaced = aio_handler_replace(probe.handler, &ops, &probe, NULL);
        CHECK(replaced && atomic_load(&probe.gone));
        probe.handler = replaced;
        atomic_store(&probe.gone, false);
        event_notifier_set(&probe.notifier);
    }
    if (probe.removes_itself) {
        event_notifier_set(&probe.notifier);
        while (!atomic_load(&probe.gone)) {
            usleep(50);
        }
    } else {
        aio_handler_free(probe.handler);
        CHECK(atomic_load(&probe.gone));
    }
    event_notifier_cleanup(&probe.notifier);
}

/* ---- several, ready at once: whichever runs first iterates, then removes them all ---- */

enum { GANG_SIZE = 5 };

typedef struct Member {
    struct Gang *gang;
    EventNotifier notifier;
    AioHandler *handler; /* home */
    bool released;       /* home */
} Member;

typedef struct Gang {
    AioContext *ctx;
    Member members[GANG_SIZE];
    bool over;           /* home: all were removed */
    _Atomic int released;
} Gang;

static void member_read(void *opaque)
{
    Member *member = opaque;
    Gang *gang = member->gang;

    /* No callback starts once its handler was removed, in whichever nested iteration. */
    CHECK(!gang->over && !member->released);
    event_notifier_test_and_clear(&member->notifier);
    CHECK(aio_context_poll(gang->ctx, false) >= 0);
    if (gang->over) {
        return; /* by a member that the nested iteration ran */
    }
    gang->over = true;
    for (int i = 0; i < GANG_SIZE; i++) {
        aio_handler_free(gang->members[i].handler);
    }
    /* Those that are on the stack, this one among them, are released when they have returned. */
    CHECK(!member->released);
    CHECK(aio_context_poll(gang->ctx, false) >= 0);
    CHECK(!member->released);
}

static bool member_poll(void *opaque)
{
    Member *member = opaque;

    CHECK(!member->gang->over);
    return event_notifier_pending(&member->notifier);
}

static void member_release(void *opaque)
{
    Member *member = opaque;

    CHECK(!member->released);
    member->released = true;
    atomic_fetch_add(&member->gang->released, 1);
}

static void assemble(AioContext *ctx, void *arg)
{
    static const AioHandlerOps ops = {
        .read = member_read, .poll = member_poll, .release = member_release};
    Gang *gang = arg;

    for (int i = 0; i < GANG_SIZE; i++) {
        Member *member = &gang->members[i];
        member->handler = aio_handler_new(ctx, member->notifier.fd, &ops, member, NULL);
        CHECK(member->handler);
        event_notifier_set(&member->notifier);
    }
}

void op_gang(Slot *slot, uint64_t *random)
{
    Gang gang = {.ctx = slot->ctx};

    (void)random;
    for (int i = 0; i < GANG_SIZE; i++) {
        gang.members[i].gang = &gang;
        CHECK(event_notifier_init(&gang.members[i].notifier) == 0);
    }
    aio_context_run(slot->ctx, assemble, &gang);
    while (atomic_load(&gang.released) < GANG_SIZE) {
        usleep(50);
    }
    for (int i = 0; i < GANG_SIZE; i++) {
        event_notifier_cleanup(&gang.members[i].notifier);
    }
}
