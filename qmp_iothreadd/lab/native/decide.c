/* Any policy's decision on one step, whatever its parameters are. */
#include <string.h>

#include "replay.h"

static void decide_weighted(Replay *r, const LabStep *step)
{
    const int64_t limit_ns = lab_limit_ns(r->policy, r->params.max_ns);
    int64_t adj = -1;

    for (unsigned k = 0; k < step->handlers; k++) {
        const bool event = step->events >> k & 1;
        r->resets += poll_one_handler(limit_ns, r->params.weight, step->block_ns, event, &r->ns[k],
                                      &adj);
    }
    const PollAction action = poll_adjust_window(&r->params, adj, &r->poll_ns);
    r->grown += action == POLL_GROW;
    r->shrunk += action == POLL_SHRINK;
}

/* Grown and shrunk are handlers' windows, as in the engine's counters. */
static void decide_legacy(Replay *r, const LabStep *step)
{
    int64_t longest = 0;

    for (unsigned k = 0; k < step->handlers; k++) {
        if (step->events >> k & 1) {
            bool passed_max;
            const PollAction action =
                poll_adjust_legacy(&r->params, step->block_ns, &r->ns[k], &passed_max);
            r->resets += passed_max;
            r->grown += action == POLL_GROW;
            r->shrunk += action == POLL_SHRINK;
        }
        longest = r->ns[k] > longest ? r->ns[k] : longest;
    }
    r->poll_ns = longest;
}

static void set_window(Replay *r, int64_t poll_ns)
{
    r->grown += poll_ns > r->poll_ns;
    r->shrunk += poll_ns < r->poll_ns;
    r->poll_ns = poll_ns;
}

static void decide_fixed(Replay *r, const LabStep *step)
{
    (void)step;
    set_window(r, r->params.max_ns);
}

static void decide_clairvoyant(Replay *r, const LabStep *step)
{
    const bool helps = step->next_ns > 0 && step->next_ns <= r->params.max_ns;

    set_window(r, helps ? step->next_ns : 0);
}

/* What follows the handlers' ns is not the user's to change. */
static UserError ask_user(Replay *r, const PolicyStep *step)
{
    enum { GUARDS = 8 };
    static const int64_t guard = 0x5ca1ab1e0ddba11;
    int64_t ns[REPLAY_HANDLERS_MAX + GUARDS];

    memcpy(ns, r->ns, sizeof(r->ns));
    for (unsigned k = 0; k < GUARDS; k++) {
        ns[REPLAY_HANDLERS_MAX + k] = guard;
    }
    if (!r->user.ask(r->user.owner, step, ns, &r->asked_ns)) {
        return USER_FAILED;
    }
    for (unsigned k = 0; k < GUARDS; k++) {
        if (ns[REPLAY_HANDLERS_MAX + k] != guard) {
            return USER_OVERRAN;
        }
    }
    memcpy(r->ns, ns, sizeof(r->ns));
    return r->asked_ns < 0 || r->asked_ns > step->max_ns ? USER_OUT_OF_RANGE : USER_FINE;
}

static void decide_user(Replay *r, const LabStep *given)
{
    const PolicyStep step = {
        .block_ns = given->block_ns,
        .events = given->events,
        .handlers = given->handlers,
        .poll_ns = r->poll_ns,
        .max_ns = r->params.max_ns,
        .grow = r->params.grow,
        .shrink = r->params.shrink,
        .weight = r->params.weight,
    };

    if (r->error) {
        return;
    }
    r->error = ask_user(r, &step);
    if (!r->error) {
        set_window(r, r->asked_ns);
    }
}

static void (*const deciders[LAB_POLICY_COUNT + 1])(Replay *r, const LabStep *step) = {
    [LAB_weighted] = decide_weighted,
    [LAB_legacy] = decide_legacy,
    [LAB_v1] = decide_weighted,
    [LAB_fixed] = decide_fixed,
    [LAB_clairvoyant] = decide_clairvoyant,
    [LAB_user] = decide_user,
};

void replay_decide(Replay *r, const LabStep *step)
{
    deciders[r->policy](r, step);
}
