/* Decisions of adaptive polling on recorded times, under any parameters. */
#ifndef IOTHREADD_LAB_REPLAY_H
#define IOTHREADD_LAB_REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include "polling.h"

enum { REPLAY_HANDLERS_MAX = 64 };

/*
 * The policies of the lab: the engine's; the first form of the patch series, whose handlers reach
 * their limit at max_ns, and not only past it; a window that is always max_ns; and one that knows
 * how long the next iteration will take, so that it polls where that helps and nowhere else.
 */
#define LAB_POLICIES(X)                                                                        \
    X(weighted)                                                                                \
    X(legacy)                                                                                  \
    X(v1)                                                                                      \
    X(fixed)                                                                                   \
    X(clairvoyant)

#define X(name) LAB_##name,
typedef enum LabPolicy { LAB_POLICIES(X) LAB_POLICY_COUNT } LabPolicy;
#undef X

extern const char *const lab_policy_names[LAB_POLICY_COUNT];

/* What a handler's ns must not pass. */
static inline int64_t lab_limit_ns(LabPolicy policy, int64_t max_ns)
{
    return policy == LAB_v1 ? max_ns - 1 : max_ns;
}

/* One set of parameters, and how far its decisions are. */
typedef struct Replay {
    PollParams params;
    LabPolicy policy;
    int64_t poll_ns;
    int64_t ns[REPLAY_HANDLERS_MAX];
    double poll_ns_sum; /* of the window after each decision */
    uint64_t grown, shrunk, resets, decisions;
} Replay;

/* With the state of a context that has just begun. */
void replay_init(Replay *replay, PollParams params, LabPolicy policy);

/* Such steps: how long each iteration took, and which handlers had an event, bit i for the i-th. */
typedef struct ReplaySteps {
    const int64_t *block_ns;
    const uint64_t *events;
    size_t count;
    int64_t next_ns;   /* how long the iteration after these takes, 0 where there is none */
    unsigned handlers; /* at most REPLAY_HANDLERS_MAX */
} ReplaySteps;

enum { REPLAY_STEPS_MAX = 1 << 20 }; /* in one call, so that sums fit */

/* All of `count` replays decide on the same steps. Once more for the steps that follow. */
void replay_run(Replay *replays, size_t count, const ReplaySteps *steps);

#endif
