#include "stats.h"

#include <string.h>

#include "clock.h"

const char *const aio_counter_names[AIO_COUNTER_COUNT] = {
#define X(name) #name,
    AIO_STATS_COUNTERS(X)
#undef X
};

uint64_t stats_counter(const AioStatsSnapshot *snapshot, int index)
{
    return ((const uint64_t *)&snapshot->counters)[index];
}

/* ---- home ---- */

static void publish(AioStats *stats)
{
    sample_publish(&stats->sequence, stats->published[0], &stats->current, AIO_SAMPLE_WORDS);
}

static void count_poll_ns(AioStats *stats, int64_t poll_ns)
{
    stats->current.poll_ns_sum += (double)poll_ns;

    AioHistograms *h = atomic_load_explicit(&stats->histograms, memory_order_acquire);
    if (h) {
        const unsigned bits = poll_ns > 0 ? 64 - (unsigned)__builtin_clzll((uint64_t)poll_ns) : 0;
        stats_add(&h->poll_ns[bits], 1);
    }
}

void stats_init(AioStats *stats, int64_t now_ns)
{
    stats->current.reset_at = now_ns;
    publish(stats);
}

void stats_publish(AioStats *stats, const AioCounters *delta, int64_t poll_ns)
{
#define X(name) stats->current.counters.name += delta->name;
    AIO_STATS_COUNTERS(X)
#undef X
    atomic_store_explicit(&stats->poll_ns, poll_ns, memory_order_release);
    if (delta->adjustments) {
        count_poll_ns(stats, poll_ns);
    }
    publish(stats);
}

void stats_begin_wait(AioStats *stats, int64_t since_ns)
{
    stats->current.blocked_since = since_ns;
    publish(stats);
}

void stats_begin_window(AioStats *stats, int64_t poll_ns, bool near_max, int64_t now_ns)
{
    AioSample *sample = &stats->current;

    if (sample->window_since) {
        const int64_t lasted_ns = now_ns - sample->window_since;
        sample->windows_ns += lasted_ns;
        sample->poll_ns_time += (double)sample->window_ns * (double)lasted_ns;
        sample->counters.near_max_ns += stats->window_near_max ? (uint64_t)lasted_ns : 0;
    }
    sample->window_ns = poll_ns;
    sample->window_since = now_ns;
    stats->window_near_max = near_max;
}

void stats_end_window(AioStats *stats)
{
    stats->current.window_since = 0;
    publish(stats);
}

int64_t stats_end_wait(AioStats *stats, int64_t since_ns)
{
    const int64_t now_ns = aio_clock_ns();

    stats->current.counters.blocked_ns += (uint64_t)(now_ns - since_ns);
    stats->current.blocked_since = 0;
    publish(stats);
    return now_ns;
}

void latency_reset(LatencyHistogram *h)
{
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        atomic_store_explicit(&h->buckets[i], 0, memory_order_relaxed);
    }
    atomic_store_explicit(&h->max_ns, 0, memory_order_relaxed);
    atomic_store_explicit(&h->sum_ns, 0, memory_order_relaxed);
}

static void reset_histograms(AioHistograms *h)
{
    latency_reset(&h->latency);
    for (unsigned i = 0; i < POLL_HISTOGRAM_BUCKETS; i++) {
        atomic_store_explicit(&h->poll_ns[i], 0, memory_order_relaxed);
    }
}

void stats_reset(AioStats *stats, int64_t now_ns)
{
    AioHistograms *h = atomic_load_explicit(&stats->histograms, memory_order_acquire);
    const uint64_t blocked_ns = stats->current.counters.blocked_ns;

    stats->current = (AioSample){
        .counters.blocked_ns = blocked_ns,
        .blocked_base = blocked_ns,
        .reset_at = now_ns,
        .window_ns = stats->current.window_ns,
        .window_since = stats->current.window_since ? now_ns : 0,
    };
    if (h) {
        reset_histograms(h);
    }
    publish(stats);
}

/* ---- any thread ---- */

/*
 * Since the context was made. A wait under way is shown as it is now. It may have ended a moment
 * before the clock was read here, so that it turns out a little shorter later: the longest that
 * was ever told stands.
 */
static uint64_t total_blocked_ns(AioStats *stats, const AioSample *sample, int64_t now_ns)
{
    uint64_t blocked = sample->counters.blocked_ns;
    uint64_t reported = atomic_load_explicit(&stats->blocked_reported, memory_order_acquire);

    if (sample->blocked_since && now_ns > sample->blocked_since) {
        blocked += (uint64_t)(now_ns - sample->blocked_since);
    }
    while (reported < blocked &&
           !atomic_compare_exchange_weak_explicit(&stats->blocked_reported, &reported, blocked,
                                                  memory_order_acq_rel, memory_order_acquire)) {
    }
    return reported > blocked ? reported : blocked;
}

static void find_quantiles(LatencySnapshot *snapshot)
{
    static const double quantiles[] = {0.5, 0.9, 0.99, 0.999};
    const uint64_t max = snapshot->quantile_ns[4];
    uint64_t seen = 0;
    unsigned bucket = 0;

    for (unsigned q = 0; q < 4; q++) {
        const double wanted = quantiles[q] * (double)snapshot->count;
        while (bucket < HISTOGRAM_BUCKETS - 1 &&
               (double)(seen + snapshot->buckets[bucket]) < wanted) {
            seen += snapshot->buckets[bucket++];
        }
        const uint64_t value = snapshot->count ? histogram_value(bucket) : 0;
        snapshot->quantile_ns[q] = value < max ? value : max;
    }
}

void latency_read(const LatencyHistogram *h, LatencySnapshot *out)
{
    out->count = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        out->buckets[i] = atomic_load_explicit(&h->buckets[i], memory_order_relaxed);
        out->count += out->buckets[i];
    }
    out->sum_ns = atomic_load_explicit(&h->sum_ns, memory_order_relaxed);
    out->quantile_ns[4] = atomic_load_explicit(&h->max_ns, memory_order_relaxed);
    find_quantiles(out);
}

/* The one in force counts until now. */
static double poll_ns_by_time(const AioSample *sample, int64_t now_ns)
{
    const double lasted_ns = sample->window_since ? (double)(now_ns - sample->window_since) : 0;
    const double all_ns = (double)sample->windows_ns + lasted_ns;

    return all_ns ? (sample->poll_ns_time + lasted_ns * (double)sample->window_ns) / all_ns : 0;
}

void stats_snapshot(AioStats *stats, AioStatsSnapshot *out)
{
    AioSample sample;

    memset(out, 0, sizeof(*out));
    sample_read(&stats->sequence, stats->published[0], &sample, AIO_SAMPLE_WORDS);
    const int64_t now_ns = aio_clock_ns();
    out->counters = sample.counters;
    out->counters.blocked_ns = total_blocked_ns(stats, &sample, now_ns) - sample.blocked_base;
    out->poll_ns = atomic_load_explicit(&stats->poll_ns, memory_order_acquire);
    out->observed_ns = now_ns - sample.reset_at;
    out->poll_ns_by_time = poll_ns_by_time(&sample, now_ns);
    if (sample.counters.adjustments) {
        out->poll_ns_mean = sample.poll_ns_sum / (double)sample.counters.adjustments;
    }

    AioHistograms *h = atomic_load_explicit(&stats->histograms, memory_order_acquire);
    if (h) {
        latency_read(&h->latency, &out->latency);
        for (unsigned i = 0; i < POLL_HISTOGRAM_BUCKETS; i++) {
            out->poll_histogram[i] = atomic_load_explicit(&h->poll_ns[i], memory_order_relaxed);
        }
    }
}
