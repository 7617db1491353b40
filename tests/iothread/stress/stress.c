/*
 * A bounded stress of the native core, without Python, to be run under a sanitizer: several
 * threads add, tune, load, trace, fork and delete the same contexts.
 *
 *     stress SECONDS SEED
 *     stress hang          hangs, to show what the watchdog says then
 *
 * Ends with status 0 when every promise held and every ownership counter is back at zero. When
 * nothing goes on any more it prints the stacks of all threads and aborts.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress.h"
#include "trace.h"

enum { SLOTS = 6, WORKERS = 4 };

/* A hang is reported after so long; sanitizers on a busy machine are slow. */
enum { PATIENCE_S = 60 };

static _Atomic bool stop;
static _Atomic int64_t scheduled, released; /* one-shot bottom halves */

/* ---- slots: contexts that all workers share ---- */

static Slot slots[SLOTS];

static PollParams random_params(uint64_t *random)
{
    static const int64_t windows[] = {0, 4000, 32768, 200000};

    return (PollParams){
        .max_ns = windows[next_random(random) % 4],
        .grow = (int64_t)(next_random(random) % 4),
        .shrink = (int64_t)(next_random(random) % 4),
        .weight = (int64_t)(next_random(random) % 7),
    };
}

/* ---- operations on a context: a slot's lock is held for reading ---- */

static void op_tune(Slot *slot, uint64_t *random)
{
    PollPolicy policy = next_random(random) % 4 ? POLL_WEIGHTED : POLL_LEGACY;

    aio_context_set_poll_params(slot->ctx, random_params(random), policy);
    aio_context_poll_params(slot->ctx, &policy);
    CHECK(aio_context_poll_ns(slot->ctx) >= 0);
}

static void op_stats(Slot *slot, uint64_t *random)
{
    AioStatsSnapshot snapshot;
    AioHandlerInfo handlers[16];

    aio_context_stats(slot->ctx, &snapshot);
    CHECK(snapshot.counters.events ==
          snapshot.counters.polled_events + snapshot.counters.waited_events);
    CHECK(snapshot.counters.polls >= snapshot.counters.polls_in_vain);
    CHECK(aio_context_handlers(slot->ctx, handlers, 16) >= 1);
    CHECK(aio_context_cpu_ns(slot->ctx) >= 0);
    if (next_random(random) % 8 == 0) {
        aio_context_reset_stats(slot->ctx);
    }
}

static void op_drain(Slot *slot, uint64_t *random)
{
    uint64_t record[TRACE_RECORD_WORDS_MAX];

    trace_set_mask((uint32_t)next_random(random) & ((1u << TRACE_EVENT_COUNT) - 1));
    pthread_mutex_lock(&slot->drain);
    for (int i = 0; i < 1000; i++) {
        const size_t length = aio_context_trace_read(slot->ctx, record);
        if (!length) {
            break;
        }
        CHECK((record[0] & 0xffff) < TRACE_EVENT_COUNT);
        CHECK(length == record[0] >> 16);
    }
    pthread_mutex_unlock(&slot->drain);
}

static ArrivalParams random_arrival(uint64_t *random)
{
    static const int64_t trace[] = {1000, 50000, 0, 20000};
    static const ArrivalPhase phases[] = {
        {.params = {&arrival_processes[0], .interval_ns = 2000, .shape = 1}, .lasts_ns = 100000},
        {.params = {&arrival_processes[1], .interval_ns = 50000, .shape = 1}, .lasts_ns = 1},
    };

    return (ArrivalParams){
        .process = &arrival_processes[next_random(random) % arrival_process_count],
        .interval_ns = (int64_t)(next_random(random) % 100000) + 1000,
        .sigma = 1.25,
        .on_ns = 500000,
        .off_ns = 500000,
        .slow_ns = 500000,
        .slow_share = 0.5,
        .shape = 1.5,
        .intervals = trace,
        .interval_count = 4,
        .phases = phases,
        .phase_count = 2,
        .seed = next_random(random),
    };
}

static WorkloadParams random_load(uint64_t *random, bool with_device)
{
    WorkloadParams params = {
        .arrival = random_arrival(random),
        .depth = (uint32_t)(next_random(random) % 9),
        .service_ns = (int64_t)(next_random(random) % 3000),
    };

    params.arrival.stops = next_random(random) % 8 == 0;
    params.think_ns = params.depth ? (int64_t)(next_random(random) % 2 * 20000) : 0;
    if (with_device) {
        params.device = random_arrival(random);
    }
    return params;
}

static void op_load(Slot *slot, uint64_t *random)
{
    const uint64_t place = next_random(random) % SLOT_WORKLOADS;
    const WorkloadParams params = random_load(random, place % 2);
    WorkloadStats stats;

    pthread_mutex_lock(&slot->load);
    Workload **workload = &slot->workloads[place];
    if (!*workload) {
        *workload = workload_new(slot->ctx, &params);
        CHECK(*workload);
    } else if (next_random(random) % 3 == 0) {
        workload_free(*workload);
        *workload = NULL;
    } else {
        CHECK(workload_tune(*workload, &params) == 0);
        workload_stats(*workload, &stats);
        CHECK(stats.counters.completed <= stats.counters.issued);
    }
    pthread_mutex_unlock(&slot->load);
}

