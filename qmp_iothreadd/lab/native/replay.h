/* Decisions of adaptive polling on recorded times, under any parameters. */
#ifndef IOTHREADD_LAB_REPLAY_H
#define IOTHREADD_LAB_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"
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
typedef enum LabPolicy {
    LAB_POLICIES(X) LAB_POLICY_COUNT,
    LAB_user = LAB_POLICY_COUNT, /* one of the user's own */
} LabPolicy;
#undef X

/* What the user's own policy is asked through. False: it failed, and its owner knows how. */
typedef struct UserPolicy {
    bool (*ask)(void *owner, const PolicyStep *step, int64_t *ns, int64_t *poll_ns);
    void *owner;
} UserPolicy;

/* Why a policy of the user's own was given up. */
typedef enum UserError {
    USER_FINE,
    USER_FAILED,       /* it said so */
    USER_OUT_OF_RANGE, /* a window below 0, or above max_ns */
    USER_OVERRAN,      /* it wrote past the handlers' ns */
} UserError;

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
    UserPolicy user; /* of LAB_user */
    UserError error; /* of it; nothing is decided from then on */
    int64_t asked_ns; /* the last window that it asked for */
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

/* One step. */
typedef struct LabStep {
    int64_t block_ns;
    uint64_t events;
    int64_t next_ns; /* as in ReplaySteps */
    unsigned handlers;
} LabStep;

/* Decides on one step: what replay_run does for each, where it has no quicker way. */
void replay_decide(Replay *replay, const LabStep *step);

enum { REPLAY_STEPS_MAX = 1 << 20 }; /* in one call, so that sums fit */

/* All of `count` replays decide on the same steps. Once more for the steps that follow. */
void replay_run(Replay *replays, size_t count, const ReplaySteps *steps);

#endif
