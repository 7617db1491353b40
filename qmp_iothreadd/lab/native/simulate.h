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
#include <string.h>

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

/* By their logarithm: each octave of ns in so many parts. The first has 0 and 1; any int64_t has one. */
enum { LATENCY_PARTS_LOG2 = 5, LATENCY_BUCKETS = 64 << LATENCY_PARTS_LOG2 };
enum { LATENCY_SHIFT = 52 - LATENCY_PARTS_LOG2 };
static const int64_t LATENCY_FIRST = (int64_t)1023 << LATENCY_PARTS_LOG2;

static inline size_t latency_bucket(int64_t ns)
{
    const double value = (double)(ns > 1 ? ns : 1);
    int64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return (size_t)((bits >> LATENCY_SHIFT) - LATENCY_FIRST);
}

/* Of who knows in how long a request is due; with one there already the shortest window finds it. */
static inline int64_t clairvoyant_ns(int64_t max_ns, int64_t gap_ns)
{
    return gap_ns <= 0 ? max_ns > 0 : gap_ns <= max_ns ? gap_ns : 0;
}

/*
 * A set of parameters, and how far its iothread is: the only lists of it. A loop has all of them in
 * registers, and adds up what it counted.
 */
#define SIMULATED_FIXED(X) X(max_ns) X(limit_ns) X(grow) X(weight) X(shrink) X(near_ns)
#define SIMULATED_STATE(X)                                                                     \
    X(poll_ns)                                                                                 \
    X(ns)                                                                                      \
    X(taken_at) /* when the handler last looked at its queue */                                \
    X(done_at)  /* when it had done what it found there */
#define SIMULATED_COUNTS(X)                                                                    \
    X(iterations) X(polled) X(slept) X(in_vain) X(grown) X(shrunk) X(resets)
#define SIMULATED_SUMS(X) X(polling_ns) X(window_sum) X(latency_sum)
#define SIMULATED_WEIGHTED_SUMS(X)                                                             \
    X(weighted_sum) /* of the window, by how long it was in force */                           \
    X(near_max_ns)  /* how long it was near max_ns */

typedef struct Simulated {
    PollParams params;
    LabPolicy policy;
#define X(name) int64_t name;
    SIMULATED_STATE(X)
    SIMULATED_COUNTS(X)
    int64_t dispatches, services; /* handlers that ran, and requests that each of them served */
#undef X
#define X(name) double name;
    SIMULATED_SUMS(X)
    SIMULATED_WEIGHTED_SUMS(X)
#undef X
    uint64_t latencies[LATENCY_BUCKETS];
} Simulated;

void simulated_init(Simulated *simulated, PollParams params, LabPolicy policy);

enum { SIMULATE_REQUESTS_MAX = 1 << 16 }; /* in one call, so that sums fit */

/* All `sets` go on with the same requests: when each is due, and how long a wake-up takes then. */
void simulate_run(Simulated *simulated, size_t sets, const int64_t *due_ns, const int64_t *wake_ns,
                  size_t count, const SimulatedCosts *costs);

#endif
