/*
 * What an iteration is made of, timed: a context of its own, with one handler that takes the time
 * whenever it is called. The calling thread sets its events off.
 */
#ifndef IOTHREADD_PROBE_H
#define IOTHREADD_PROBE_H

#include <stddef.h>
#include <stdint.h>

/* How the context is used, and at what intervals events come. */
#define PROBE_SCENARIOS(X)                                                                     \
    X(sleep) /* it never polls */                                                              \
    X(poll)  /* its window is longer than any interval */                                      \
    X(vain)  /* and shorter: it polls in vain, then sleeps */                                  \
    X(chain) /* each event sets off the next one: it never polls, and never sleeps */

typedef enum ProbeScenario {
#define X(name) PROBE_##name,
    PROBE_SCENARIOS(X)
#undef X
    PROBE_SCENARIO_COUNT
} ProbeScenario;

/* What is timed; a scenario has some of them. */
#define PROBE_STEPS(X)                                                                         \
    X(wake)     /* from an event to the handler in a thread that slept */                      \
    X(pass)     /* from an event to the pass of busy-polling that finds it */                  \
    X(dispatch) /* from there to the handler */                                                \
    X(loop)     /* from the handler's end to the next iteration's first pass */                \
    X(exit)     /* from the last pass to the end of busy-polling */                                \
    X(ask)      /* from the handler's end to itself again, for an event that is there */

typedef enum ProbeStep {
#define X(name) PROBE_STEP_##name,
    PROBE_STEPS(X)
#undef X
    PROBE_STEP_COUNT
} ProbeStep;

extern const char *const probe_scenario_names[PROBE_SCENARIO_COUNT];
extern const char *const probe_step_names[PROBE_STEP_COUNT];

enum { PROBE_SAMPLES_MAX = 1 << 14 };

typedef struct ProbeResult {
    int64_t ns[PROBE_STEP_COUNT][PROBE_SAMPLES_MAX];
    size_t found[PROBE_STEP_COUNT]; /* how many of them */
    uint64_t events;
    int64_t cpu_ns;                 /* of the context's thread, for these events */
} ProbeResult;

/*
 * Takes duration_ns, for which the calling thread spins; the context's thread is bound to `cpu`,
 * unless that is negative. -errno as a context, a handler and sched_setaffinity have it; -ETIMEDOUT
 * when an event was not handled within a second.
 */
int probe_run(ProbeScenario scenario, int64_t duration_ns, int cpu, ProbeResult *result);

#endif
