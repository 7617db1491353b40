/*
 * Simulated iothreads, in virtual time: one handler, whose requests come at given times, under any
 * number of parameter sets at once.
 *
 * An iteration busy-polls for its window, sleeps for the rest, and serves what the handler finds.
 */
#ifndef IOTHREADD_LAB_SIMULATE_H
#define IOTHREADD_LAB_SIMULATE_H

#include <stddef.h>
#include <stdint.h>

#include "polling.h"
#include "replay.h"

/* What things take, in ns; what is not listed takes none. */
#define SIMULATED_COSTS(X)                                                                     \
    X(pass_ns)     /* from an event to the pass of busy-polling that finds it */               \
    X(exit_ns)     /* from the end of busy-polling to sleep */                                 \
    X(ask_ns)      /* to ask the fd monitor for what is there already */                       \
    X(dispatch_ns) /* from events found to the handler */                                      \
    X(request_ns)  /* the handler's, for each request */                                       \
    X(loop_ns)     /* from the last handler to the next iteration's start */

typedef struct SimulatedCosts {
#define X(name) int64_t name;
    SIMULATED_COSTS(X)
#undef X
} SimulatedCosts;

/* Latencies by their logarithm: each octave of ns in so many parts. The first has 0 and 1; any int64_t has one. */
enum { LATENCY_PARTS_LOG2 = 5, LATENCY_BUCKETS = 64 << LATENCY_PARTS_LOG2 };

typedef struct Simulated {
    PollParams params;
    LabPolicy policy;
    int64_t poll_ns, ns, taken_at, done_at;
    int64_t iterations, polled, slept, in_vain, grown, shrunk, resets;
    double polling_ns, window_sum, latency_sum, weighted_sum, near_max_ns;
    uint64_t latencies[LATENCY_BUCKETS];
} Simulated;

void simulated_init(Simulated *simulated, PollParams params, LabPolicy policy);

enum { SIMULATE_REQUESTS_MAX = 1 << 16 }; /* in one call, so that sums fit */

/* All `sets` go on with the same requests: when each is due, and how long a wake-up takes then. */
void simulate_run(Simulated *simulated, size_t sets, const int64_t *due_ns, const int64_t *wake_ns,
                  size_t count, const SimulatedCosts *costs);

#endif
