#include "requests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWN_AT_ONCE = 1024 };

static bool make_room(Requests *r)
{
    const size_t wanted = r->count + DRAWN_AT_ONCE;

    if (wanted > REQUESTS_KEPT_MAX) {
        r->error = EOVERFLOW;
        return false;
    }
    if (wanted <= r->capacity) {
        return true;
    }
    Request *kept = realloc(r->kept, 2 * wanted * sizeof(*kept));
    if (!kept) {
        r->error = ENOMEM;
        return false;
    }
    r->kept = kept;
    r->capacity = 2 * wanted;
    return true;
}

static bool draw_one(Requests *r)
{
    Request *request = &r->kept[r->count];
    const int64_t next_ns = r->open ? arrival_next_ns(&r->arrival) : 0;

    if (next_ns == ARRIVAL_ENDED) {
        r->limit = r->first + r->count;
        return false;
    }
    r->due_ns += next_ns;
    if (r->due_ns > VIRTUAL_NS_MAX) {
        r->error = ERANGE;
        return false;
    }
    request->due_ns = r->due_ns;
    request->wake_ns = arrival_next_ns(&r->waking);
    request->latency_ns = 0;
    if (r->device) {
        request->latency_ns = arrival_next_ns(&r->latency);
        request->complete_wake_ns = arrival_next_ns(&r->complete_waking);
    }
    r->count++;
    return true;
}

bool requests_draw(Requests *r, size_t number)
{
    while (r->first + r->count <= number) {
        if (r->first + r->count >= r->limit || r->error || !make_room(r)) {
            return false;
        }
        for (unsigned i = 0; i < DRAWN_AT_ONCE && r->first + r->count < r->limit; i++) {
            if (!draw_one(r)) {
                break;
            }
        }
    }
    return true;
}

void requests_forget(Requests *r, size_t number)
{
    const size_t gone = number - r->first;

    if (number <= r->first) {
        return;
    }
    r->count -= gone;
    memmove(r->kept, r->kept + gone, r->count * sizeof(*r->kept));
    r->first = number;
}

void requests_free(Requests *r)
{
    free(r->kept);
    r->kept = NULL;
    r->count = r->capacity = 0;
}
