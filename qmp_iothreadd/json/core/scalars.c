#include "scalars.h"

#include <float.h>

#include "mod_utf8.h"
#include "text_buffer.h"

/* What is being read of a string, and where it goes. */
typedef struct Reading {
    const uint8_t *at;
    const uint8_t *end; /* the closing quote */
    uint8_t *out;
    uint32_t codes;
    bool nul;
} Reading;

/* Move ASCII without escapes. The texts may overlap, and nothing is written where they are one. */
static void move_plain(Reading *text)
{
    const uint8_t *at = text->at;

    while (text->end - at >= 8) {
        const uint64_t word = json_load(at);
        const uint64_t marks =
            JSON_ZERO_BYTES(word ^ JSON_WORD('\\')) | (word & JSON_WORD(0x80));
        if (marks) {
            at += json_before_mark(marks);
            break;
        }
        at += 8;
    }
    while (at < text->end && *at != '\\' && *at < 0x80) {
        at++;
    }
    const size_t size = (size_t)(at - text->at);
    if (size && text->out != text->at) {
        memmove(text->out, text->at, size);
    }
    text->out += size;
    text->at = at;
}

static int hex_digit(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Four hexadecimal digits; beyond all code points where they are not there. */
static uint32_t hex4(const uint8_t *at, const uint8_t *end)
{
    uint32_t code = 0;

    for (int i = 0; i < 4; i++) {
        const int digit = at + i < end ? hex_digit(at[i]) : -1;
        if (digit < 0) {
            return UINT32_MAX;
        }
        code = code << 4 | (uint32_t)digit;
    }
    return code;
}

/* The character of the \u at `at`, and how many bytes say it; what is none is beyond all. */
static uint32_t unicode_escape(const uint8_t *at, const uint8_t *end, size_t *size)
{
    uint32_t code = hex4(at + 2, end);

    *size = 6;
    if (code >= 0xd800 && code <= 0xdbff && end - at >= 8 && at[6] == '\\' && at[7] == 'u') {
        const uint32_t low = hex4(at + 8, end);
        if (low >= 0xdc00 && low <= 0xdfff) {
            code = 0x10000 + ((code & 0x3ff) << 10 | (low & 0x3ff));
            *size = 12;
        }
    }
    return mod_utf8_is_character(code) ? code : UINT32_MAX;
}

/* Take the escape at hand. */
static JsonStringFault take_escape(Reading *text, const uint8_t **wrong, size_t *wrong_size)
{
    static const uint8_t meanings[256] = {
        ['"'] = '"',  ['\''] = '\'', ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
        ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r',  ['t'] = '\t',
    };
    const uint8_t *const at = text->at;
    const uint8_t meaning = meanings[at[1]];

    if (meaning) {
        *text->out++ = meaning;
        text->at += 2;
        return JSON_STRING_FINE;
    }
    if (at[1] != 'u') {
        return JSON_STRING_ESCAPE;
    }
    size_t size;
    const size_t left = (size_t)(text->end + 1 - at); /* with the quote */
    const uint32_t code = unicode_escape(at, text->end, &size);
    if (code == UINT32_MAX) {
        *wrong = at;
        *wrong_size = size < left ? size : left;
        return JSON_STRING_CHARACTER;
    }
    text->codes |= code;
    text->nul |= code == 0;
    text->out = mod_utf8_encode(code, text->out);
    text->at += size;
    return JSON_STRING_FINE;
}

JsonStringFault json_string(const uint8_t *token, size_t size, uint8_t *out, JsonString *result,
                            const uint8_t **wrong, size_t *wrong_size)
{
    Reading text = {token + 1, token + size - 1, out, 0, false};

    for (;;) {
        move_plain(&text);
        if (text.at == text.end) {
            break;
        }
        if (*text.at == '\\') {
            const JsonStringFault fault = take_escape(&text, wrong, wrong_size);
            if (fault) {
                return fault;
            }
            continue;
        }
        uint32_t code;
        const size_t length = mod_utf8_decode(text.at, text.end, &code);
        if (!length) {
            return JSON_STRING_UTF8;
        }
        text.codes |= code;
        text.nul |= code == 0;
        for (size_t i = 0; i < length; i++) {
            *text.out++ = *text.at++;
        }
    }
    *result = (JsonString){(size_t)(text.out - out), text.codes, text.nul};
    return JSON_STRING_FINE;
}

/* So many digits, or a sign and one less, always fit. */
enum { DIGITS_SAFE = 18 };

JsonWidth json_integer(const uint8_t *text, size_t size, uint64_t *value)
{
    const bool negative = text[0] == '-';
    uint64_t number = 0;

    if (size <= DIGITS_SAFE) {
        for (size_t i = negative; i < size; i++) {
            number = number * 10 + (uint64_t)(text[i] - '0');
        }
        *value = negative ? 0 - number : number;
        return JSON_INT64;
    }
    if (size > 20) { /* as many digits as the largest has */
        return JSON_INEXACT;
    }
    for (size_t i = negative; i < size; i++) {
        if (__builtin_mul_overflow(number, UINT64_C(10), &number) ||
            __builtin_add_overflow(number, (uint64_t)(text[i] - '0'), &number)) {
            return JSON_INEXACT;
        }
    }
    if (negative) {
        *value = 0 - number;
        return number <= UINT64_C(1) << 63 ? JSON_INT64 : JSON_INEXACT;
    }
    *value = number;
    return number <= INT64_MAX ? JSON_INT64 : JSON_UINT64;
}

/* A number's digits, without point and leading zeros, and its power of ten. */
typedef struct Decimal {
    uint64_t digits;
    int count; /* of digits */
    int exponent;
} Decimal;

enum { DIGITS_MAX = 19, EXPONENT_MAX = 9999 };

/* The exponent that stands from `at` on, which begins with an e. */
static int read_exponent(const uint8_t *at, const uint8_t *end)
{
    const bool negative = at[1] == '-';
    int exponent = 0;

    for (at += 1 + (at[1] == '-' || at[1] == '+'); at < end; at++) {
        exponent = exponent < EXPONENT_MAX ? exponent * 10 + (*at - '0') : exponent;
    }
    return negative ? -exponent : exponent;
}

/* Take the digits at hand: those from the first that is not zero are counted. */
static const uint8_t *read_digits(const uint8_t *at, const uint8_t *end, Decimal *decimal)
{
    uint64_t digits = decimal->digits;
    int count = decimal->count;

    for (; at < end && (uint8_t)(*at - '0') < 10 && count <= DIGITS_MAX; at++) {
        digits = digits * 10 + (uint64_t)(*at - '0');
        count += count || *at != '0';
    }
    decimal->digits = digits;
    decimal->count = count;
    return at;
}

/* False where there are too many digits. */
static bool read_decimal(const uint8_t *at, const uint8_t *end, Decimal *decimal)
{
    *decimal = (Decimal){0};
    at = read_digits(at, end, decimal);
    if (at < end && *at == '.') {
        const uint8_t *const fraction = ++at;
        at = read_digits(at, end, decimal);
        if (at - fraction > EXPONENT_MAX) {
            return false;
        }
        decimal->exponent = (int)(fraction - at);
    }
    if (decimal->count > DIGITS_MAX) {
        return false;
    }
    if (at < end) {
        decimal->exponent += read_exponent(at, end);
    }
    return true;
}

bool json_double(const uint8_t *text, size_t size, double *value)
{
#if FLT_EVAL_METHOD == 0
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const bool negative = text[0] == '-';
    Decimal decimal;

    /* Both are exact as doubles, so that one operation rounds once. */
    if (!read_decimal(text + negative, text + size, &decimal) ||
        decimal.digits > UINT64_C(1) << 53 || decimal.exponent > 22 || decimal.exponent < -22) {
        return false;
    }
    double number = (double)decimal.digits;
    number = decimal.exponent < 0 ? number / powers[-decimal.exponent]
                                  : number * powers[decimal.exponent];
    *value = negative ? -number : number;
    return true;
#else
    (void)text, (void)size, (void)value;
    return false;
#endif
}
