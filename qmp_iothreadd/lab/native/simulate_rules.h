/*
 * What one more request does to a simulated iothread with one handler: for one set of parameters,
 * or for several at once. Included by simulate.c for each. The macros
 *
 *     SIM_INT, SIM_TRUTH    the types of numbers and of comparisons
 *     SIM_IF, SIM_NOT       as POLL_IF and POLL_NOT
 *     SIM_COUNT(n, t)       n, and one more where t is true
 *     SIM_DOUBLE, SIM_TO_DOUBLE(i)   of a number
 *     SIM_RULE(name)        the name of what is made here, and SIM_FUNCTION
 *     SIM_WINDOW(s, gap_ns) how long to poll, for a request that is due so long after the start
 *     SIM_DECIDE(s, block_ns, poll_ns, ns, reset, grows, shrinks)   what follows from block_ns
 */

/* A set of parameters, and how far its iothread is. Times are in ns since the first request. */
typedef struct SIM_RULE(State) {
#define X(name) SIM_INT name;
    SIMULATED_FIXED(X)
    SIMULATED_STATE(X)
    SIMULATED_COUNTS(X)
    SIMULATED_SUMS(X)
#undef X
#define X(name) SIM_DOUBLE name;
    SIMULATED_WEIGHTED_SUMS(X)
#undef X
    LabPolicy policy;
} SIM_RULE(State);

/*
 * The next request is due at due_ns, and would wake a thread that slept wake_ns later. Returns how
 * long it waited until the handler began with it.
 */
SIM_FUNCTION SIM_INT SIM_RULE(request)(SIM_RULE(State) *s, SIM_INT due_ns, SIM_INT wake_ns,
                                       const SimulatedCosts *costs)
{
    const SIM_TRUTH joins = due_ns <= s->taken_at; /* those that the handler found then */
    const SIM_INT start = s->done_at + costs->loop_ns;
    const SIM_INT window_ns = SIM_WINDOW(s, due_ns - start);
    const SIM_TRUTH pending = due_ns <= start;
    const SIM_TRUTH in_window = (due_ns - start) <= window_ns;
    const SIM_TRUTH polled = in_window & (window_ns > 0);
    const SIM_INT begin = SIM_IF(pending, start, due_ns);
    const SIM_INT woken = due_ns + wake_ns, asleep = start + window_ns + costs->exit_ns;
    const SIM_INT awake = SIM_IF(woken > asleep, woken, asleep);
    const SIM_INT waited = SIM_IF(pending, start + costs->ask_ns, awake);
    const SIM_INT found = SIM_IF(polled, begin + costs->pass_ns, waited);
    const SIM_INT taken_at = found + costs->dispatch_ns;

    SIM_INT poll_ns = s->poll_ns, ns = s->ns;
    SIM_TRUTH reset, grows, shrinks;
    SIM_DECIDE(s, found - start, &poll_ns, &ns, &reset, &grows, &shrinks);

    const SIM_TRUTH iterates = SIM_NOT(joins);
    const SIM_TRUTH slept = iterates & SIM_NOT(polled) & SIM_NOT(pending);
    s->iterations = SIM_COUNT(s->iterations, iterates);
    s->polled = SIM_COUNT(s->polled, iterates & polled);
    s->slept = SIM_COUNT(s->slept, slept);
    s->in_vain = SIM_COUNT(s->in_vain, slept & (window_ns > 0));
    s->grown = SIM_COUNT(s->grown, iterates & grows);
    s->shrunk = SIM_COUNT(s->shrunk, iterates & shrinks);
    s->resets = SIM_COUNT(s->resets, iterates & reset);

    const SIM_INT zero = due_ns ^ due_ns;
    const SIM_INT polling_ns = SIM_IF(polled, found - start, SIM_IF(pending, zero, window_ns));
    s->polling_ns += SIM_IF(joins, zero, polling_ns);
    s->window_sum += SIM_IF(joins, zero, poll_ns);
    const SIM_DOUBLE lasted = SIM_TO_DOUBLE(SIM_IF(joins, zero, taken_at - s->taken_at));
    s->weighted_sum += lasted * SIM_TO_DOUBLE(window_ns);
    s->near_max_ns += SIM_TO_DOUBLE(SIM_IF(joins | (window_ns < s->near_ns), zero,
                                           taken_at - s->taken_at));

    s->poll_ns = SIM_IF(joins, s->poll_ns, poll_ns);
    s->ns = SIM_IF(joins, s->ns, ns);
    s->taken_at = SIM_IF(joins, s->taken_at, taken_at);
    const SIM_INT served_at = SIM_IF(joins, s->done_at, taken_at);
    s->done_at = served_at + costs->request_ns;
    s->latency_sum += served_at - due_ns;
    return served_at - due_ns;
}

#undef SIM_INT
#undef SIM_TRUTH
#undef SIM_COUNT
#undef SIM_IF
#undef SIM_NOT
#undef SIM_DOUBLE
#undef SIM_TO_DOUBLE
#undef SIM_RULE
#undef SIM_FUNCTION
#undef SIM_WINDOW
#undef SIM_DECIDE
