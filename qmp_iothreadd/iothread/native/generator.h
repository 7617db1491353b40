/*
 * Generator threads: few, shared by all workloads, started with the first and ended with the
 * last. They spin shortly before a request is due, and sleep where there is time.
 */
#ifndef IOTHREADD_GENERATOR_H
#define IOTHREADD_GENERATOR_H

#include "list.h"
#include "workload.h"

/* So many that any CPU will do for, and as many for which some CPUs were named. */
enum { SHARED_GENERATORS_MAX = 8, GENERATORS_MAX = 2 * SHARED_GENERATORS_MAX };

typedef struct GeneratorSlot {
    AioLink link; /* Generator.workloads; under its lock */
    struct Generator *generator;
    Workload *workload;
} GeneratorSlot;

/*
 * -EAGAIN where no thread can be had; -ENODEV where not all of the CPUs are there, or the process may
 * not use them. Where `cpus` is empty any will do.
 */
int generator_add(GeneratorSlot *slot, Workload *workload, const CpuMask *cpus);

/* When it returns the workload is no longer touched. */
void generator_remove(GeneratorSlot *slot);

/* Between them the workload is not touched; the generator looks again at the end. */
void generator_pause(GeneratorSlot *slot);
void generator_resume(GeneratorSlot *slot);

#endif
