/*
 * The same, and more, of the native core.
 *
 *     engine polled EVENTS INTERVAL_NS       event to handler, found by busy-polling
 *     engine waited EVENTS INTERVAL_NS       … found by waiting
 *     engine iteration HANDLERS SECONDS      CPU time of one that finds work in one of HANDLERS
 *     engine idle COUNT SECONDS              what idle contexts cost
 *     engine threads COUNT                   creating and deleting contexts
 *     engine load POLICY WEIGHT MEDIAN_NS SIGMA SECONDS
 *                                            two contexts under a lognormal load of depth 8
 */
#include "sender.h"

#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#include "engine.h"
#include "workload.h"

static AioContext *start_context(PollParams params, PollPolicy policy)
{
    AioContext *ctx = aio_context_new(params, policy);

    if (!ctx || aio_context_start(ctx, "IO bench", true)) {
        perror("starting a context");
        exit(1);
    }
    return ctx;
}

static void delete_context(AioContext *ctx)
{
    aio_context_stop(ctx);
    aio_context_free(ctx);
}

/* ---- latency ---- */

static bool count_polled, count_waited;

static void read_event(void *unused)
{
    uint64_t count;

    (void)unused;
    /* The eventfd may still be set for an event that busy-polling found first. */
    if (atomic_load_explicit(&flag, memory_order_acquire)) {
        bench_handle(count_waited);
    } else if (read(event_fd, &count, sizeof(count)) < 0) {
        exit(1);
    }
}

static bool poll_event(void *unused)
{
    (void)unused;
    return atomic_load(&flag) != 0;
}

static void poll_ready(void *unused)
{
    (void)unused;
    bench_handle(count_polled);
}

static void poll_begin(void *unused)
{
    (void)unused;
    atomic_store(&notify, false);
}

static void poll_end(void *unused)
{
    (void)unused;
    atomic_store(&notify, true);
}

/* As a virtqueue's, the sender does not notify while the receiver looks anyway. */
static void latency(PollParams params, int events, int64_t interval_ns)
{
    static const AioHandlerOps ops = {
        .read = read_event,
        .poll = poll_event,
        .poll_ready = poll_ready,
        .poll_begin = poll_begin,
        .poll_end = poll_end,
    };
    AioContext *ctx = start_context(params, POLL_WEIGHTED);

    event_fd = eventfd(0, EFD_NONBLOCK);
    notify = true;
    AioHandler *handler = aio_handler_new(ctx, event_fd, &ops, NULL, NULL);
    bench_pin(aio_context_thread_id(ctx), 1);
    bench_pin((pid_t)syscall(SYS_gettid), 0);
    bench_send(events, interval_ns);
    aio_handler_free(handler);
    delete_context(ctx);
    bench_report();
}

/* ---- one iteration ---- */

enum { HANDLERS_MAX = 64 };

typedef struct Ring {
    _Alignas(64) _Atomic uint64_t available;
    _Atomic uint64_t used;
    EventNotifier notifier;
    bool always; /* serving a request makes the next one available */
} Ring;

static Ring rings[HANDLERS_MAX];

static void serve(void *opaque)
{
    Ring *ring = opaque;
    const uint64_t available = atomic_load_explicit(&ring->available, memory_order_acquire);

    atomic_store_explicit(&ring->used, available, memory_order_release);
    if (ring->always) {
        atomic_store_explicit(&ring->available, available + 1, memory_order_release);
    }
}

static void read_ring(void *opaque)
{
    Ring *ring = opaque;

    event_notifier_test_and_clear(&ring->notifier);
    serve(ring);
    if (ring->always) {
        event_notifier_set(&ring->notifier); /* should it not be busy-polling yet */
    }
}

static bool poll_ring(void *opaque)
{
    Ring *ring = opaque;

    return atomic_load_explicit(&ring->available, memory_order_acquire) !=
           atomic_load_explicit(&ring->used, memory_order_relaxed);
}

