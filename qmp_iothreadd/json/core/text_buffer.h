/* A text that grows, and words of it. */
#ifndef JSON_TEXT_BUFFER_H
#define JSON_TEXT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What is kept of each buffer between messages, in bytes; longer ones are given back. */
enum { JSON_KEPT_MAX = 4096 };

typedef struct JsonText {
    uint8_t *data;
    size_t used;
    size_t size;
} JsonText;

/* Room for `more` bytes past the first `used`; false if there is no memory. */
static inline bool json_text_reserve(JsonText *text, size_t used, size_t more)
{
    if (text->size - used >= more) {
        return true;
    }
    size_t size = text->size ? text->size * 2 : 256;
    while (size - used < more) {
        size *= 2;
    }
    uint8_t *data = realloc(text->data, size);
    if (!data) {
        return false;
    }
    text->data = data;
    text->size = size;
    return true;
}

static inline void json_text_clear(JsonText *text)
{
    text->used = 0;
    if (text->size > JSON_KEPT_MAX) {
        free(text->data);
        *text = (JsonText){0};
    }
}

/* Eight bytes at a time: a word of equal bytes, and in which bytes of a word a condition holds. What
 * is said of bytes above (in memory: behind) the first that holds may be wrong. */
#define JSON_WORD(byte) (UINT64_C(0x0101010101010101) * (uint8_t)(byte))
#define JSON_ZERO_BYTES(word) (((word) - JSON_WORD(1)) & ~(word) & JSON_WORD(0x80))
#define JSON_BELOW_SPACE(word) (((word) - JSON_WORD(0x20)) & ~(word) & JSON_WORD(0x80))

static inline uint64_t json_load(const uint8_t *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* How many bytes are before the first that is marked; `marks` is not 0. */
static inline size_t json_before_mark(uint64_t marks)
{
    return (size_t)__builtin_ctzll(marks) / 8;
}

#endif
