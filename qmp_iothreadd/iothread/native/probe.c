#define _GNU_SOURCE /* sched_setaffinity */
#include "probe.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "engine.h"

const char *const probe_scenario_names[PROBE_SCENARIO_COUNT] = {
#define X(name) #name,
    PROBE_SCENARIOS(X)
#undef X
};

const char *const probe_step_names[PROBE_STEP_COUNT] = {
#define X(name) #name,
    PROBE_STEPS(X)
#undef X
};

/* Events that widen the window, and are not timed. */
enum { WARM_UP_EVENTS = 64 };

enum { TIMEOUT_NS = 1000 * 1000 * 1000 };

typedef struct Scenario {
    int64_t max_ns;
    int64_t warm_up_gap_ns; /* the window grows to this, and never shrinks */
    int64_t gap_ns;         /* from an event's end to the next one; 0: its handler sets it off */
} Scenario;

static const Scenario scenarios[PROBE_SCENARIO_COUNT] = {
    [PROBE_sleep] = {.max_ns = 0, .warm_up_gap_ns = 100 * 1000, .gap_ns = 30 * 1000},
    [PROBE_poll] = {.max_ns = 100 * 1000 * 1000, .warm_up_gap_ns = 1000 * 1000, .gap_ns = 20 * 1000},
    [PROBE_vain] = {.max_ns = 50 * 1000, .warm_up_gap_ns = 10 * 1000, .gap_ns = 150 * 1000},
    [PROBE_chain] = {.max_ns = 0, .warm_up_gap_ns = 10 * 1000, .gap_ns = 0},
};

typedef struct Probe {
    AioContext *ctx;
    AioHandler *handler;
    EventNotifier notifier;
    ProbeResult *result;
    _Atomic int64_t due_ns;   /* of the event that is there; 0: none */
    _Atomic bool notify;      /* home: an event needs the notifier */
    _Atomic bool timed;       /* caller: what follows is kept */
    _Atomic bool chained;     /* caller: an event sets off the next one */
    _Atomic uint64_t handled; /* home */
    bool passes_timed;        /* constant */
    int64_t pass_ns;          /* home, as the next three: the last pass, where they are timed */
    int64_t began_ns;         /* the first pass of this iteration */
    int64_t found_ns;
    int64_t done_ns;          /* the handler's end; 0: a pass has followed */
} Probe;

/* ---- home ---- */

static void keep(Probe *p, ProbeStep step, int64_t ns)
{
    size_t *found = &p->result->found[step];

    if (*found < PROBE_SAMPLES_MAX && atomic_load_explicit(&p->timed, memory_order_relaxed)) {
        p->result->ns[step][(*found)++] = ns > 0 ? ns : 0;
    }
}

static void set_off(Probe *p)
{
    atomic_store(&p->due_ns, aio_clock_ns());
    if (atomic_load(&p->notify)) {
        event_notifier_set(&p->notifier);
    }
}

static void finish(Probe *p)
{
    atomic_store(&p->due_ns, 0);
    if (atomic_load_explicit(&p->chained, memory_order_relaxed)) {
        set_off(p);
    }
    atomic_store_explicit(&p->handled, p->handled + 1, memory_order_release);
    p->done_ns = aio_clock_ns();
}

static bool probe_poll(void *opaque)
{
    Probe *p = opaque;

    if (p->done_ns) {
        p->began_ns = aio_clock_ns();
        keep(p, PROBE_STEP_loop, p->began_ns - p->done_ns);
        p->done_ns = 0;
    }
    if (!atomic_load_explicit(&p->due_ns, memory_order_acquire)) {
        p->pass_ns = p->passes_timed ? aio_clock_ns() : 0;
        return false;
    }
    p->found_ns = aio_clock_ns();
    return true;
}

static void probe_poll_ready(void *opaque)
{
    Probe *p = opaque;
    const int64_t now_ns = aio_clock_ns(), due_ns = atomic_load(&p->due_ns);

    /* One that was there before the first pass says nothing of how long a pass takes. */
    if (due_ns > p->began_ns) {
        keep(p, PROBE_STEP_pass, p->found_ns - due_ns);
    }
    keep(p, PROBE_STEP_dispatch, now_ns - p->found_ns);
    finish(p);
}

static void probe_poll_begin(void *opaque)
{
    Probe *p = opaque;

    atomic_store(&p->notify, false);
}

static void probe_poll_end(void *opaque)
{
    Probe *p = opaque;

    if (p->passes_timed && p->pass_ns) {
        keep(p, PROBE_STEP_exit, aio_clock_ns() - p->pass_ns);
    }
    atomic_store(&p->notify, true); /* the engine polls once more after this */
}