static void iteration(int handlers, double seconds)
{
    static const AioHandlerOps ops = {.read = read_ring, .poll = poll_ring, .poll_ready = serve};
    AioContext *ctx = start_context(poll_params_default(), POLL_WEIGHTED);
    AioHandler *made[HANDLERS_MAX];
    AioStatsSnapshot before, after;

    for (int i = 0; i < handlers; i++) {
        event_notifier_init(&rings[i].notifier);
        made[i] = aio_handler_new(ctx, rings[i].notifier.fd, &ops, &rings[i], NULL);
        event_notifier_set(&rings[i].notifier); /* so that it enters the poll list */
        usleep(1000);
    }
    rings[0].always = true;
    event_notifier_set(&rings[0].notifier);
    usleep(10000);
    aio_context_stats(ctx, &before);
    const int64_t cpu_before = aio_context_cpu_ns(ctx);
    usleep((useconds_t)(seconds * 1e6));
    const int64_t cpu_after = aio_context_cpu_ns(ctx);
    aio_context_stats(ctx, &after);
    const uint64_t iterations = after.counters.iterations - before.counters.iterations;
    printf("{\"cpu_ns\": %.1f, \"polled\": %.4f, \"iterations\": %llu}\n",
           (double)(cpu_after - cpu_before) / (double)iterations,
           (double)(after.counters.polled_events - before.counters.polled_events) /
               (double)iterations,
           (unsigned long long)iterations);
    rings[0].always = false;
    for (int i = 0; i < handlers; i++) {
        aio_handler_free(made[i]);
        event_notifier_cleanup(&rings[i].notifier);
    }
    delete_context(ctx);
}

/* ---- idle ---- */

static long resident_bytes(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (!file || fscanf(file, "%*d %ld", &pages) != 1) {
        exit(1);
    }
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

static long context_switches(int tid)
{
    char path[64], line[128];
    long sum = 0;

    snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file)) {
        const char *colon = strstr(line, "ctxt_switches:");
        sum += colon ? atol(colon + sizeof("ctxt_switches:") - 1) : 0;
    }
    if (file) {
        fclose(file);
    }
    return sum;
}

static long all_switches(AioContext **contexts, int count)
{
    long sum = 0;

    for (int i = 0; i < count; i++) {
        sum += context_switches(aio_context_thread_id(contexts[i]));
    }
    return sum;
}

static int64_t all_cpu_ns(AioContext **contexts, int count)
{
    int64_t sum = 0;

    for (int i = 0; i < count; i++) {
        sum += aio_context_cpu_ns(contexts[i]);
    }
    return sum;
}

static void idle(int count, double seconds)
{
    AioContext **contexts = calloc((size_t)count, sizeof(*contexts));

    resident_bytes(); /* what it takes itself does not count */
    delete_context(start_context(poll_params_default(), POLL_WEIGHTED));
    const long before = resident_bytes();
    for (int i = 0; i < count; i++) {
        contexts[i] = start_context(poll_params_default(), POLL_WEIGHTED);
    }
    usleep(100000);
    const long after = resident_bytes();
    const long switches = all_switches(contexts, count);
    const int64_t cpu_ns = all_cpu_ns(contexts, count);
    usleep((useconds_t)(seconds * 1e6));
    printf("{\"resident_bytes\": %ld, \"switches\": %ld, \"cpu_percent\": %.4f}\n",
           (after - before) / count, all_switches(contexts, count) - switches,
           (double)(all_cpu_ns(contexts, count) - cpu_ns) / seconds / 1e7);
    for (int i = 0; i < count; i++) {
        delete_context(contexts[i]);
    }
    free(contexts);
}

static void threads(int count)
{
    AioContext **contexts = calloc((size_t)count, sizeof(*contexts));

    const int64_t start_ns = bench_clock_ns();
    for (int i = 0; i < count; i++) {
        contexts[i] = start_context(poll_params_default(), POLL_WEIGHTED);
    }
    const int64_t created_ns = bench_clock_ns();
    for (int i = 0; i < count; i++) {
        delete_context(contexts[i]);
    }
    printf("{\"create_ns\": %lld, \"delete_ns\": %lld}\n",
           (long long)(created_ns - start_ns) / count,
           (long long)(bench_clock_ns() - created_ns) / count);
    free(contexts);
}

