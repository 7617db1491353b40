/*
 * A policy of one's own for iothread-lab: a C file that includes this and defines `policy`.
 *
 *     iothread-lab simulate --policy weighted,mine.c
 *
 * It has the window for the next iteration decided from how long this one took, and which handlers
 * had an event; ns are the handlers' own, 0 at first, for it to keep what it likes. Example:
 *
 *     #include "policy.h"
 *
 *     int64_t policy(const PolicyStep *step, int64_t *ns)
 *     {
 *         ns[0] = step->block_ns < step->max_ns ? step->block_ns : 0;
 *         return ns[0];
 *     }
 */
#ifndef IOTHREAD_LAB_POLICY_H
#define IOTHREAD_LAB_POLICY_H

#include <stdint.h>

typedef struct PolicyStep {
    int64_t block_ns; /* from the iteration's start to its events */
    uint64_t events;  /* bit i: handler i had one */
    unsigned handlers;
    int64_t poll_ns;  /* the window that was in force */
    int64_t max_ns, grow, shrink, weight;
} PolicyStep;

/* Returns the window, from 0 to max_ns. `ns` has 64 places, of which so many are handlers. */
int64_t policy(const PolicyStep *step, int64_t *ns);

#endif
