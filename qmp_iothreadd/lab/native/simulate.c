#include "simulate.h"

#include <stdlib.h>
#include <string.h>

#include "lanes.h"

void simulated_init(Simulated *s, PollParams params, LabPolicy policy)
{
    *s = (Simulated){.params = params, .policy = policy, .taken_at = -1};
    if (policy == LAB_fixed) {
        s->poll_ns = params.max_ns;
    }
}

/* ---- any policy, one at a time ---- */

struct flat_State;
static int64_t flat_window_of(struct flat_State *s, int64_t gap_ns);
static void flat_decide(struct flat_State *s, int64_t block_ns, int64_t *poll_ns, int64_t *ns,
                        int64_t *reset, int64_t *grows, int64_t *shrinks);

#define SIM_INT int64_t
#define SIM_TRUTH int64_t
#define SIM_COUNT(n, t) ((n) + (t))
#define SIM_IF(t, a, b) (((a) & -(int64_t)(t)) | ((b) & ~-(int64_t)(t)))
#define SIM_NOT(t) ((t) ^ 1)
#define SIM_DOUBLE double
#define SIM_TO_DOUBLE(i) ((double)(i))
#define SIM_RULE(name) flat_##name
#define SIM_FUNCTION FLAT_INLINE
#define SIM_WINDOW(s, gap_ns) flat_window_of(s, gap_ns)
#define SIM_DECIDE flat_decide
#include "simulate_rules.h"

static int64_t flat_window_of(struct flat_State *s, int64_t gap_ns)
{
    if (s->policy == LAB_clairvoyant) {
        s->poll_ns = clairvoyant_ns(s->max_ns, gap_ns);
    }
    return s->poll_ns;
}

static void flat_decide(struct flat_State *s, int64_t block_ns, int64_t *poll_ns, int64_t *ns,
                        int64_t *reset, int64_t *grows, int64_t *shrinks)
{
    const PollParams params = {s->max_ns, s->grow, s->shrink, s->weight};
    PollAction action = POLL_KEEP;
    bool passed_max = false;
    int64_t adj = -1;

    if (s->max_ns == 0) {
        /* a context that does not poll decides nothing */
    } else if (s->policy == LAB_legacy) {
        action = poll_adjust_legacy(&params, block_ns, ns, &passed_max);
        *poll_ns = *ns;
    } else if (s->policy == LAB_weighted || s->policy == LAB_v1) {
        passed_max = poll_one_handler(s->limit_ns, s->weight, block_ns, true, ns, &adj);
        action = poll_adjust_window(&params, adj, poll_ns);
    }
    *reset = passed_max;
    *grows = action == POLL_GROW;
    *shrinks = action == POLL_SHRINK;
}

static void load_state(flat_State *to, const Simulated *s)
{
    const int64_t max_ns = s->params.max_ns;

    *to = (flat_State){
        .max_ns = max_ns,
        .limit_ns = lab_limit_ns(s->policy, max_ns),
        .grow = s->params.grow,
        .weight = s->params.weight,
        .shrink = s->params.shrink,
        .near_ns = max_ns ? max_ns - max_ns / 10 : INT64_MAX, /* as in the engine's statistics */
        .policy = s->policy,
#define X(name) .name = s->name,
        SIMULATED_STATE(X)
#undef X
    };
}

static void store_state(Simulated *s, const flat_State *from, size_t requests)
{
#define X(name) s->name = from->name;
    SIMULATED_STATE(X)
#undef X
#define X(name) s->name += from->name;
    SIMULATED_COUNTS(X)
    SIMULATED_WEIGHTED_SUMS(X)
#undef X
#define X(name) s->name += (double)from->name;
    SIMULATED_SUMS(X)
#undef X
    s->dispatches += from->iterations;
    s->services += (int64_t)requests;
}

static void simulate_one(Simulated *s, const int64_t *due_ns, const int64_t *wake_ns, size_t count,
                         const SimulatedCosts *costs)
{
    flat_State state;

    load_state(&state, s);
    for (size_t i = 0; i < count; i++) {
        s->latencies[latency_bucket(flat_request(&state, due_ns[i], wake_ns[i], costs))]++;
    }
    store_state(s, &state, count);
}

/* ---- a lane for each set ---- */

#ifdef LANES_TARGET

struct lanes_State;
LANES_INLINE void lanes_decide(struct lanes_State *s, Lanes block_ns, Lanes *poll_ns, Lanes *ns,
                               Lanes *reset, Lanes *grows, Lanes *shrinks);

#define SIM_INT Lanes
#define SIM_TRUTH Lanes
#define SIM_COUNT(n, t) ((n) - (t))
#define SIM_IF(t, a, b) LANES_IF(t, a, b)
#define SIM_NOT(t) (~(t))
#define SIM_DOUBLE DLanes
#define SIM_TO_DOUBLE(i) __builtin_convertvector(i, DLanes)
#define SIM_RULE(name) lanes_##name
#define SIM_FUNCTION LANES_INLINE
#define SIM_WINDOW(s, gap_ns) ((s)->poll_ns)
#define SIM_DECIDE lanes_decide
#include "simulate_rules.h"

LANES_INLINE void lanes_decide(struct lanes_State *s, Lanes block_ns, Lanes *poll_ns, Lanes *ns,
                               Lanes *reset, Lanes *grows, Lanes *shrinks)
{
    const DLanes shrink = __builtin_convertvector(s->shrink, DLanes);
    const DLanes window = __builtin_convertvector(*poll_ns, DLanes);
    const Lanes event = (Lanes){0} - 1;
    Lanes adj = lanes_minus_one();

    *reset = lanes_handler(s->limit_ns, s->weight, block_ns, event, ns, &adj);
    lanes_window(s->max_ns, s->grow, __builtin_convertvector(window / shrink, Lanes), adj, poll_ns,
                 grows, shrinks);
}

