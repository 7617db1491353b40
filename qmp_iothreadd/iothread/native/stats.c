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

int64_t stats_end_wait(AioStats *stats, int64_t since_ns)
{
    const int64_t now_ns = aio_clock_ns();

    stats->current.counters.blocked_ns += (uint64_t)(now_ns - since_ns);
    stats->current.blocked_since = 0;
    publish(stats);
    return now_ns;
}

static void reset_histograms(AioHistograms *h)
{
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        atomic_store_explicit(&h->latency[i], 0, memory_order_relaxed);
    }
    for (unsigned i = 0; i < POLL_HISTOGRAM_BUCKETS; i++) {
        atomic_store_explicit(&h->poll_ns[i], 0, memory_order_relaxed);
    }
    atomic_store_explicit(&h->latency_max, 0, memory_order_relaxed);
    atomic_store_explicit(&h->latency_sum, 0, memory_order_relaxed);
}

void stats_reset(AioStats *stats, int64_t now_ns)
{
    AioHistograms *h = atomic_load_explicit(&stats->histograms, memory_order_acquire);
    const uint64_t blocked_ns = stats->current.counters.blocked_ns;

    stats->current = (AioSample){
        .counters.blocked_ns = blocked_ns,
        .blocked_base = blocked_ns,
        .reset_at = now_ns,
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

static void summarize_latency(AioHistograms *h, AioStatsSnapshot *out)
{
    static const double quantiles[] = {0.5, 0.9, 0.99, 0.999};
    uint64_t buckets[HISTOGRAM_BUCKETS];

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        buckets[i] = atomic_load_explicit(&h->latency[i], memory_order_relaxed);
        out->latency_count += buckets[i];
    }
    out->latency_sum_ns = atomic_load_explicit(&h->latency_sum, memory_order_relaxed);
    const uint64_t max = atomic_load_explicit(&h->latency_max, memory_order_relaxed);
    out->latency_ns[4] = max;

    uint64_t seen = 0;
    unsigned bucket = 0;
    for (unsigned q = 0; q < 4; q++) {
        const double wanted = quantiles[q] * (double)out->latency_count;
        while (bucket < HISTOGRAM_BUCKETS - 1 && (double)(seen + buckets[bucket]) < wanted) {
            seen += buckets[bucket++];
        }
        const uint64_t value = out->latency_count ? histogram_value(bucket) : 0;
        out->latency_ns[q] = value < max ? value : max;
    }
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
    if (sample.counters.adjustments) {
        out->poll_ns_mean = sample.poll_ns_sum / (double)sample.counters.adjustments;
    }

    AioHistograms *h = atomic_load_explicit(&stats->histograms, memory_order_acquire);
    if (h) {
        summarize_latency(h, out);
        for (unsigned i = 0; i < POLL_HISTOGRAM_BUCKETS; i++) {
            out->poll_histogram[i] = atomic_load_explicit(&h->poll_ns[i], memory_order_relaxed);
        }
    }
}
