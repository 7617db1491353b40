#include "mod_utf8.h"

#include <string.h>

static const uint8_t replacement[] = {0xef, 0xbf, 0xbd};

/* How many bytes a lead byte asks for: forms of five and six as well, which are malformed. */
static size_t sequence_size(uint8_t lead)
{
    if (lead < 0xc0 || lead >= 0xfe) {
        return 1;
    }
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : lead < 0xfc ? 5 : 6;
}

size_t mod_utf8_decode(const uint8_t *at, const uint8_t *end, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const size_t size = sequence_size(*at);

    if (*at < 0x80) {
        *code = *at;
        return 1;
    }
    if (size == 1 || size > 4 || (size_t)(end - at) < size) {
        return 0;
    }
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    mod_utf8_take(at, code);
    const bool proper = *code >= least[size] || (*code == 0 && size == 2);
    return proper && mod_utf8_is_character(*code) ? size : 0;
}

uint8_t *mod_utf8_encode(uint32_t code, uint8_t *out)
{
    if (code && code < 0x80) {
        *out++ = (uint8_t)code;
    } else if (code < 0x800) { /* and NUL */
        *out++ = (uint8_t)(0xc0 | code >> 6);
        *out++ = (uint8_t)(0x80 | (code & 0x3f));
    } else {
        if (code < 0x10000) {
            *out++ = (uint8_t)(0xe0 | code >> 12);
        } else {
            *out++ = (uint8_t)(0xf0 | code >> 18);
            *out++ = (uint8_t)(0x80 | (code >> 12 & 0x3f));
        }
        *out++ = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        *out++ = (uint8_t)(0x80 | (code & 0x3f));
    }
    return out;
}

size_t mod_utf8_legible(const uint8_t *at, size_t size, uint8_t *out)
{
    const uint8_t *const nul = size ? memchr(at, 0, size) : NULL;
    const uint8_t *const end = nul ? nul : at + size;
    size_t written = 0;

    while (at < end) {
        const size_t most = sequence_size(*at);
        const uint8_t *shown = at;
        size_t length = 1, shown_size;
        uint32_t code;

        while (length < most && at + length < end && (at[length] & 0xc0) == 0x80) {
            length++;
        }
        shown_size = mod_utf8_decode(at, at + length, &code);
        if (!shown_size) {
            shown = replacement;
            shown_size = sizeof(replacement);
        } else if (!code) {
            shown = (const uint8_t *)"";
            shown_size = 1;
        }
        if (out) {
            memcpy(out + written, shown, shown_size);
        }
        written += shown_size;
        at += length;
    }
    return written;
}
