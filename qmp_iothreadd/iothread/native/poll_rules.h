/*
 * The arithmetic of adaptive polling, for one decision or for several at once.
 *
 * polling.h includes this for a single int64_t, the lab (lab/native/lanes.h) for a vector of them,
 * so that both decide alike. Before that it defines the macros
 *
 *     POLL_INT       the type of a number: int64_t, or a vector of them
 *     POLL_UINT      the same without a sign, in which numbers wrap
 *     POLL_TRUTH     the type of a comparison
 *     POLL_IF(t, a, b)  a where t is true, otherwise b
 *     POLL_NOT(t)    where t is false
 *     POLL_RULE(name)   the name of a function made here, and POLL_FUNCTION, what is before its type
 *
 * No branch depends on the data.
 */

POLL_FUNCTION POLL_INT POLL_RULE(plus)(POLL_INT a, POLL_INT b)
{
    return (POLL_INT)((POLL_UINT)a + (POLL_UINT)b);
}

/*
 * One handler of the poll list. Updates *ns, raises *adj when it had an event, and returns
 * whether *ns was set to 0 because it passed limit_ns, which is max_ns in QEMU 11.1.
 */
POLL_FUNCTION POLL_TRUTH POLL_RULE(handler)(POLL_INT limit_ns, POLL_INT weight, POLL_INT block_ns,
                                            POLL_TRUTH event, POLL_INT *ns, POLL_INT *adj)
{
    const POLL_INT before = *ns;
    const POLL_INT shift = weight & 63;
    const POLL_INT kept = (POLL_INT)((POLL_UINT)before - (POLL_UINT)(before >> shift));
    const POLL_INT average = POLL_RULE(plus)(kept, block_ns >> shift);
    const POLL_INT longer = POLL_RULE(plus)(before, block_ns);
    const POLL_TRUTH is_zero = before == 0;
    const POLL_TRUTH counts = event | POLL_NOT(is_zero);

    POLL_INT after = POLL_IF(is_zero, block_ns, POLL_IF(event, average, longer));
    const POLL_TRUTH passed_limit = counts & (after > limit_ns);
    after = POLL_IF(POLL_NOT(counts) | passed_limit, after ^ after, after);
    *ns = after;
    *adj = POLL_IF(event & (after > *adj), after, *adj);
    return passed_limit;
}

/*
 * The context's window, once every handler was visited; adj is -1 when none had an event, and
 * shrunk is *poll_ns / shrink. Says whether it grew, and whether it shrank.
 */
POLL_FUNCTION void POLL_RULE(window)(POLL_INT max_ns, POLL_INT grow, POLL_INT shrunk, POLL_INT adj,
                                      POLL_INT *poll_ns, POLL_TRUTH *grows, POLL_TRUTH *shrinks)
{
    const POLL_INT before = *poll_ns;
    const POLL_TRUTH any = adj != -1;
    POLL_INT grown = (POLL_INT)((POLL_UINT)before * (POLL_UINT)grow);

    grown = POLL_IF(grown < adj, adj, grown);
    grown = POLL_IF(grown > max_ns, max_ns, grown);
    *grows = any & (adj > before);
    *shrinks = any & POLL_NOT(*grows) & (adj < shrunk);
    *poll_ns = POLL_IF(*grows, grown, POLL_IF(*shrinks, shrunk, before));
}

/*
 * One handler before QEMU 11.1; shrunk is *ns / shrink, and begin what a window of 0 grows to. Says
 * whether it grew, whether it shrank, and returns whether it shrank to 0.
 */
POLL_FUNCTION POLL_TRUTH POLL_RULE(legacy)(POLL_INT max_ns, POLL_INT grow, POLL_INT begin,
                                           POLL_INT shrunk, POLL_INT block_ns, POLL_TRUTH event,
                                           POLL_INT *ns, POLL_TRUTH *grows, POLL_TRUTH *shrinks)
{
    const POLL_INT before = *ns;
    const POLL_TRUTH longer = event & (block_ns > before);
    const POLL_TRUTH is_zero = before == 0;
    POLL_INT grown = (POLL_INT)((POLL_UINT)before * (POLL_UINT)grow);

    grown = POLL_IF(is_zero, begin, grown);
    grown = POLL_IF(grown > max_ns, max_ns, grown);
    *shrinks = longer & (block_ns > max_ns);
    *grows = longer & (before < max_ns) & (block_ns < max_ns);
    *ns = POLL_IF(*shrinks, shrunk, POLL_IF(*grows, grown, before));
    return *shrinks & (shrunk == 0);
}

#undef POLL_INT
#undef POLL_UINT
#undef POLL_TRUTH
#undef POLL_IF
#undef POLL_NOT
#undef POLL_RULE
#undef POLL_FUNCTION
