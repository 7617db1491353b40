/*
 * Modified UTF-8, the encoding of strings inside QEMU: UTF-8 in which C0 80 stands for NUL.
 *
 * Noncharacters (U+FDD0 to U+FDEF and the last two code points of every plane) are no characters
 * here, nor are surrogates. The part of QEMU that shows all this is util/unicode.
 */
#ifndef JSON_MOD_UTF8_H
#define JSON_MOD_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a string may hold this code point. */
static inline bool mod_utf8_is_character(uint32_t code)
{
    return code <= 0x10ffff && (code & 0xfffff800) != 0xd800 && (code & 0xfffe) != 0xfffe &&
           !(code >= 0xfdd0 && code <= 0xfdef);
}

/* How many bytes the sequence at `at` has, and its code point; 0 where it is malformed. */
size_t mod_utf8_decode(const uint8_t *at, const uint8_t *end, uint32_t *code);

/* The same of what is known to be well formed. */
static inline size_t mod_utf8_take(const uint8_t *at, uint32_t *code)
{
    const uint32_t lead = *at;

    if (lead < 0x80) {
        *code = lead;
        return 1;
    }
    if (lead < 0xe0) {
        *code = (lead & 0x1f) << 6 | (at[1] & 0x3f);
        return 2;
    }
    if (lead < 0xf0) {
        *code = (lead & 0xf) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3f);
        return 3;
    }
    *code = (lead & 7) << 18 | (at[1] & 0x3fu) << 12 | (at[2] & 0x3fu) << 6 | (at[3] & 0x3f);
    return 4;
}

/* So many bytes a character has at most. */
enum { MOD_UTF8_MAX = 4 };

/* Write a character, or a surrogate, to `out`; returns where the text goes on. */
uint8_t *mod_utf8_encode(uint32_t code, uint8_t *out);

/*
 * A C string that QEMU prints, as UTF-8: up to a NUL, with U+FFFD for a malformed sequence. Returns
 * its size; writes it to `out` unless that is NULL.
 */
size_t mod_utf8_legible(const uint8_t *at, size_t size, uint8_t *out);

#endif
