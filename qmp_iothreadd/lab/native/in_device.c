#include "in_device.h"

#include <errno.h>
#include <stdlib.h>

static int make_room(InDevice *d)
{
    const size_t room = d->room ? 2 * d->room : 64;

    if (d->count < d->room) {
        return 0;
    }
    if (room > IN_DEVICE_MAX) {
        return EOVERFLOW;
    }
    Completion *first = realloc(d->first, room * sizeof(*first));
    if (!first) {
        return ENOMEM;
    }
    d->first = first;
    d->room = room;
    return 0;
}

int in_device_add(InDevice *d, Completion added)
{
    const int error = make_room(d);

    if (error) {
        return error;
    }
    size_t at = d->count++;
    while (at && d->first[(at - 1) / 2].at_ns > added.at_ns) {
        d->first[at] = d->first[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    d->first[at] = added;
    return 0;
}

Completion in_device_take(InDevice *d)
{
    const Completion taken = d->first[0], last = d->first[--d->count];
    size_t at = 0;

    for (size_t next = 1; next < d->count; next = 2 * at + 1) {
        next += next + 1 < d->count && d->first[next + 1].at_ns < d->first[next].at_ns;
        if (d->first[next].at_ns >= last.at_ns) {
            break;
        }
        d->first[at] = d->first[next];
        at = next;
    }
    d->first[at] = last;
    return taken;
}

void in_device_free(InDevice *d)
{
    free(d->first);
    d->first = NULL;
    d->count = d->room = 0;
}