/* Every field of a state is a number per lane: the i-th lane of all of them. */
#define EACH_FIELD(X)                                                                          \
    SIMULATED_FIXED(X) SIMULATED_STATE(X) SIMULATED_COUNTS(X) SIMULATED_SUMS(X)                    \
    SIMULATED_WEIGHTED_SUMS(X)

static void set_lane(lanes_State *lanes, unsigned lane, const flat_State *one)
{
#define X(field) lanes->field[lane] = one->field;
    EACH_FIELD(X)
#undef X
}

static void get_lane(const lanes_State *lanes, unsigned lane, flat_State *one)
{
#define X(field) one->field = lanes->field[lane];
    EACH_FIELD(X)
#undef X
}

LANES_INLINE void count_latencies(Simulated *sets, Lanes latency)
{
    const Lanes none = {0}, at_least_1 = LANES_IF(latency > 1, latency, none + 1);
    const Lanes bits = (Lanes)__builtin_convertvector(at_least_1, DLanes);
    const Lanes bucket = (bits >> LATENCY_SHIFT) - LATENCY_FIRST;

    for (unsigned k = 0; k < LANES; k++) {
        sets[k].latencies[bucket[k]]++;
    }
}

/* Two groups in turn: while one waits for its own results, the processor goes on with the other. */
enum { GROUPS = 2 };

LANES_INLINE void simulate_groups(Simulated *sets, unsigned groups, const int64_t *due_ns,
                                  const int64_t *wake_ns, size_t count,
                                  const SimulatedCosts *costs)
{
    const SimulatedCosts taken = *costs;
    const Lanes none = {0};
    lanes_State states[GROUPS];
    flat_State one;

    for (unsigned k = 0; k < groups * LANES; k++) {
        load_state(&one, &sets[k]);
        set_lane(&states[k / LANES], k % LANES, &one);
    }
    for (size_t i = 0; i < count; i++) {
        for (unsigned g = 0; g < groups; g++) {
            const Lanes latency =
                lanes_request(&states[g], none + due_ns[i], none + wake_ns[i], &taken);
            count_latencies(sets + LANES * g, latency);
        }
    }
    for (unsigned k = 0; k < groups * LANES; k++) {
        get_lane(&states[k / LANES], k % LANES, &one);
        store_state(&sets[k], &one, count);
    }
}

LANES_TARGET static void simulate_group(Simulated *sets, unsigned groups, const int64_t *due_ns,
                                        const int64_t *wake_ns, size_t count,
                                        const SimulatedCosts *costs)
{
    if (groups == GROUPS) {
        simulate_groups(sets, GROUPS, due_ns, wake_ns, count, costs);
    } else {
        simulate_groups(sets, 1, due_ns, wake_ns, count, costs);
    }
}

#endif

/* ---- which way ---- */

#ifdef LANES_TARGET

/* By the engine's rules, with quotients that are exact in lanes. */
static bool fits_lane(const Simulated *s)
{
    return (s->policy == LAB_weighted || s->policy == LAB_v1) && s->params.shrink > 0 &&
           s->params.shrink < LANES_EXACT_MAX && s->params.max_ns > 0 &&
           s->params.max_ns < LANES_EXACT_MAX;
}

/* How many of the first sets go together: whole groups, or less than one. */
static size_t together(const Simulated *sets, size_t count)
{
    size_t fit = 0;

    while (lanes_are_here() && fit < count && fit < GROUPS * LANES && fits_lane(&sets[fit])) {
        fit++;
    }
    return fit < LANES ? fit : fit / LANES * LANES;
}

/* Fewer sets than lanes: copies of the last fill the rest. False without the memory for it. */
static bool simulate_few(Simulated *sets, size_t few, const int64_t *due_ns,
                         const int64_t *wake_ns, size_t count, const SimulatedCosts *costs)
{
    Simulated *group = malloc(LANES * sizeof(*group));

    if (!group) {
        return false;
    }
    for (size_t i = 0; i < LANES; i++) {
        group[i] = sets[i < few ? i : few - 1];
    }
    simulate_group(group, 1, due_ns, wake_ns, count, costs);
    memcpy(sets, group, few * sizeof(*group));
    free(group);
    return true;
}

#endif

/* How many of the first sets went on; 0 where they have to, one by one. */
static size_t simulate_together(Simulated *sets, size_t count, const int64_t *due_ns,
                                const int64_t *wake_ns, size_t requests,
                                const SimulatedCosts *costs)
{
#ifdef LANES_TARGET
    const size_t fit = together(sets, count);

    if (fit >= LANES) {
        simulate_group(sets, (unsigned)(fit / LANES), due_ns, wake_ns, requests, costs);
        return fit;
    }
    if (fit > 1 && simulate_few(sets, fit, due_ns, wake_ns, requests, costs)) {
        return fit;
    }
#endif
    return 0;
}

void simulate_run(Simulated *simulated, size_t sets, const int64_t *due_ns, const int64_t *wake_ns,
                  size_t count, const SimulatedCosts *costs)
{
    while (sets) {
        size_t done = simulate_together(simulated, sets, due_ns, wake_ns, count, costs);
        if (!done) {
            simulate_one(simulated, due_ns, wake_ns, count, costs);
            done = 1;
        }
        simulated += done;
        sets -= done;
    }
}
