#include "intervals.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* As many digits as the longest time has, and no more: nothing overflows. */
enum { DIGITS_MAX = 16 };

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r' && c != '\n');
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at)) {
        at++;
    }
    return at;
}

/* The end of the line, past a comment; NULL where there is something else. */
static const char *end_of_line(const char *at, const char *end)
{
    at = skip_blanks(at, end);
    if (at == end || *at == '\n') {
        return at;
    }
    if (*at != '#') {
        return NULL;
    }
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    return newline ? newline : end;
}

/* The number at *at, which is moved behind it; -1 where there is none, or a longer one. */
static int64_t read_number(const char **at, const char *end)
{
    const char *const begin = *at;
    int64_t value = 0;

    while (*at < end && **at >= '0' && **at <= '9' && *at - begin < DIGITS_MAX) {
        value = value * 10 + (*(*at)++ - '0');
    }
    return *at == begin ? -1 : value;
}

int intervals_parse(const char *text, size_t size, int64_t high, int64_t *out, size_t max,
                    Intervals *result)
{
    const char *at = text, *const end = text + size;

    *result = (Intervals){.line = 1};
    for (; at < end; at += at < end, result->line++) {
        at = skip_blanks(at, end);
        const char *const rest = end_of_line(at, end);
        if (rest) {
            at = rest;
            continue;
        }
        const int64_t value = read_number(&at, end);
        at = end_of_line(at, end);
        if (value < 0 || value > high || !at) {
            return -EINVAL;
        }
        if (result->count == max) {
            return -E2BIG;
        }
        out[result->count++] = value;
        result->longest = value > result->longest ? value : result->longest;
    }
    return 0;
}
