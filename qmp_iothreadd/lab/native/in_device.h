/* The requests that a simulated device is at: a heap, from which the next to complete is taken. */
#ifndef IOTHREADD_LAB_IN_DEVICE_H
#define IOTHREADD_LAB_IN_DEVICE_H

#include <stddef.h>
#include <stdint.h>

enum { IN_DEVICE_MAX = 1 << 20 };

typedef struct Completion {
    int64_t at_ns, due_ns, wake_ns;
    unsigned queue;
} Completion;

typedef struct InDevice {
    Completion *first; /* of `count`, the next to complete */
    size_t count, room;
} InDevice;

/* Returns 0; EOVERFLOW with IN_DEVICE_MAX already; ENOMEM. */
int in_device_add(InDevice *device, Completion added);

/* The next to complete; there has to be one. */
Completion in_device_take(InDevice *device);

void in_device_free(InDevice *device);

#endif
