/*
 * Who uses an object, so that it is freed by one thread, once, and after the others are done with it.
 * For callers whose threads may close what other threads use: the binding. The engine does without.
 */
#ifndef IOTHREADD_GATE_H
#define IOTHREADD_GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "list.h"

/* ---- closing waits for the users ---- */

typedef enum GateState {
    GATE_CLOSED,  /* there is no object, or not any more */
    GATE_OPEN,
    GATE_CLAIMED, /* a thread is closing it; others may use it still */
    GATE_SHUT,    /* the same, and nobody may begin to use it */
} GateState;

typedef struct Gate {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* of the fields below, which are under the lock */
    GateState state;
    AioLink uses;
    pthread_t closer;       /* valid while claimed or shut */
} Gate;

/* One use; on the stack of the thread that uses the object. */
typedef struct GateUse {
    AioLink link;
    pthread_t thread;
} GateUse;

/* Closed at first. */
void gate_init(Gate *gate);
void gate_destroy(Gate *gate);

/* The object is there. Also gives a claim up. */
void gate_open(Gate *gate);

/* False when it is shut or closed: the object may not be used, and gate_leave not called. */
bool gate_enter(Gate *gate, GateUse *use);
void gate_leave(Gate *gate, GateUse *use);

/* Whether the calling thread has entered and not left. */
bool gate_is_user(Gate *gate);

/*
 * 1: the caller closes the object: gate_shut, gate_drain, frees it, gate_close. 0: it is closed; the
 * same, but not before the other thread is done, with `wait`; without, and within what the caller
 * itself closes, at once. -EDEADLK: the caller is a user, and would wait for itself.
 */
int gate_claim(Gate *gate, bool wait);
void gate_shut(Gate *gate);
/* Waits until every user has left. */
void gate_drain(Gate *gate);
void gate_close(Gate *gate);

/*
 * Waits for a thread that closes it, if that is not the caller and not waiting for it. Whether it is
 * closed: a thread that alone may open it can rely on true.
 */
bool gate_await_closed(Gate *gate);

/* ---- the last user frees ---- */

/* 2 for each use, 1 once it is closed: for what is used so shortly that closing need not wait. */
typedef _Atomic uint32_t LastUse;

static inline bool last_use_enter(LastUse *uses)
{
    uint32_t before = atomic_load_explicit(uses, memory_order_relaxed);

    do {
        if (before & 1) {
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(uses, &before, before + 2,
                                                    memory_order_acquire, memory_order_relaxed));
    return true;
}

/* True to the one that is to free the object; the same holds for last_use_close. */
static inline bool last_use_leave(LastUse *uses)
{
    return atomic_fetch_sub_explicit(uses, 2, memory_order_acq_rel) == 3;
}

static inline bool last_use_close(LastUse *uses)
{
    return atomic_fetch_or_explicit(uses, 1, memory_order_acq_rel) == 0;
}

/* ---- a pointer that one of several threads takes, to free what it points to ---- */

typedef void *_Atomic OwnedPointer;

static inline void owned_put(OwnedPointer *owned, void *pointer)
{
    atomic_store_explicit(owned, pointer, memory_order_release);
}

static inline void *owned_take(OwnedPointer *owned)
{
    return atomic_exchange_explicit(owned, NULL, memory_order_acq_rel);
}

#endif
