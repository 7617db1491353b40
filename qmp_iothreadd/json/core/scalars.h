/* What the texts of strings and numbers stand for. */
#ifndef JSON_SCALARS_H
#define JSON_SCALARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A string's text is replaced by what it stands for, in modified UTF-8, which is never longer.
 * `text` is the token, quotes included; `out` may be in it, at text + 1 or before.
 */
typedef struct JsonString {
    size_t size;
    uint32_t codes; /* all code points, or-ed */
    bool nul;       /* it holds one, as two bytes */
} JsonString;

typedef enum JsonStringFault {
    JSON_STRING_FINE,
    JSON_STRING_ESCAPE,    /* one that there is not */
    JSON_STRING_UTF8,      /* a malformed sequence */
    JSON_STRING_CHARACTER, /* \u of what is no character: `wrong` and `wrong_size` are the text */
} JsonStringFault;

JsonStringFault json_string(const uint8_t *text, size_t size, uint8_t *out, JsonString *result,
                            const uint8_t **wrong, size_t *wrong_size);

/* How an integer is held; JSON_INEXACT: by a double. */
typedef enum JsonWidth {
    JSON_INT64,
    JSON_UINT64,
    JSON_INEXACT,
} JsonWidth;

JsonWidth json_integer(const uint8_t *text, size_t size, uint64_t *value);

/* The double that a number of JSON is, where a few operations give it exactly; else false. */
bool json_double(const uint8_t *text, size_t size, double *value);

#endif