static void op_fdmon(Slot *slot, uint64_t *random)
{
    int refusal;

    CHECK(aio_context_set_fdmon(slot->ctx, next_random(random) % FD_MONITOR_COUNT) == 0);
    CHECK(aio_context_fdmon(slot->ctx, &refusal) < FD_MONITOR_COUNT);
}

/* ---- the pool ---- */

typedef struct PoolRun {
    _Atomic int worked, done, released;
} PoolRun;

static void pool_work(void *opaque)
{
    atomic_fetch_add(&((PoolRun *)opaque)->worked, 1);
}

static void pool_done(void *opaque)
{
    PoolRun *run = opaque;

    CHECK(atomic_fetch_add(&run->done, 1) < atomic_load(&run->worked));
}

static void pool_release(void *opaque)
{
    atomic_fetch_add(&((PoolRun *)opaque)->released, 1);
}

static void submit_some(void *opaque)
{
    Slot *slot = ((void **)opaque)[0];

    for (int i = 0; i < 10; i++) {
        CHECK(aio_pool_submit(slot->ctx, pool_work, pool_done, pool_release,
                              ((void **)opaque)[1]) == 0);
    }
}

static void op_pool(Slot *slot, uint64_t *random)
{
    PoolRun run = {0};
    void *arguments[] = {slot, &run};

    aio_context_set_pool_sizes(slot->ctx, next_random(random) % 3, 3);
    aio_context_set_max_batch(slot->ctx, next_random(random) % 5);
    submit_some(arguments);
    CHECK(aio_bh_schedule_oneshot(slot->ctx, submit_some, arguments, NULL, NULL) == 0);
    while (atomic_load(&run.released) < 20) {
        usleep(50);
    }
    CHECK(atomic_load(&run.done) == 20);
}

/* ---- bottom halves ---- */

static void count_run(void *opaque)
{
    atomic_fetch_add((_Atomic int64_t *)opaque, 1);
}

static void count_released(void *opaque)
{
    (void)opaque;
    atomic_fetch_add(&released, 1);
}

static void op_bottom_half(Slot *slot, uint64_t *random)
{
    static _Atomic int64_t sink;
    _Atomic int64_t *runs = calloc(1, sizeof(*runs));

    atomic_fetch_add(&scheduled, 1);
    CHECK(aio_bh_schedule_oneshot(slot->ctx, count_run, &sink, count_released, NULL) == 0);
    AioBH *bh = aio_bh_new(slot->ctx, count_run, runs, free);
    CHECK(bh && runs);
    for (uint64_t i = next_random(random) % 50; i; i--) {
        aio_bh_schedule(bh);
        if (next_random(random) % 4 == 0) {
            aio_bh_cancel(bh);
        }
    }
    aio_bh_delete(bh);
}

static void timer_fired(void *opaque)
{
    aio_timer_free(*(AioTimer **)opaque);
    free(opaque);
}

static void arm_timer(AioContext *ctx, void *arg)
{
    AioTimer **timer = malloc(sizeof(*timer));

    *timer = aio_timer_new(ctx, timer_fired, timer, NULL);
    aio_timer_arm(*timer, aio_clock_ns() + *(int64_t *)arg);
}

static void op_timer(Slot *slot, uint64_t *random)
{
    int64_t delay_ns = (int64_t)(next_random(random) % 200000);

    /* At least one run of the thread lies between arming and deleting the context. */
    aio_context_run(slot->ctx, arm_timer, &delay_ns);
    usleep(500);
}

/* ---- forking ---- */