static void probe_read(void *opaque)
{
    Probe *p = opaque;
    const int64_t now_ns = aio_clock_ns();

    event_notifier_test_and_clear(&p->notifier);
    const int64_t due_ns = atomic_load(&p->due_ns);
    if (!due_ns) {
        return; /* set off and found by a pass in the same moment */
    }
    if (atomic_load_explicit(&p->chained, memory_order_relaxed)) {
        keep(p, PROBE_STEP_ask, p->done_ns ? now_ns - p->done_ns : 0);
    } else {
        keep(p, PROBE_STEP_wake, now_ns - due_ns);
    }
    finish(p);
}

static const AioHandlerOps probe_ops = {
    .read = probe_read,
    .poll = probe_poll,
    .poll_ready = probe_poll_ready,
    .poll_begin = probe_poll_begin,
    .poll_end = probe_poll_end,
};

/* ---- the caller ---- */

static void spin_until(int64_t end_ns)
{
    while (aio_clock_ns() < end_ns) {
    }
}

/* An event, and what is to pass after it. */
static int once(Probe *p, int64_t gap_ns)
{
    const uint64_t handled = atomic_load_explicit(&p->handled, memory_order_acquire);

    set_off(p);
    const int64_t end_ns = aio_clock_ns() + TIMEOUT_NS;
    while (atomic_load_explicit(&p->handled, memory_order_acquire) == handled) {
        if (aio_clock_ns() > end_ns) {
            return -ETIMEDOUT;
        }
    }
    spin_until(aio_clock_ns() + gap_ns);
    return 0;
}

static int drive(Probe *p, const Scenario *scenario, int64_t duration_ns)
{
    int error = 0;

    for (unsigned i = 0; i < WARM_UP_EVENTS && !error; i++) {
        error = once(p, scenario->warm_up_gap_ns);
    }
    const int64_t cpu_ns = aio_context_cpu_ns(p->ctx), end_ns = aio_clock_ns() + duration_ns;
    const uint64_t before = atomic_load(&p->handled);
    atomic_store(&p->timed, true);
    atomic_store(&p->chained, scenario->gap_ns == 0);
    while (!error && scenario->gap_ns && aio_clock_ns() < end_ns) {
        error = once(p, scenario->gap_ns);
    }
    if (!error && !scenario->gap_ns) {
        set_off(p);
        spin_until(end_ns);
        atomic_store(&p->timed, false);
        atomic_store(&p->chained, false);
    }
    p->result->cpu_ns = aio_context_cpu_ns(p->ctx) - cpu_ns;
    p->result->events = atomic_load(&p->handled) - before;
    return error;
}

static int attach(Probe *p)
{
    int error = event_notifier_init(&p->notifier);

    if (error) {
        return error;
    }
    p->handler = aio_handler_new(p->ctx, p->notifier.fd, &probe_ops, p, NULL);
    if (!p->handler) {
        error = -errno;
        event_notifier_cleanup(&p->notifier);
    }
    return error;
}

static int bind_thread(AioContext *ctx, int cpu)
{
    cpu_set_t cpus;

    if (cpu < 0) {
        return 0;
    }
    if (cpu >= CPU_SETSIZE) {
        return -EINVAL;
    }
    CPU_ZERO(&cpus);
    CPU_SET(cpu, &cpus);
    return sched_setaffinity(aio_context_thread_id(ctx), sizeof(cpus), &cpus) ? -errno : 0;
}

static int run(Probe *p, const Scenario *scenario, int64_t duration_ns, int cpu)
{
    int error = bind_thread(p->ctx, cpu);

    if (!error) {
        error = attach(p);
    }
    if (!error) {
        error = drive(p, scenario, duration_ns);
        aio_handler_free(p->handler);
        event_notifier_cleanup(&p->notifier);
    }
    return error;
}

int probe_run(ProbeScenario scenario, int64_t duration_ns, int cpu, ProbeResult *result)
{
    const Scenario *chosen = &scenarios[scenario];
    PollParams params = poll_params_default();
    Probe p = {.result = result, .notify = true, .passes_timed = scenario == PROBE_vain};

    memset(result, 0, sizeof(*result));
    params.max_ns = chosen->max_ns;
    params.shrink = INT64_MAX;
    p.ctx = aio_context_new(params, POLL_WEIGHTED);
    if (!p.ctx) {
        return -errno;
    }
    int error = aio_context_start(p.ctx, "probe", true);
    if (!error) {
        error = run(&p, chosen, duration_ns, cpu);
        aio_context_stop(p.ctx);
    }
    aio_context_free(p.ctx);
    return error;
}
