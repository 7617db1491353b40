/*
 * Simulated iothreads with several handlers, in virtual time, event by event: what simulate.h does
 * for one handler at a time that nothing answers to.
 *
 * Handlers are the queues, in which requests come, and where there is a device one more, the last,
 * for what the device has done.
 */
#ifndef IOTHREADD_LAB_EVENTS_H
#define IOTHREADD_LAB_EVENTS_H

#include "replay.h"
#include "requests.h"
#include "simulate.h"

enum { EVENTS_QUEUES_MAX = REPLAY_HANDLERS_MAX - 1, EVENTS_DEPTH_MAX = 1 << 16 };

/* What all sets of parameters serve. */
typedef struct EventLoad {
    Requests *queues;
    unsigned queue_count; /* up to EVENTS_QUEUES_MAX */
    bool device;
    uint32_t depth;   /* 0: an open loop. Otherwise so many at a time, each after another's end */
    int64_t think_ns; /* later */
    const SimulatedCosts *costs;
} EventLoad;

/* How one handler fared. */
typedef struct EventHandler {
    int64_t events;   /* iterations in which it had one */
    int64_t requests; /* that it served */
    double latency_sum;
    uint64_t latencies[LATENCY_BUCKETS]; /* from its event until it was served */
} EventHandler;

typedef struct EventThread EventThread;

/* NULL without memory. `result` is for what it comes to, and has been initialised. */
EventThread *events_new(const EventLoad *load, Simulated *result, UserPolicy user);

#define EVENTS_TO_THE_END SIZE_MAX

/*
 * Goes on until it took so many requests of each queue, or there are no more. Returns 0; ENOMEM;
 * EOVERFLOW where too many requests wait or are in the device; ERANGE past VIRTUAL_NS_MAX; EINVAL where a policy of the user's own failed (events_decisions).
 */
int events_run(EventThread *thread, size_t until);

/* The first request of a queue that it has not taken. */
size_t events_taken(const EventThread *thread, unsigned queue);

const EventHandler *events_handlers(const EventThread *thread);

/* With what a policy of the user's own did wrong, if it did. */
const Replay *events_decisions(const EventThread *thread);

void events_free(EventThread *thread);

#endif