/* The child has no thread but its own: it may look, and signal, and end. */
static void op_fork(Slot *slot, uint64_t *random)
{
    int64_t counts[AIO_LIVE_COUNT];
    EventNotifier notifier;
    int status;

    if (next_random(random) % 16) {
        return; /* it takes the longest of all */
    }
    CHECK(event_notifier_init(&notifier) == 0);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        aio_live_snapshot(counts);
        const bool sane = counts[0] > 0 && aio_context_thread_id(slot->ctx) > 0 &&
                          aio_context_poll_ns(slot->ctx) >= 0;
        event_notifier_set(&notifier);
        _exit(sane ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(aio_fd_readable(notifier.fd)); /* descriptors are shared */
    event_notifier_cleanup(&notifier);
}

/* ---- making and deleting: a slot's lock is held for writing ---- */

static void delete_context(Slot *slot)
{
    for (int i = 0; i < SLOT_WORKLOADS; i++) {
        if (slot->workloads[i]) {
            workload_free(slot->workloads[i]);
            slot->workloads[i] = NULL;
        }
    }
    usleep(1000); /* timers that free themselves */
    aio_context_request_stop(slot->ctx, false);
    CHECK(aio_context_stop(slot->ctx) == 0);
    CHECK(aio_context_stop(slot->ctx) == -3);
    aio_context_request_stop(slot->ctx, false); /* nothing to do */
    aio_context_free(slot->ctx);
    slot->ctx = NULL;
}

static void remake(Slot *slot, uint64_t *random)
{
    pthread_rwlock_wrlock(&slot->lock);
    if (slot->ctx) {
        delete_context(slot);
    }
    slot->ctx = aio_context_new(random_params(random), POLL_WEIGHTED);
    CHECK(slot->ctx);
    CHECK(aio_context_start(slot->ctx, "IO stress", next_random(random) % 2) == 0);
    aio_context_await_start(slot->ctx);
    CHECK(aio_context_thread_id(slot->ctx) > 0);
    CHECK(aio_context_start(slot->ctx, NULL, true) < 0);
    pthread_rwlock_unlock(&slot->lock);
}

static void *worker(void *opaque)
{
    static void (*const ops[])(Slot *, uint64_t *) = {
        op_tune, op_stats, op_drain,       op_load,  op_probe,
        op_gang, op_fork,  op_bottom_half, op_timer, op_disk, op_fdmon, op_pool,
    };
    uint64_t random = (uintptr_t)opaque;

    while (!atomic_load(&stop)) {
        watchdog_alive();
        Slot *slot = &slots[next_random(&random) % SLOTS];

        if (next_random(&random) % 20 == 0) {
            remake(slot, &random);
            continue;
        }
        pthread_rwlock_rdlock(&slot->lock);
        if (slot->ctx) {
            ops[next_random(&random) % (sizeof(ops) / sizeof(ops[0]))](slot, &random);
        }
        pthread_rwlock_unlock(&slot->lock);
    }
    return NULL;
}

/* A context without a thread: its caller drives it, handlers may be added by other threads. */
static void *stray_driver(void *opaque)
{
    AioContext *ctx = opaque;

    while (!atomic_load(&stop)) {
        CHECK(aio_context_poll(ctx, false) >= 0);
    }
    return NULL;
}

static void report_counters(void)
{
    int64_t counts[AIO_LIVE_COUNT];

    aio_live_snapshot(counts);
    for (int i = 0; i < AIO_LIVE_COUNT; i++) {
        printf("%s %lld\n", aio_live_names[i], (long long)counts[i]);
        CHECK(counts[i] == 0);
    }
    printf("one-shot bottom halves %lld\n", (long long)atomic_load(&scheduled));
    CHECK(atomic_load(&scheduled) == atomic_load(&released));
}

/* A context's thread never ends, and the main thread waits for it. */
static void sleep_on(void *sleeps)
{
    atomic_store((_Atomic bool *)sleeps, true);
    for (;;) {
        pause();
    }
}

static void hang(void)
{
    AioContext *ctx = aio_context_new(poll_params_default(), POLL_WEIGHTED);
    static _Atomic bool sleeps;

    watchdog_start(1);
    CHECK(ctx && aio_context_start(ctx, "IO hang", true) == 0);
    CHECK(aio_bh_schedule_oneshot(ctx, sleep_on, &sleeps, NULL, NULL) == 0);
    while (!atomic_load(&sleeps)) {
        usleep(1000); /* else it might be stopped before it runs */
    }
    aio_context_stop(ctx);
}

int main(int argc, char **argv)
{
    const unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 10;
    const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;

    if (argc > 1 && strcmp(argv[1], "hang") == 0) {
        hang();
    }
    pthread_t workers[WORKERS], drivers[2];
    Slot stray = {.ctx = aio_context_new((PollParams){.max_ns = 10000}, POLL_WEIGHTED)};
    uint64_t random = seed;

    watchdog_start(PATIENCE_S);
    for (int i = 0; i < SLOTS; i++) {
        pthread_rwlock_init(&slots[i].lock, NULL);
        pthread_mutex_init(&slots[i].load, NULL);
        pthread_mutex_init(&slots[i].drain, NULL);
    }
    for (uintptr_t i = 0; i < WORKERS; i++) {
        pthread_create(&workers[i], NULL, worker, (void *)(uintptr_t)(seed * 1000 + i));
    }
    for (int i = 0; i < 2; i++) {
        pthread_create(&drivers[i], NULL, stray_driver, stray.ctx);
    }
    gates_start(seed);
    const int64_t end_ns = aio_clock_ns() + (int64_t)seconds * 1000000000;
    while (aio_clock_ns() < end_ns) {
        usleep(50000);
        gates_close();
        op_probe(&stray, &random);
        op_gang(&stray, &random);
        op_bottom_half(&stray, &random);
    }
    atomic_store(&stop, true);
    gates_end();
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(workers[i], NULL);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(drivers[i], NULL);
    }
    for (int i = 0; i < SLOTS; i++) {
        if (slots[i].ctx) {
            delete_context(&slots[i]);
        }
    }
    aio_context_free(stray.ctx);
    report_counters();
    return 0;
}
