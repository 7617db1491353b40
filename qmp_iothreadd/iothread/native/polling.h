/*
 * Adaptive polling: the arithmetic, free of clocks, lists and threads.
 *
 * This is its only source. The engine thread runs it over its list of polled handlers, the
 * Python class AdaptivePolling over an array, so that a replay decides as the thread did.
 *
 * The rule is that of QEMU 11.1's util/aio-posix.c.
 *
 * All quantities are int64 and wrap. Operations that C leaves undefined are given a value
 * here: shifts use the low six bits of the count (as the machine does), a division by zero
 * yields 0 and a division by -1 negates, wrapping.
 */
#ifndef IOTHREADD_POLLING_H
#define IOTHREADD_POLLING_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The parameters, in the order of traces: the only list of them. The structure below follows from
 * it, the class PollParams of the binding, the words and the text of the event x_aio_adjust,
 * the defaults and ranges of an iothread's properties, and metrics. Defaults and ranges are those
 * of QEMU's type iothread; a property that QEMU does not have begins with x-.
 */
#define POLL_PARAMS(X)                                                                         \
    /* name, property, default, least, most, whether 0 stands for the default, what it is */   \
    X(max_ns, "poll-max-ns", 32768, 0, INT64_MAX, false, "The longest time to poll.")          \
    X(grow, "poll-grow", 2, 0, INT64_MAX, true, "The factor by which the window grows.")       \
    X(shrink, "poll-shrink", 2, 0, INT64_MAX, true, "The divisor by which it shrinks.")        \
    X(weight, "poll-weight", 3, 0, 63, true, "How much a measurement counts.")

/* Nothing but int64_t, so that it can be walked (poll_param). */
typedef struct PollParams {
#define X(name, ...) int64_t name;
    POLL_PARAMS(X)
#undef X
} PollParams;

enum { POLL_PARAM_COUNT = sizeof(PollParams) / sizeof(int64_t) };

typedef struct PollParamInfo {
    const char *name;
    const char *property; /* of the type iothread */
    int64_t initial;
    int64_t least;
    int64_t most;
    bool zero_is_default;
    const char *description;
} PollParamInfo;

extern const PollParamInfo poll_param_info[POLL_PARAM_COUNT];

/* The index-th parameter, in the order of poll_param_info. */
static inline int64_t *poll_param(PollParams *p, unsigned index)
{
    return (int64_t *)p + index;
}

PollParams poll_params_default(void);

/* What a decision did with the window, and what it is called. */
#define POLL_ACTIONS(X)                                                                        \
    X(POLL_KEEP, "none")                                                                       \
    X(POLL_GROW, "grow")                                                                       \
    X(POLL_SHRINK, "shrink")

/* How the window is found: as QEMU does since 11.1 (the default), and as it did before. */
#define POLL_POLICIES(X)                                                                       \
    X(POLL_WEIGHTED, "weighted")                                                               \
    X(POLL_LEGACY, "legacy")

#define X(constant, name) constant,
typedef enum PollAction { POLL_ACTIONS(X) POLL_ACTION_COUNT } PollAction;
typedef enum PollPolicy { POLL_POLICIES(X) POLL_POLICY_COUNT } PollPolicy;
#undef X

extern const char *const poll_action_names[POLL_ACTION_COUNT];
extern const char *const poll_policy_names[POLL_POLICY_COUNT];

/* With the default in place of each 0 that stands for it. Before QEMU 11.1 none did. */
PollParams poll_params_effective(PollParams params, PollPolicy policy);

enum { POLL_LEGACY_START_NS = 4000 };

static inline int64_t poll_sub_wrap(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static inline int64_t poll_mul_wrap(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

static inline int64_t poll_div_wrap(int64_t a, int64_t b)
{
    if (b == 0) {
        return 0;
    }
    return b == -1 ? poll_sub_wrap(0, a) : a / b;
}

#define POLL_INT int64_t
#define POLL_UINT uint64_t
#define POLL_TRUTH bool
#define POLL_IF(t, a, b) ((t) ? (a) : (b))
#define POLL_NOT(t) (!(t))
#define POLL_RULE(name) poll_one_##name
#define POLL_FUNCTION static inline
#include "poll_rules.h"

/* One handler of the poll list: see poll_rules.h. */
static inline bool poll_adjust_handler(const PollParams *p, int64_t block_ns, bool event,
                                       int64_t *ns, int64_t *adj)
{
    return poll_one_handler(p->max_ns, p->weight, block_ns, event, ns, adj);
}

/* The context's window, once every handler was visited; adj is -1 when none had an event. */
static inline PollAction poll_adjust_window(const PollParams *p, int64_t adj, int64_t *poll_ns)
{
    /* A division is slow: only where it may be needed. */
    const int64_t shrunk = adj < *poll_ns ? poll_div_wrap(*poll_ns, p->shrink) : adj;
    bool grows, shrinks;

    poll_one_window(p->max_ns, p->grow, shrunk, adj, poll_ns, &grows, &shrinks);
    return grows ? POLL_GROW : shrinks ? POLL_SHRINK : POLL_KEEP;
}

/* 0 was kept as such then. */
static inline int64_t poll_legacy_grow(const PollParams *p)
{
    return p->grow ? p->grow : 2;
}

/*
 * The rule before QEMU 11.1: each handler that had an event has a window of its own. The
 * context polls for the largest of them. *passed_max says that block_ns was past max_ns and
 * left the handler with 0.
 */
static inline PollAction poll_adjust_legacy(const PollParams *p, int64_t block_ns, int64_t *ns,
                                            bool *passed_max)
{
    /* A division is slow: only where it may be needed. */
    const int64_t shrunk = block_ns > p->max_ns ? poll_div_wrap(*ns, p->shrink) : 0;
    bool grows, shrinks;

    *passed_max = poll_one_legacy(p->max_ns, poll_legacy_grow(p), POLL_LEGACY_START_NS, shrunk,
                                  block_ns, true, ns, &grows, &shrinks);
    return grows ? POLL_GROW : shrinks ? POLL_SHRINK : POLL_KEEP;
}

#endif
