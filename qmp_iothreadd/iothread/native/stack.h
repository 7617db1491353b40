/*
 * Stacks for threads, kept for the next one. Leaving them to the C library costs several system
 * calls per thread, and an interrupt of every other CPU when a mapping goes: half of what creating
 * and joining a thread takes.
 */
#ifndef IOTHREADD_STACK_H
#define IOTHREADD_STACK_H

#include <stddef.h>

/* As deep as Python recurses in C, twice over; only what is touched becomes resident. */
enum { STACK_BYTES = 4 * 1024 * 1024 };

/* The lowest usable address, above a page that faults; NULL when there is no memory. */
void *stack_get(void);

/* Once the thread that ran on it is joined. */
void stack_put(void *stack);

#endif
