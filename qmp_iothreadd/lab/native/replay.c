#include "replay.h"

#include <string.h>

#include "lanes.h"

#define X(name) [LAB_##name] = #name,
const char *const lab_policy_names[LAB_POLICY_COUNT] = {LAB_POLICIES(X)};
#undef X

void replay_init(Replay *replay, PollParams params, LabPolicy policy)
{
    *replay = (Replay){.params = params, .policy = policy};
}

/* ---- any parameters, one at a time ---- */

static void replay_any(Replay *r, const ReplaySteps *steps)
{
    for (size_t i = 0; i < steps->count; i++) {
        const LabStep step = {
            .block_ns = steps->block_ns[i],
            .events = steps->events[i],
            .next_ns = i + 1 < steps->count ? steps->block_ns[i + 1] : steps->next_ns,
            .handlers = steps->handlers,
        };
        replay_decide(r, &step);
        r->poll_ns_sum += (double)r->poll_ns;
    }
}

/* ---- one handler ---- */

/* What the sum of a call is held in has room for all windows of this size. */
static const int64_t FAST_MAX_NS = (int64_t)1 << 42;

static bool is_fast(const Replay *r)
{
    return (r->policy == LAB_weighted || r->policy == LAB_v1) && r->params.max_ns < FAST_MAX_NS &&
           r->params.shrink > 0 && r->params.shrink < LANES_EXACT_MAX && r->poll_ns >= 0;
}

/* Once for divisors that are powers of two, which a shift (of bits) divides by, once for others. */
FLAT_INLINE void replay_one_by(Replay *r, const ReplaySteps *steps, bool shifts, int shift)
{
    const PollParams params = r->params;
    const int64_t limit_ns = lab_limit_ns(r->policy, params.max_ns);
    const double shrink = (double)params.shrink;
    int64_t poll_ns = r->poll_ns, ns = r->ns[0], sum = 0, resets = 0, grown = 0, shrunk = 0;

    for (size_t i = 0; i < steps->count; i++) {
        const int64_t divided =
            shifts ? poll_ns >> shift : (int64_t)((double)poll_ns / shrink);
        int64_t adj = -1, grows, shrinks;
        resets += flat_handler(limit_ns, params.weight, steps->block_ns[i],
                               (int64_t)(steps->events[i] & 1), &ns, &adj);
        flat_window(params.max_ns, params.grow, divided, adj, &poll_ns, &grows, &shrinks);
        grown += grows;
        shrunk += shrinks;
        sum += poll_ns;
    }
    r->poll_ns = poll_ns;
    r->ns[0] = ns;
    r->poll_ns_sum += (double)sum;
    r->resets += (uint64_t)resets;
    r->grown += (uint64_t)grown;
    r->shrunk += (uint64_t)shrunk;
}

static void replay_one_handler(Replay *r, const ReplaySteps *steps)
{
    const int64_t shrink = r->params.shrink;

    if ((shrink & (shrink - 1)) == 0) {
        replay_one_by(r, steps, true, __builtin_ctzll((uint64_t)shrink));
    } else {
        replay_one_by(r, steps, false, 0);
    }
}

#ifdef LANES_TARGET

/* ---- a lane for each handler ---- */

LANES_INLINE Lanes larger(Lanes a, Lanes b)
{
    return LANES_IF(a > b, a, b);
}

LANES_INLINE int64_t largest(Lanes a)
{
    a = larger(a, __builtin_shuffle(a, (Lanes){4, 5, 6, 7, 0, 1, 2, 3}));
    a = larger(a, __builtin_shuffle(a, (Lanes){2, 3, 0, 1, 6, 7, 4, 5}));
    a = larger(a, __builtin_shuffle(a, (Lanes){1, 0, 3, 2, 5, 4, 7, 6}));
    return a[0];
}

