/*
 * The half of a latency measurement that both programs share: a thread that sends an event now
 * and then, and the sorted times that each took to arrive.
 */
#ifndef BENCH_SENDER_H
#define BENCH_SENDER_H

#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_MAX = 1000000 };

static _Alignas(64) _Atomic int64_t flag; /* when the event was sent; 0 once it was handled */
static _Alignas(64) _Atomic bool notify;  /* the receiver is not looking at the flag */
static int event_fd = -1;                 /* written to when notify is set */
static _Alignas(64) int64_t latencies[EVENTS_MAX];
static size_t latency_count;

static inline int64_t bench_clock_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Sender and receiver get a CPU each, where there are two: then only the path is measured. */
static inline void bench_pin(pid_t tid, int which)
{
    cpu_set_t allowed, one;
    int seen = 0;

    sched_getaffinity(0, sizeof(allowed), &allowed);
    if (CPU_COUNT(&allowed) < 2) {
        return;
    }
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &allowed) && seen++ == which) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            sched_setaffinity(tid, sizeof(one), &one);
            return;
        }
    }
}

static inline void bench_record(int64_t sent_ns, int64_t now_ns)
{
    if (latency_count < EVENTS_MAX) {
        latencies[latency_count++] = now_ns - sent_ns;
    }
}

static inline int bench_compare(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static inline void bench_report(void)
{
    qsort(latencies, latency_count, sizeof(latencies[0]), bench_compare);
    const size_t last = latency_count ? latency_count - 1 : 0;
    printf("{\"events\": %zu, \"p50\": %lld, \"p90\": %lld, \"p99\": %lld}\n", latency_count,
           (long long)latencies[last / 2], (long long)latencies[last * 9 / 10],
           (long long)latencies[last * 99 / 100]);
}

/* One event's time is taken; what announced it is cleared, then the sender may go on. */
static inline void bench_handle(bool counted)
{
    const int64_t now_ns = bench_clock_ns();
    uint64_t count;

    if (counted) {
        bench_record(atomic_load_explicit(&flag, memory_order_acquire), now_ns);
    }
    if (atomic_load_explicit(&notify, memory_order_relaxed) &&
        read(event_fd, &count, sizeof(count)) < 0) {
        /* Nothing to clear: the event was found otherwise. */
    }
    atomic_store_explicit(&flag, 0, memory_order_release);
}

/*
 * Sends `events` events: `interval_ns` (and up to half as much again, so that no rhythm builds
 * up) after the one before was handled.
 */
static inline void bench_send(int events, int64_t interval_ns)
{
    static const uint64_t one = 1;
    uint64_t random = 1;

    for (int i = 0; i < events; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        const int64_t pause_ns = interval_ns + (int64_t)((random >> 33) % (uint64_t)interval_ns) / 2;
        int64_t now_ns = bench_clock_ns();
        const int64_t due_ns = now_ns + pause_ns;
        while ((now_ns = bench_clock_ns()) < due_ns ||
               atomic_load_explicit(&flag, memory_order_relaxed)) {
        }
        atomic_store(&flag, now_ns);
        if (atomic_load(&notify) && write(event_fd, &one, sizeof(one)) < 0) {
            exit(1);
        }
    }
    while (atomic_load_explicit(&flag, memory_order_relaxed)) {
    }
}

#endif