/* ---- policies under load ---- */

enum { LOADED = 2 };

static void report_load(AioContext **contexts, const int64_t *cpu_before)
{
    double poll_ns = 0, resets = 0, adjustments = 0, near = 0, polled = 0, events = 0, cpu = 0;
    double p50 = 0, p99 = 0, requests = 0;

    for (int i = 0; i < LOADED; i++) {
        AioStatsSnapshot s;
        aio_context_stats(contexts[i], &s);
        poll_ns += s.poll_ns_mean / LOADED;
        resets += (double)s.counters.resets;
        adjustments += (double)s.counters.adjustments;
        near += (double)s.counters.near_max_ns / (double)s.observed_ns / LOADED;
        polled += (double)s.counters.polled_events;
        events += (double)s.counters.events;
        requests += (double)s.latency.count;
        cpu += (double)(aio_context_cpu_ns(contexts[i]) - cpu_before[i]);
        p50 += (double)s.latency.quantile_ns[0] / LOADED;
        p99 += (double)s.latency.quantile_ns[2] / LOADED;
    }
    printf("{\"poll_ns\": %.0f, \"resets\": %.4f, \"near_max\": %.4f, \"polled\": %.4f, "
           "\"cpu_ns\": %.0f, \"p50\": %.0f, \"p99\": %.0f, \"requests\": %.0f}\n",
           poll_ns, resets / adjustments, near, polled / events, cpu / events, p50, p99, requests);
}

static void load(const char *policy, int64_t weight, int64_t median_ns, double sigma,
                 double seconds)
{
    PollParams params = poll_params_default();
    AioContext *contexts[LOADED];
    Workload *workloads[LOADED];
    int64_t cpu_before[LOADED];

    params.weight = weight;
    if (!strcmp(policy, "legacy")) {
        params.grow = params.shrink = 0; /* the defaults before QEMU 11.1 */
    }
    for (unsigned i = 0; i < LOADED; i++) {
        const WorkloadParams load = {
            .arrival = {arrival_process_named("lognormal"), .interval_ns = median_ns, .sigma = sigma, .shape = 1, .seed = i},
            .depth = 8,
        };
        contexts[i] =
            start_context(params, strcmp(policy, "legacy") ? POLL_WEIGHTED : POLL_LEGACY);
        workloads[i] = workload_new(contexts[i], &load);
    }
    usleep(100000);
    for (int i = 0; i < LOADED; i++) {
        aio_context_reset_stats(contexts[i]);
        cpu_before[i] = aio_context_cpu_ns(contexts[i]);
    }
    usleep((useconds_t)(seconds * 1e6));
    report_load(contexts, cpu_before);
    for (int i = 0; i < LOADED; i++) {
        workload_free(workloads[i]);
        delete_context(contexts[i]);
    }
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";

    if (argc == 4 && !strcmp(mode, "polled")) {
        count_polled = true;
        latency((PollParams){.max_ns = 1000000}, atoi(argv[2]), atoll(argv[3]));
    } else if (argc == 4 && !strcmp(mode, "waited")) {
        count_waited = true;
        latency(poll_params_default(), atoi(argv[2]), atoll(argv[3]));
    } else if (argc == 4 && !strcmp(mode, "iteration")) {
        iteration(atoi(argv[2]), atof(argv[3]));
    } else if (argc == 4 && !strcmp(mode, "idle")) {
        idle(atoi(argv[2]), atof(argv[3]));
    } else if (argc == 3 && !strcmp(mode, "threads")) {
        threads(atoi(argv[2]));
    } else if (argc == 7 && !strcmp(mode, "load")) {
        load(argv[2], atoll(argv[3]), atoll(argv[4]), atof(argv[5]), atof(argv[6]));
    } else {
        return 2;
    }
    return 0;
}
