/* What a generator's thread does for a workload: issues requests, lets its device complete them. */
#include "engine_int.h"
#include "workload_int.h"

/* At most so many requests of one workload before the generator looks at the next one. */
enum { ISSUE_BATCH = 64 };

/*
 * What home does is looked for so long, spinning, since it did something; then now and then, and
 * after a second (a disk may be paused) more rarely.
 */
enum { LOOK_SPIN_NS = 100 * 1000, LOOK_SLEEP_NS = 200 * 1000 };
enum { LOOK_LONG_NS = 1000 * 1000 * 1000, LOOK_LONG_SLEEP_NS = 5 * 1000 * 1000 };

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static uint64_t issued(Workload *w)
{
    return atomic_load_explicit(&w->ring.available, memory_order_relaxed);
}

static void count_late(Workload *w, int64_t late_ns)
{
    if (late_ns <= WORKLOAD_LATE_NS) {
        return;
    }
    stats_add(&w->late, 1);
    if (late_ns > atomic_load_explicit(&w->late_max_ns, memory_order_relaxed)) {
        atomic_store_explicit(&w->late_max_ns, late_ns, memory_order_relaxed);
    }
}

static void see_used(Workload *w, int64_t now_ns)
{
    const uint64_t used = atomic_load_explicit(&w->used, memory_order_acquire);

    if (used != w->used_seen) {
        w->used_seen = used;
        w->active_ns = now_ns;
    }
}

static bool is_full(Workload *w, int64_t now_ns)
{
    const uint64_t limit = w->depth ? w->depth : WORKLOAD_RING_SIZE;

    if (issued(w) - w->used_seen < limit) {
        return false;
    }
    see_used(w, now_ns);
    return issued(w) - w->used_seen >= limit;
}

static void issue(Workload *w, int64_t due_ns)
{
    const int64_t now_ns = aio_clock_ns();

    count_late(w, now_ns - due_ns);
    if (w->disk) {
        workload_disk_issue(w->disk, issued(w) % WORKLOAD_RING_SIZE);
    }
    workload_ring_put(&w->ring, (RingEntry){due_ns, due_ns});
    w->active_ns = now_ns;
}

/* ---- requests that arrive ---- */

/* INT64_MAX once no more come. */
static int64_t after(Workload *w, int64_t from_ns)
{
    const int64_t interval_ns = arrival_next_ns(&w->arrival);

    return interval_ns < 0 ? INT64_MAX : from_ns + interval_ns;
}

/* Returns when the next one is due; a closed loop at its depth waits for a completion first. */
static int64_t issue_arrivals(Workload *w, int64_t now_ns)
{
    if (!w->due_ns) {
        w->due_ns = after(w, now_ns);
    }
    for (unsigned i = 0; i < ISSUE_BATCH && w->due_ns <= now_ns; i++) {
        const bool full = is_full(w, now_ns);
        if (full && w->depth) {
            w->held = true;
            return INT64_MAX;
        }
        if (w->held) {
            w->due_ns = now_ns; /* it waited for a completion: that is not late */
            w->held = false;
        }
        if (full) {
            stats_add(&w->dropped, 1);
        } else {
            issue(w, w->due_ns);
        }
        /* An open loop keeps its times, so that falling behind is made up for and seen. */
        w->due_ns = after(w, w->depth ? now_ns : w->due_ns);
    }
    return w->due_ns;
}

/* ---- a closed loop that thinks ---- */

/* Each place in the loop that is free again waits for its time; the first ones do not. */
static void begin_to_think(Workload *w, int64_t now_ns)
{
    const int64_t due_ns = w->due_ns ? now_ns + w->think_ns : now_ns;

    w->due_ns = due_ns;
    while (issued(w) - w->used_seen + (w->thought_in - w->thought_out) < w->depth) {
        w->thinking[w->thought_in++ % WORKLOAD_RING_SIZE] = due_ns;
    }
}

static int64_t issue_thought(Workload *w, int64_t now_ns)
{
    see_used(w, now_ns);
    begin_to_think(w, now_ns);
    while (w->thought_out != w->thought_in) {
        const int64_t due_ns = w->thinking[w->thought_out % WORKLOAD_RING_SIZE];
        if (due_ns > now_ns) {
            return due_ns;
        }
        w->thought_out++;
        issue(w, due_ns);
    }
    return INT64_MAX;
}

/* ---- the device ---- */

static int64_t complete_due(Workload *w, int64_t now_ns)
{
    RingEntry entry;

    if (workload_device_collect(w->device)) {
        w->active_ns = now_ns;
    }
    while (workload_device_pop(w->device, now_ns, &entry)) {
        const int64_t put_ns = aio_clock_ns();
        count_late(w, put_ns - entry.entered_ns);
        workload_ring_put(&w->device->completions, entry);
        w->active_ns = put_ns;
    }
    return workload_device_next_ns(w->device);
}

/* ---- looking at home ---- */

/* Whether what comes next depends on home, and home has anything to do. */
static bool waits_for_home(Workload *w)
{
    if (!w->device) {
        return (w->held || w->think_ns) && issued(w) != w->used_seen;
    }
    return issued(w) != w->device->collected ||
           ((w->held || w->think_ns) &&
            workload_ring_available(&w->device->completions) != w->used_seen);
}

static int64_t look_again(const Workload *w, int64_t now_ns)
{
    const int64_t idle_ns = now_ns - w->active_ns;

    if (idle_ns < LOOK_SPIN_NS) {
        return now_ns;
    }
    return now_ns + (idle_ns < LOOK_LONG_NS ? LOOK_SLEEP_NS : LOOK_LONG_SLEEP_NS);
}

int64_t workload_generate(Workload *w, int64_t now_ns)
{
    int64_t next_ns = w->device ? complete_due(w, now_ns) : INT64_MAX;

    next_ns = earlier(next_ns,
                      w->think_ns ? issue_thought(w, now_ns) : issue_arrivals(w, now_ns));
    return waits_for_home(w) ? earlier(next_ns, look_again(w, now_ns)) : next_ns;
}
