/* What the parts of the stress share. */
#ifndef STRESS_H
#define STRESS_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine.h"
#include "workload.h"

#define CHECK(condition)                                                                       \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #condition);    \
            abort();                                                                           \
        }                                                                                      \
    } while (0)

enum { SLOT_WORKLOADS = 2 };

/* A context that all workers share. */
typedef struct Slot {
    pthread_rwlock_t lock; /* written to make and delete, read to use */
    AioContext *ctx;       /* under the lock */
    pthread_mutex_t load;  /* the workloads; within the lock */
    Workload *workloads[SLOT_WORKLOADS];
    pthread_mutex_t drain; /* one drainer at a time */
} Slot;

static inline uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* handlers.c: operations on a context; a slot's lock is held for reading. */
void op_probe(Slot *slot, uint64_t *random); /* one handler that iterates, and may remove itself */
void op_gang(Slot *slot, uint64_t *random);  /* handlers of which the first to run removes all */

/* disks.c: a disk whose queue is loaded, disturbed and freed; a slot's lock is held for reading. */
void op_disk(Slot *slot, uint64_t *random);

/* gates.c: threads that close what others use; `gates_close` is to be called now and then. */
void gates_start(uint64_t seed);
void gates_close(void);
void gates_end(void);

/*
 * watchdog.c: unless `watchdog_alive` is called at least once in so many seconds, prints the
 * stacks of all threads and aborts.
 */
void watchdog_start(unsigned seconds);
void watchdog_alive(void);

#endif