/* `words` vectors of handlers. Once for each number of them, which are then in registers. */
LANES_INLINE void replay_handlers(Replay *r, const ReplaySteps *steps, unsigned words)
{
    const Lanes none = {0}, bits = {1, 2, 4, 8, 16, 32, 64, 128};
    const PollParams params = r->params;
    const Lanes limit_ns = none + lab_limit_ns(r->policy, params.max_ns);
    const Lanes weight = none + params.weight;
    const double shrink = (double)params.shrink;
    int64_t poll_ns = r->poll_ns, sum = 0, grown = 0, shrunk = 0;
    Lanes ns[REPLAY_HANDLERS_MAX / LANES], resets = none;

    memcpy(ns, r->ns, sizeof(ns));
    for (size_t i = 0; i < steps->count; i++) {
        const int64_t divided = (int64_t)((double)poll_ns / shrink);
        Lanes adj = lanes_minus_one();
        int64_t grows, shrinks;
        for (unsigned k = 0; k < words; k++) {
            const Lanes event = (bits & (int64_t)(steps->events[i] >> (LANES * k))) != 0;
            resets -= lanes_handler(limit_ns, weight, none + steps->block_ns[i], event, &ns[k],
                                    &adj);
        }
        flat_window(params.max_ns, params.grow, divided, largest(adj), &poll_ns, &grows, &shrinks);
        grown += grows;
        shrunk += shrinks;
        sum += poll_ns;
    }
    memcpy(r->ns, ns, sizeof(ns));
    for (unsigned k = 0; k < LANES; k++) {
        r->resets += (uint64_t)resets[k];
    }
    r->poll_ns = poll_ns;
    r->poll_ns_sum += (double)sum;
    r->grown += (uint64_t)grown;
    r->shrunk += (uint64_t)shrunk;
}

/* As replay_handlers; a division by infinity is what legacy's by 0 was. */
LANES_INLINE void replay_legacy(Replay *r, const ReplaySteps *steps, unsigned words)
{
    const Lanes none = {0}, bits = {1, 2, 4, 8, 16, 32, 64, 128};
    const Lanes max_ns = none + r->params.max_ns, grow = none + poll_legacy_grow(&r->params);
    const Lanes begin = none + (int64_t)POLL_LEGACY_START_NS;
    const DLanes shrink =
        (DLanes){0} + (r->params.shrink ? (double)r->params.shrink : __builtin_inf());
    Lanes ns[REPLAY_HANDLERS_MAX / LANES], resets = none, grown = none, shrunk = none;
    int64_t sum = 0;

    memcpy(ns, r->ns, sizeof(ns));
    for (size_t i = 0; i < steps->count; i++) {
        Lanes longest = none;
        for (unsigned k = 0; k < words; k++) {
            const Lanes event = (bits & (int64_t)(steps->events[i] >> (LANES * k))) != 0;
            const DLanes divided = __builtin_convertvector(ns[k], DLanes) / shrink;
            Lanes grows, shrinks;
            resets -= lanes_legacy(max_ns, grow, begin, __builtin_convertvector(divided, Lanes),
                                   none + steps->block_ns[i], event, &ns[k], &grows, &shrinks);
            grown -= grows;
            shrunk -= shrinks;
            longest = larger(longest, ns[k]);
        }
        r->poll_ns = largest(longest);
        sum += r->poll_ns;
    }
    memcpy(r->ns, ns, sizeof(ns));
    for (unsigned k = 0; k < LANES; k++) {
        r->resets += (uint64_t)resets[k];
        r->grown += (uint64_t)grown[k];
        r->shrunk += (uint64_t)shrunk[k];
    }
    r->poll_ns_sum += (double)sum;
}

LANES_INLINE void replay_words(Replay *r, const ReplaySteps *steps, unsigned words)
{
    if (r->policy == LAB_legacy) {
        replay_legacy(r, steps, words);
    } else {
        replay_handlers(r, steps, words);
    }
}

LANES_TARGET static void replay_in_lanes(Replay *r, const ReplaySteps *steps)
{
    const unsigned words = (steps->handlers + LANES - 1) / LANES;

    switch (words) {
    case 1:
        replay_words(r, steps, 1);
        break;
    case 2:
        replay_words(r, steps, 2);
        break;
    default:
        replay_words(r, steps, words);
    }
}

/* Where no product wraps, and quotients are exact. */
static bool fits_legacy(const Replay *r, unsigned handlers)
{
    const PollParams *p = &r->params;

    return r->policy == LAB_legacy && handlers > 2 && p->max_ns < FAST_MAX_NS && p->shrink >= 0 &&
           p->shrink < LANES_EXACT_MAX && p->grow >= 0 && p->grow < 1 << 20;
}

/* ---- a lane for each set of parameters ---- */

typedef struct Sets {
    Lanes max_ns, limit_ns, grow, weight, poll_ns, sum, grown, shrunk, resets;
    DLanes shrink;
    Lanes ns[REPLAY_HANDLERS_MAX];
} Sets;

