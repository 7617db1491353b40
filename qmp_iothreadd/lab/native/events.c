#include "events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "in_device.h"
#include "stats.h"

typedef struct EventQueue {
    size_t taken;      /* the number of the next request */
    int64_t *ready_ns; /* closed loop: a ring of `depth` times at which the next ones are due */
    uint32_t head, waiting;
} EventQueue;

struct EventThread {
    const EventLoad *load;
    Simulated *result;
    Replay decisions;
    int error;
    EventQueue queues[EVENTS_QUEUES_MAX];
    InDevice device;
    EventHandler handlers[]; /* load->queue_count, and one for a device */
};

/* ---- the queues ---- */

/* When the next request of a queue is due; NULL where none is going to be, as things are. */
static const Request *next_request(EventThread *t, unsigned queue, int64_t *due_ns)
{
    const EventQueue *q = &t->queues[queue];
    Requests *requests = &t->load->queues[queue];
    const bool closed = t->load->depth > 0;
    const Request *next = closed && !q->waiting ? NULL : requests_at(requests, q->taken);

    if (next) {
        *due_ns = closed ? q->ready_ns[q->head] : next->due_ns;
    } else if (requests->error) {
        t->error = requests->error;
    }
    return next;
}

static void take(EventThread *t, unsigned queue)
{
    EventQueue *q = &t->queues[queue];

    q->taken++;
    if (t->load->depth) {
        q->head = (q->head + 1) % t->load->depth;
        q->waiting--;
    }
}

/* A request has ended: in a closed loop another follows. */
static void end_request(EventThread *t, unsigned queue, int64_t end_ns)
{
    EventQueue *q = &t->queues[queue];
    const uint32_t depth = t->load->depth;

    if (depth) {
        q->ready_ns[(q->head + q->waiting++) % depth] = end_ns + t->load->think_ns;
    }
}

/* ---- an iteration ---- */

typedef struct NextEvent {
    int64_t at_ns;
    int64_t wake_ns;
} NextEvent;

static NextEvent next_event(EventThread *t)
{
    NextEvent found = {INT64_MAX, 0};
    int64_t due_ns;

    for (unsigned k = 0; k < t->load->queue_count; k++) {
        const Request *next = next_request(t, k, &due_ns);
        if (next && due_ns < found.at_ns) {
            found = (NextEvent){due_ns, next->wake_ns};
        }
    }
    if (t->device.count && t->device.first[0].at_ns < found.at_ns) {
        found = (NextEvent){t->device.first[0].at_ns, t->device.first[0].wake_ns};
    }
    return found;
}

static int64_t window_for(const EventThread *t, int64_t gap_ns)
{
    const Replay *r = &t->decisions;

    return r->policy == LAB_clairvoyant ? clairvoyant_ns(r->params.max_ns, gap_ns) : r->poll_ns;
}

/* Returns when the thread knows of the event, in an iteration that began at start_ns. */
static int64_t wait_for(EventThread *t, NextEvent next, int64_t start_ns, int64_t window_ns)
{
    const SimulatedCosts *costs = t->load->costs;
    Simulated *s = t->result;
    const int64_t gap_ns = next.at_ns - start_ns;

    if (window_ns > 0 && gap_ns <= window_ns) {
        const int64_t found_ns = (gap_ns > 0 ? next.at_ns : start_ns) + costs->pass_ns;
        s->polled++;
        s->polling_ns += (double)(found_ns - start_ns);
        return found_ns;
    }
    if (gap_ns <= 0) {
        return start_ns + costs->ask_ns;
    }
    const int64_t woken_ns = next.at_ns + next.wake_ns;
    const int64_t asleep_ns = start_ns + window_ns + costs->exit_ns;
    s->slept++;
    s->in_vain += window_ns > 0;
    s->polling_ns += (double)window_ns;
    return woken_ns > asleep_ns ? woken_ns : asleep_ns;
}

/* Bit by bit, which handlers have something by then. */
static uint64_t ready_at(EventThread *t, int64_t now_ns)
{
    uint64_t ready = 0;
    int64_t due_ns;

    for (unsigned k = 0; k < t->load->queue_count; k++) {
        if (next_request(t, k, &due_ns) && due_ns <= now_ns) {
            ready |= (uint64_t)1 << k;
        }
    }
    if (t->device.count && t->device.first[0].at_ns <= now_ns) {
        ready |= (uint64_t)1 << t->load->queue_count;
    }
    return ready;
}

static void count_request(EventThread *t, unsigned handler, int64_t waited_ns)
{
    EventHandler *h = &t->handlers[handler];

    h->requests++;
    h->latency_sum += (double)waited_ns;
    h->latencies[latency_bucket(waited_ns)]++;
    t->result->services++;
}

static void count_latency(Simulated *s, int64_t ns)
{
    s->latency_sum += (double)ns;
    s->latencies[latency_bucket(ns)]++;
}

/* Those that are there at now_ns. Returns when they are done. */
static int64_t serve_queue(EventThread *t, unsigned queue, int64_t now_ns)
{
    const EventLoad *load = t->load;
    const int64_t looked_ns = now_ns;
    uint32_t left = load->depth ? t->queues[queue].waiting : UINT32_MAX;
    const Request *next;
    int64_t due_ns;

    for (; left && (next = next_request(t, queue, &due_ns)) && due_ns <= looked_ns; left--) {
        const int64_t end_ns = now_ns + load->costs->request_ns;
        count_request(t, queue, now_ns - due_ns);
        take(t, queue);
        if (load->device) {
            const Completion added = {
                end_ns + next->latency_ns, due_ns, next->complete_wake_ns, queue};
            const int error = in_device_add(&t->device, added);
            t->error = error ? error : t->error;
        } else {
            count_latency(t->result, now_ns - due_ns);
            end_request(t, queue, end_ns);
        }
        now_ns = end_ns;
    }
    return now_ns;
}

