/* The CPUs that a thread may run on. */
#ifndef IOTHREADD_CPU_MASK_H
#define IOTHREADD_CPU_MASK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { CPU_MASK_CPUS = 1024 };

/* Empty: any. */
typedef struct CpuMask {
    uint64_t bits[CPU_MASK_CPUS / 64];
} CpuMask;

static inline void cpu_mask_add(CpuMask *mask, unsigned cpu)
{
    mask->bits[cpu / 64] |= UINT64_C(1) << cpu % 64;
}

static inline bool cpu_mask_has(const CpuMask *mask, unsigned cpu)
{
    return mask->bits[cpu / 64] >> cpu % 64 & 1;
}

static inline bool cpu_mask_equal(const CpuMask *a, const CpuMask *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static inline bool cpu_mask_empty(const CpuMask *mask)
{
    const CpuMask none = {{0}};

    return cpu_mask_equal(mask, &none);
}

#endif
