#define _GNU_SOURCE
#include "stack.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Stacks are mapped so many at a time, and never unmapped. */
enum { STACKS_PER_MAPPING = 16 };

/* Free stacks beyond these give their memory back. */
enum { WARM_STACKS = 64 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Under the lock: as many entries as there are stacks, so that giving one back cannot fail. */
static void **free_stacks;
static size_t stack_count;
static size_t free_count;

/* Under the lock. Without an access right below each, so that an overflow faults. */
static void map_more(void)
{
    const size_t count = stack_count + STACKS_PER_MAPPING;
    const size_t guard = (size_t)sysconf(_SC_PAGESIZE);
    const size_t stride = guard + STACK_BYTES;
    char *map = mmap(NULL, stride * STACKS_PER_MAPPING, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

    if (map == MAP_FAILED) {
        return;
    }
    void **grown = realloc(free_stacks, count * sizeof(*grown));
    if (!grown) {
        munmap(map, stride * STACKS_PER_MAPPING);
        return;
    }
    free_stacks = grown;
    stack_count = count;
    for (size_t i = 0; i < STACKS_PER_MAPPING; i++) {
        char *stack = map + i * stride + guard;
        if (mprotect(stack, STACK_BYTES, PROT_READ | PROT_WRITE) == 0) {
            free_stacks[free_count++] = stack;
        }
    }
}

void *stack_get(void)
{
    void *stack = NULL;

    pthread_mutex_lock(&lock);
    if (!free_count) {
        map_more();
    }
    if (free_count) {
        stack = free_stacks[--free_count];
    }
    pthread_mutex_unlock(&lock);
    return stack;
}

void stack_put(void *stack)
{
    pthread_mutex_lock(&lock);
    if (free_count >= WARM_STACKS) {
        madvise(stack, STACK_BYTES, MADV_DONTNEED);
    }
    free_stacks[free_count++] = stack;
    pthread_mutex_unlock(&lock);
}
