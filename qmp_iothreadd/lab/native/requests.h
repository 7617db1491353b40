/*
 * What the requests of one queue are, whoever serves them: when each is due, how long the device
 * takes, and how long a thread takes to wake up for it. Drawn once, so that all sets of parameters
 * have the same, and kept until the last of them has taken it.
 */
#ifndef IOTHREADD_LAB_REQUESTS_H
#define IOTHREADD_LAB_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arrival.h"

typedef struct Request {
    int64_t due_ns;     /* since the start; 0 in a closed loop */
    int64_t latency_ns; /* of the device; 0 without one */
    int64_t wake_ns;    /* when it is submitted */
    int64_t complete_wake_ns;
} Request;

/* 19 hours: as long as anything is simulated, so that sums of a call fit. */
#define VIRTUAL_NS_MAX (INT64_MAX / 2 >> 16)

/* A thread that falls behind by more ends the simulation. */
enum { REQUESTS_KEPT_MAX = 1 << 20 };

typedef struct Requests {
    bool open;   /* due by `arrival`; otherwise when others are done */
    bool device; /* each takes a latency */
    Arrival arrival, latency, waking, complete_waking;
    int64_t due_ns; /* of the last one */
    size_t limit;   /* as many are drawn, or fewer where the arrival ends */
    Request *kept;  /* from the number `first` on */
    size_t first, count, capacity;
    int error; /* 0, ENOMEM, ERANGE past VIRTUAL_NS_MAX, EOVERFLOW past REQUESTS_KEPT_MAX */
} Requests;

/* Draws until there is a request of this number. False where there is none. */
bool requests_draw(Requests *requests, size_t number);

/* Those before this number are not asked for again. */
void requests_forget(Requests *requests, size_t number);

void requests_free(Requests *requests);

/* NULL where there are no more. */
static inline const Request *requests_at(Requests *r, size_t number)
{
    if (number - r->first >= r->count && !requests_draw(r, number)) {
        return NULL;
    }
    return &r->kept[number - r->first];
}

#endif