/* Where there are fewer than LANES sets, the last one fills the rest. */
static void load_sets(Sets *sets, const Replay *replays, size_t count, unsigned handlers)
{
    for (size_t i = 0; i < LANES; i++) {
        const Replay *r = &replays[i < count ? i : count - 1];
        sets->max_ns[i] = r->params.max_ns;
        sets->limit_ns[i] = lab_limit_ns(r->policy, r->params.max_ns);
        sets->grow[i] = r->params.grow;
        sets->weight[i] = r->params.weight;
        sets->shrink[i] = (double)r->params.shrink;
        sets->poll_ns[i] = r->poll_ns;
        sets->sum[i] = sets->grown[i] = sets->shrunk[i] = sets->resets[i] = 0;
        for (unsigned k = 0; k < handlers; k++) {
            sets->ns[k][i] = r->ns[k];
        }
    }
}

static void store_sets(const Sets *sets, Replay *replays, size_t count, unsigned handlers)
{
    for (size_t i = 0; i < count; i++) {
        Replay *r = &replays[i];
        r->poll_ns = sets->poll_ns[i];
        r->poll_ns_sum += (double)sets->sum[i];
        r->grown += (uint64_t)sets->grown[i];
        r->shrunk += (uint64_t)sets->shrunk[i];
        r->resets += (uint64_t)sets->resets[i];
        for (unsigned k = 0; k < handlers; k++) {
            r->ns[k] = sets->ns[k][i];
        }
    }
}

LANES_INLINE void replay_sets(Sets *s, const ReplaySteps *steps, unsigned handlers)
{
    const Lanes none = {0};

    for (size_t i = 0; i < steps->count; i++) {
        const Lanes block_ns = none + steps->block_ns[i];
        Lanes adj = lanes_minus_one(), grows, shrinks;
        for (unsigned k = 0; k < handlers; k++) {
            const Lanes event = none - (int64_t)(steps->events[i] >> k & 1);
            s->resets -= lanes_handler(s->limit_ns, s->weight, block_ns, event, &s->ns[k], &adj);
        }
        const DLanes poll_ns = __builtin_convertvector(s->poll_ns, DLanes);
        const Lanes divided = __builtin_convertvector(poll_ns / s->shrink, Lanes);
        lanes_window(s->max_ns, s->grow, divided, adj, &s->poll_ns, &grows, &shrinks);
        s->grown -= grows;
        s->shrunk -= shrinks;
        s->sum += s->poll_ns;
    }
}

LANES_TARGET static void replay_group(Replay *replays, size_t count, const ReplaySteps *steps)
{
    Sets sets;

    load_sets(&sets, replays, count, steps->handlers);
    if (steps->handlers == 1) {
        replay_sets(&sets, steps, 1);
    } else {
        replay_sets(&sets, steps, steps->handlers);
    }
    store_sets(&sets, replays, count, steps->handlers);
}

#endif

/* ---- which way ---- */

/* How many of the first replays can go together. */
static size_t group_size(const Replay *replays, size_t count, unsigned handlers)
{
    /* Fewer are as quick one by one, and have a lane for each handler then. */
    const size_t least = 2 + handlers / 8;
    size_t size = 0;

    if (!lanes_are_here()) {
        return 1;
    }
    while (size < count && size < LANES && replays[size].params.max_ns && is_fast(&replays[size])) {
        size++;
    }
    return size < least ? 1 : size;
}

static void replay_single(Replay *r, const ReplaySteps *steps)
{
    if (r->params.max_ns == 0) {
        return; /* a context that does not poll decides nothing */
    }
    if (is_fast(r) && steps->handlers == 1) {
        replay_one_handler(r, steps);
#ifdef LANES_TARGET
    } else if ((is_fast(r) || fits_legacy(r, steps->handlers)) && lanes_are_here()) {
        replay_in_lanes(r, steps);
#endif
    } else {
        replay_any(r, steps);
    }
    r->decisions += steps->count;
}

void replay_run(Replay *replays, size_t count, const ReplaySteps *steps)
{
    while (count) {
        const size_t size = group_size(replays, count, steps->handlers);
#ifdef LANES_TARGET
        if (size > 1) {
            replay_group(replays, size, steps);
            for (size_t i = 0; i < size; i++) {
                replays[i].decisions += steps->count;
            }
        } else
#endif
        {
            replay_single(replays, steps);
        }
        replays += size;
        count -= size;
    }
}
