/*
 * Eight numbers at once, where the processor can (AVX-512): the rules of polling for them.
 *
 * Elsewhere one at a time is as fast, so that nothing is made of this without LANES_TARGET.
 */
#ifndef IOTHREADD_LAB_LANES_H
#define IOTHREADD_LAB_LANES_H

#include <stdbool.h>
#include <stdint.h>

#include "polling.h"

enum { LANES = 8 };

#define FLAT_INLINE static inline __attribute__((always_inline))

#if defined(__x86_64__) && defined(__GNUC__) && __GNUC__ >= 9 && !defined(__clang__)
#define LANES_TARGET                                                                           \
    __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,prefer-vector-width=512")))

typedef int64_t Lanes __attribute__((vector_size(64)));
typedef uint64_t ULanes __attribute__((vector_size(64)));
typedef double DLanes __attribute__((vector_size(64)));

/*
 * All that work with vectors are of this kind. (GCC takes vectors apart where it compiles for a
 * processor that has none, even in a function that is going to be part of another.)
 */
#define LANES_INLINE LANES_TARGET FLAT_INLINE

/* a where t is true, which is -1 and not 1, otherwise b. */
#define LANES_IF(t, a, b) (((a) & (t)) | ((b) & ~(t)))

#define POLL_INT Lanes
#define POLL_UINT ULanes
#define POLL_TRUTH Lanes
#define POLL_IF(t, a, b) LANES_IF(t, a, b)
#define POLL_NOT(t) (~(t))
#define POLL_RULE(name) lanes_##name
#define POLL_FUNCTION LANES_INLINE
#include "poll_rules.h"

/*
 * -1 in each lane, which the compiler is not to know: of a comparison with it GCC makes a
 * comparison with 0, and does that lane by lane.
 */
LANES_INLINE Lanes lanes_minus_one(void)
{
    Lanes minus_one = (Lanes){0} - 1;

    __asm__("" : "+v"(minus_one));
    return minus_one;
}

static inline bool lanes_are_here(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
}
#else
static inline bool lanes_are_here(void)
{
    return false;
}
#endif

/* One at a time, without the branches that a compiler makes of conditions. */
#define POLL_INT int64_t
#define POLL_UINT uint64_t
#define POLL_TRUTH int64_t
#define POLL_IF(t, a, b) (((a) & -(t)) | ((b) & ~-(t)))
#define POLL_NOT(t) ((t) ^ 1)
#define POLL_RULE(name) flat_##name
#define POLL_FUNCTION FLAT_INLINE
#include "poll_rules.h"

/*
 * A window divided by a divisor, truncated: exact where both are below 2^52, since the quotient of
 * two such doubles is never rounded up to the next whole number.
 */
#define LANES_EXACT_MAX ((int64_t)1 << 52)

#endif