static int64_t serve_device(EventThread *t, int64_t now_ns)
{
    const EventLoad *load = t->load;
    const int64_t looked_ns = now_ns;

    while (t->device.count && t->device.first[0].at_ns <= looked_ns) {
        const Completion done = in_device_take(&t->device);
        count_request(t, load->queue_count, now_ns - done.at_ns);
        count_latency(t->result, now_ns - done.due_ns);
        now_ns += load->costs->request_ns;
        end_request(t, done.queue, now_ns);
    }
    return now_ns;
}

/* Ready handlers run last found first, as in QEMU; none past the end of time, so that it fits. */
static void dispatch(EventThread *t, uint64_t ready, int64_t now_ns)
{
    while (ready && now_ns <= VIRTUAL_NS_MAX) {
        const unsigned k = 63 - (unsigned)__builtin_clzll(ready);
        ready ^= (uint64_t)1 << k;
        now_ns += t->load->costs->dispatch_ns;
        t->handlers[k].events++;
        t->result->dispatches++;
        now_ns = k < t->load->queue_count ? serve_queue(t, k, now_ns) : serve_device(t, now_ns);
    }
    t->result->done_at = now_ns;
}

static void decide(EventThread *t, int64_t block_ns, uint64_t ready, int64_t window_ns)
{
    const bool device = t->load->device;
    const LabStep step = {
        .block_ns = block_ns, .events = ready, .handlers = t->load->queue_count + device};

    if (t->decisions.policy == LAB_clairvoyant) {
        t->decisions.poll_ns = window_ns;
    } else if (t->decisions.params.max_ns && t->decisions.policy != LAB_fixed) {
        replay_decide(&t->decisions, &step);
    }
    if (t->decisions.error) {
        t->error = EINVAL;
    }
}

/* False where no event is to come. */
static bool iterate(EventThread *t)
{
    Simulated *s = t->result;
    const int64_t start_ns = s->done_at + t->load->costs->loop_ns;
    const NextEvent next = next_event(t);

    if (next.at_ns == INT64_MAX || t->error) {
        return false;
    }
    const int64_t window_ns = window_for(t, next.at_ns - start_ns);
    const int64_t found_ns = wait_for(t, next, start_ns, window_ns);
    const uint64_t ready = ready_at(t, found_ns);
    const int64_t taken_at = found_ns + t->load->costs->dispatch_ns;
    const double lasted_ns = (double)(taken_at - s->taken_at);

    s->iterations++;
    s->weighted_sum += lasted_ns * (double)window_ns;
    s->near_max_ns += stats_near_max(window_ns, s->params.max_ns) ? lasted_ns : 0;
    s->taken_at = taken_at;
    decide(t, found_ns - start_ns, ready, window_ns);
    s->window_sum += (double)t->decisions.poll_ns;
    dispatch(t, ready, found_ns);
    if (s->done_at > VIRTUAL_NS_MAX) {
        t->error = ERANGE;
    }
    return !t->error;
}

static bool goes_on(const EventThread *t, size_t until)
{
    for (unsigned k = 0; k < t->load->queue_count; k++) {
        const size_t taken = t->queues[k].taken;
        if (taken < until && taken < t->load->queues[k].limit) {
            return true;
        }
    }
    return until == EVENTS_TO_THE_END;
}

int events_run(EventThread *t, size_t until)
{
    while (goes_on(t, until) && iterate(t)) {
    }
    t->result->poll_ns = t->decisions.poll_ns;
    t->result->grown = (int64_t)t->decisions.grown;
    t->result->shrunk = (int64_t)t->decisions.shrunk;
    t->result->resets = (int64_t)t->decisions.resets;
    return t->error;
}

/* ---- life ---- */

/* A closed loop begins with all of its depth. */
static bool fill_queues(EventThread *t)
{
    const uint32_t depth = t->load->depth;

    for (unsigned k = 0; depth && k < t->load->queue_count; k++) {
        t->queues[k].ready_ns = calloc(depth, sizeof(int64_t));
        t->queues[k].waiting = depth;
        if (!t->queues[k].ready_ns) {
            return false;
        }
    }
    return true;
}

EventThread *events_new(const EventLoad *load, Simulated *result, UserPolicy user)
{
    EventThread *t =
        calloc(1, sizeof(*t) + (load->queue_count + load->device) * sizeof(EventHandler));

    if (!t) {
        return NULL;
    }
    t->load = load;
    t->result = result;
    replay_init(&t->decisions, result->params, result->policy);
    t->decisions.user = user;
    t->decisions.poll_ns = result->poll_ns;
    if (!fill_queues(t)) {
        events_free(t);
        return NULL;
    }
    return t;
}

size_t events_taken(const EventThread *t, unsigned queue)
{
    return t->queues[queue].taken;
}

const EventHandler *events_handlers(const EventThread *t)
{
    return t->handlers;
}

const Replay *events_decisions(const EventThread *t)
{
    return &t->decisions;
}

void events_free(EventThread *t)
{
    if (!t) {
        return;
    }
    for (unsigned k = 0; k < t->load->queue_count; k++) {
        free(t->queues[k].ready_ns);
    }
    in_device_free(&t->device);
    free(t);
}
