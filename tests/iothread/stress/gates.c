/* One context and one notifier that threads use and close as the binding does: through gates. */
#include <errno.h>
#include <unistd.h>

#include "gate.h"
#include "stress.h"

static Gate gate;             /* of `ctx` */
static AioContext *ctx;
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

static EventNotifier notifier;
static LastUse uses = 1;      /* of `notifier`: closed */
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;
static bool is_open;          /* opening */

enum { GATE_WORKERS = 3 };

static pthread_t workers[GATE_WORKERS];
static _Atomic bool ends;
static _Atomic int left = GATE_WORKERS;

/* ---- a gate: closing waits for the users ---- */

static void ignore(void *unused)
{
    (void)unused;
}

static void add_and_remove(void)
{
    static const AioHandlerOps ops = {.read = ignore};
    EventNotifier own;

    CHECK(event_notifier_init(&own) == 0);
    AioHandler *handler = aio_handler_new(ctx, own.fd, &ops, NULL, NULL);
    CHECK(handler);
    aio_handler_free(handler);
    event_notifier_cleanup(&own);
}

static void use(uint64_t *random)
{
    AioStatsSnapshot snapshot;
    int error;

    switch (next_random(random) % 7) {
    case 0:
        error = aio_context_start(ctx, "IO gate", true);
        CHECK(error == 0 || error == -EBUSY || error == -ECANCELED);
        break;
    case 1:
        error = aio_context_stop(ctx);
        CHECK(error == 0 || error == -ESRCH);
        break;
    case 2:
        aio_context_stats(ctx, &snapshot);
        aio_context_reset_stats(ctx);
        break;
    case 3:
        aio_context_set_poll_params(ctx, poll_params_default(), POLL_WEIGHTED);
        break;
    case 4:
        aio_context_request_stop(ctx, false);
        break;
    case 5:
        error = aio_context_poll(ctx, true); /* a close ends it */
        CHECK(error >= 0 || error == -EBUSY);
        break;
    default:
        add_and_remove();
    }
}

static void close_it(void)
{
    if (gate_claim(&gate, true) == 1) {
        aio_context_set_closing(ctx, true);
        aio_context_stop(ctx);
        gate_shut(&gate);
        aio_notify(ctx);
        gate_drain(&gate);
        aio_context_free(ctx);
        ctx = NULL;
        gate_close(&gate);
    }
}

static void make_it(void)
{
    pthread_mutex_lock(&making);
    if (gate_await_closed(&gate)) {
        ctx = aio_context_new(poll_params_default(), POLL_WEIGHTED);
        CHECK(ctx);
        gate_open(&gate);
    }
    pthread_mutex_unlock(&making);
}

/* ---- the last user frees ---- */

static void clean_up_notifier(void)
{
    event_notifier_cleanup(&notifier);
    pthread_mutex_lock(&opening);
    is_open = false;
    pthread_mutex_unlock(&opening);
}

static void share_a_notifier(uint64_t *random)
{
    pthread_mutex_lock(&opening);
    if (!is_open && next_random(random) % 4 == 0) {
        CHECK(event_notifier_init(&notifier) == 0);
        is_open = true;
        atomic_store_explicit(&uses, 0, memory_order_release);
    }
    pthread_mutex_unlock(&opening);

    bool last = false;
    if (last_use_enter(&uses)) {
        CHECK(!gate_is_user(&gate));
        event_notifier_set(&notifier);
        CHECK(aio_fd_readable(notifier.fd) == 1);
        last = last_use_leave(&uses);
    }
    if (!last && next_random(random) % 4 == 0) {
        last = last_use_close(&uses);
    }
    if (last) {
        clean_up_notifier();
    }
}

/* ---- the workers ---- */

static void *gate_worker(void *opaque)
{
    uint64_t random = (uintptr_t)opaque;
    GateUse own;

    while (!atomic_load(&ends)) {
        watchdog_alive();
        share_a_notifier(&random);
        if (next_random(&random) % 10 == 0) {
            close_it();
        } else if (gate_enter(&gate, &own)) {
            CHECK(gate_claim(&gate, true) == -EDEADLK);
            use(&random);
            gate_leave(&gate, &own);
        } else {
            make_it();
        }
    }
    atomic_fetch_sub(&left, 1);
    return NULL;
}

void gates_start(uint64_t seed)
{
    gate_init(&gate);
    for (uintptr_t i = 0; i < GATE_WORKERS; i++) {
        pthread_create(&workers[i], NULL, gate_worker, (void *)(uintptr_t)(seed * 77 + i));
    }
}

void gates_close(void)
{
    close_it();
}

void gates_end(void)
{
    atomic_store(&ends, true);
    while (atomic_load(&left)) {
        close_it(); /* a worker may wait in a poll */
        usleep(1000);
    }
    for (int i = 0; i < GATE_WORKERS; i++) {
        pthread_join(workers[i], NULL);
    }
    close_it();
    if (last_use_close(&uses)) {
        clean_up_notifier();
    }
    gate_destroy(&gate);
}
