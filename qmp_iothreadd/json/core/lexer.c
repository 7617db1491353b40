#include "lexer.h"

/* States, named after what has been read. Those of a string are the first. */
enum {
    DQ_STRING,
    SQ_STRING,
    DQ_ESCAPE,
    SQ_ESCAPE,
    START,
    SIGN,
    ZERO,
    DIGITS,
    POINT,
    FRACTION,
    EXP,
    EXP_SIGN,
    EXP_DIGITS,
    WORD,
    RECOVERY,
    RESUMED, /* as START, but a token that begins here keeps the position of the oversized one */
    STATES,
};

/* A step: the next state or, with one of these flags, the kind of the token that ends here. */
enum {
    EMIT = 0x20,        /* with this byte */
    EMIT_BEFORE = 0x40, /* before this byte, which is then read again */
    WRONG = EMIT | JSON_STRAY,
    NEXT = 0x80, /* nothing ends, and this byte is read again: the recovery is over */
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"

#define DIGIT(step) ['0' ... '9'] = (step)
#define IN_STRING(state, escape, quote) \
    [0 ... 0xff] = WRONG, [0x20 ... 0xfd] = (state), ['\\'] = (escape), [quote] = EMIT | JSON_STRING
#define IN_ESCAPE(state) [0 ... 0xff] = WRONG, [0x20 ... 0xfd] = (state)
#define BEGINNING \
    [0 ... 0xff] = WRONG, [' '] = START, ['\t'] = START, ['\r'] = START, ['\n'] = START, \
    ['"'] = DQ_STRING, ['\''] = SQ_STRING, ['-'] = SIGN, ['0'] = ZERO, ['1' ... '9'] = DIGITS, \
    ['a' ... 'z'] = WORD, ['{'] = EMIT | JSON_LCURLY, ['}'] = EMIT | JSON_RCURLY, \
    ['['] = EMIT | JSON_LSQUARE, [']'] = EMIT | JSON_RSQUARE, [':'] = EMIT | JSON_COLON, \
    [','] = EMIT | JSON_COMMA

static const uint8_t steps[STATES][256] = {
    [DQ_STRING] = {IN_STRING(DQ_STRING, DQ_ESCAPE, '"')},
    [SQ_STRING] = {IN_STRING(SQ_STRING, SQ_ESCAPE, '\'')},
    [DQ_ESCAPE] = {IN_ESCAPE(DQ_STRING)},
    [SQ_ESCAPE] = {IN_ESCAPE(SQ_STRING)},
    [START] = {BEGINNING},
    [SIGN] = {[0 ... 0xff] = WRONG, DIGIT(DIGITS), ['0'] = ZERO},
    [ZERO] = {[0 ... 0xff] = EMIT_BEFORE | JSON_INTEGER, DIGIT(WRONG), ['.'] = POINT},
    [DIGITS] = {[0 ... 0xff] = EMIT_BEFORE | JSON_INTEGER, DIGIT(DIGITS), ['.'] = POINT,
                ['e'] = EXP, ['E'] = EXP},
    [POINT] = {[0 ... 0xff] = WRONG, DIGIT(FRACTION)},
    [FRACTION] = {[0 ... 0xff] = EMIT_BEFORE | JSON_FLOAT, DIGIT(FRACTION), ['e'] = EXP,
                  ['E'] = EXP},
    [EXP] = {[0 ... 0xff] = WRONG, DIGIT(EXP_DIGITS), ['+'] = EXP_SIGN, ['-'] = EXP_SIGN},
    [EXP_SIGN] = {[0 ... 0xff] = WRONG, DIGIT(EXP_DIGITS)},
    [EXP_DIGITS] = {[0 ... 0xff] = EMIT_BEFORE | JSON_FLOAT, DIGIT(EXP_DIGITS)},
    [WORD] = {[0 ... 0xff] = EMIT_BEFORE | JSON_KEYWORD, ['a' ... 'z'] = WORD},
    [RECOVERY] = {[0 ... 0xff] = RECOVERY, [0 ... 0x1f] = NEXT, ['\t'] = RECOVERY, ['['] = NEXT,
                  [']'] = NEXT, ['{'] = NEXT, ['}'] = NEXT, [':'] = NEXT, [','] = NEXT,
                  [0xfe ... 0xff] = NEXT},
    [RESUMED] = {BEGINNING},
};

#pragma GCC diagnostic pop

void json_lexer_init(JsonLexer *lexer, JsonText *text, size_t size_max)
{
    *lexer = (JsonLexer){.state = START, .text = text, .size_max = size_max};
}

static void skip_space(JsonLexer *lexer, JsonInput *in)
{
    const uint8_t *at = in->at;

    while (at < in->end && steps[START][*at] == START) {
        lexer->column++;
        if (*at++ == '\n') {
            lexer->line++;
            lexer->column = 0;
        }
        lexer->skew = 0;
    }
    in->at = at;
}

static void skip_recovery(JsonLexer *lexer, JsonInput *in)
{
    const uint8_t *at = in->at;

    while (at < in->end && steps[RECOVERY][*at] == RECOVERY) {
        at++;
    }
    lexer->column += (uint64_t)(at - in->at);
    in->at = at;
    if (at < in->end) {
        lexer->state = START;
        lexer->skew = 1;
    }
}

static void begin_token(JsonLexer *lexer)
{
    lexer->token_line = lexer->line + 1;
    lexer->token_column = lexer->column + 1 + lexer->skew;
    lexer->skew = 0;
}

/* The first byte that may not be an ordinary one of a string in these quotes. */
static inline const uint8_t *skip_ordinary(const uint8_t *at, const uint8_t *stop, uint8_t quote)
{
    while (stop - at >= 8) {
        const uint64_t word = json_load(at);
        const uint64_t marks = JSON_ZERO_BYTES(word ^ JSON_WORD(quote)) |
                               JSON_ZERO_BYTES(word ^ JSON_WORD('\\')) | JSON_BELOW_SPACE(word) |
                               JSON_ZERO_BYTES(~word & JSON_WORD(0xfe));
        if (marks) {
            return at + json_before_mark(marks);
        }
        at += 8;
    }
    return at;
}

/* The first byte that is not plain in these quotes: a quote, an escape, a control, not ASCII. */
static inline const uint8_t *skip_plain(const uint8_t *at, const uint8_t *stop, uint8_t quote)
{
    while (stop - at >= 8) {
        const uint64_t word = json_load(at);
        const uint64_t marks = JSON_ZERO_BYTES(word ^ JSON_WORD(quote)) |
                               JSON_ZERO_BYTES(word ^ JSON_WORD('\\')) | JSON_BELOW_SPACE(word) |
                               (word & JSON_WORD(0x80));
        if (marks) {
            return at + json_before_mark(marks);
        }
        at += 8;
    }
    while (at < stop && *at != quote && *at != '\\' && *at >= 0x20 && *at < 0x80) {
        at++;
    }
    return at;
}

/* Go through the token at hand to its end, or to `stop`: the step that ends it, else a state. */
static unsigned run(JsonInput *in, const uint8_t *stop, unsigned state)
{
    const uint8_t *at = in->at;

    while (at < stop) {
        if (state <= SQ_STRING) {
            at = skip_ordinary(at, stop, state == DQ_STRING ? '"' : '\'');
            if (at == stop) {
                break;
            }
        }
        const unsigned step = steps[state][*at];
        if (step >= EMIT) {
            in->at = at + !(step & EMIT_BEFORE);
            return step;
        }
        state = step;
        at++;
    }
    in->at = at;
    return state;
}

/* Keep what this piece has of a token that began in it or before, if it is wanted. */
static void store(JsonLexer *lexer, const uint8_t *begin, size_t size)
{
    JsonText *text = lexer->text;

    if (lexer->failed || lexer->size + size >= lexer->room) {
        return;
    }
    if (!json_text_reserve(text, text->used + lexer->size, size)) {
        lexer->failed = true;
        return;
    }
    memcpy(text->data + text->used + lexer->size, begin, size);
}

static JsonKind emit(JsonLexer *lexer, JsonToken *token, unsigned kind)
{
    lexer->state = kind == JSON_STRAY ? RECOVERY : kind == JSON_OVERSIZED ? RESUMED : START;
    lexer->size = 0;
    token->kind = (JsonKind)kind;
    return token->kind;
}

/* The token ends, with the last `size` bytes from `begin`. */
static JsonKind finish(JsonLexer *lexer, JsonToken *token, unsigned step, const uint8_t *begin,
                       size_t size)
{
    token->stored = lexer->size > 0;
    token->size = lexer->size + size;
    token->text = begin;
    if (token->size >= lexer->room) {
        token->text = NULL;
    } else if (token->stored) {
        store(lexer, begin, size);
        token->text = lexer->failed ? NULL : lexer->text->data + lexer->text->used;
    }
    lexer->skew = step & EMIT_BEFORE ? 1 : 0;
    return emit(lexer, token, step & ~(unsigned)(EMIT | EMIT_BEFORE));
}

/* Read on in a token. */
static JsonKind read_token(JsonLexer *lexer, JsonInput *in, JsonToken *token)
{
    const uint8_t *const begin = in->at;
    const size_t left = lexer->size_max + 1 - lexer->size; /* with this byte it is oversized */
    const uint8_t *const stop = (size_t)(in->end - begin) > left ? begin + left : in->end;
    const unsigned step = run(in, stop, lexer->state);
    const size_t size = (size_t)(in->at - begin);

    lexer->column += size;
    if (step >= EMIT) {
        if (size && begin[size - 1] == '\n') { /* as a stray one */
            lexer->line++;
            lexer->column = 0;
        }
        return finish(lexer, token, step, begin, size);
    }
    if (lexer->size + size > lexer->size_max) {
        *token = (JsonToken){.size = lexer->size_max};
        return emit(lexer, token, JSON_OVERSIZED);
    }
    store(lexer, begin, size);
    lexer->size += size;
    lexer->state = (uint8_t)step;
    return JSON_NONE;
}

/* A token that ends with its first byte, by this step. */
static JsonKind take_single(JsonLexer *lexer, JsonInput *in, JsonToken *token, unsigned step)
{
    token->text = in->at++;
    token->size = 1;
    token->stored = false;
    lexer->column++;
    return emit(lexer, token, step ^ EMIT);
}

/* A string that is nothing but ASCII without escapes, if all of that is here. */
static JsonKind take_plain(JsonLexer *lexer, JsonInput *in, JsonToken *token)
{
    const uint8_t quote = *in->at;
    const uint8_t *const end = skip_plain(in->at + 1, in->end, quote);
    const size_t size = (size_t)(end - in->at) + 1;

    if (end == in->end || *end != quote || size > lexer->size_max || size >= lexer->room) {
        return JSON_NONE;
    }
    token->text = in->at;
    token->size = size;
    token->stored = false;
    token->plain = true;
    token->kind = JSON_STRING;
    lexer->column += size;
    in->at = end + 1;
    return JSON_STRING;
}

/* An integer that does not begin with a zero or a sign, if all of it and what ends it is here. */
static JsonKind take_digits(JsonLexer *lexer, JsonInput *in, JsonToken *token)
{
    const uint8_t *at = in->at;
    unsigned step;

    do {
        if (++at == in->end) {
            return JSON_NONE;
        }
        step = steps[DIGITS][*at];
    } while (step == DIGITS);
    const size_t size = (size_t)(at - in->at);
    if (step != (EMIT_BEFORE | JSON_INTEGER) || size > lexer->size_max || size >= lexer->room) {
        return JSON_NONE;
    }
    token->text = in->at;
    token->size = size;
    token->stored = false;
    token->kind = JSON_INTEGER;
    lexer->column += size;
    lexer->skew = 1;
    in->at = at;
    return JSON_INTEGER;
}

JsonKind json_lex(JsonLexer *lexer, JsonInput *in, JsonToken *token)
{
    token->plain = false;
    if (lexer->state == RECOVERY) {
        skip_recovery(lexer, in);
    }
    if (lexer->state == RESUMED && in->at < in->end && steps[START][*in->at] == START) {
        lexer->state = START;
    }
    if (lexer->state == START) {
        skip_space(lexer, in);
        if (in->at == in->end) {
            return JSON_NONE;
        }
        begin_token(lexer);
        const unsigned step = steps[START][*in->at];
        if (step >= EMIT) {
            return take_single(lexer, in, token, step);
        }
        if (step <= SQ_STRING && take_plain(lexer, in, token)) {
            return JSON_STRING;
        }
        if (step == DIGITS && take_digits(lexer, in, token)) {
            return JSON_INTEGER;
        }
    }
    return in->at < in->end ? read_token(lexer, in, token) : JSON_NONE;
}

JsonKind json_lex_end(JsonLexer *lexer, JsonToken *token)
{
    const unsigned state = lexer->state;

    if (state != START && state != RECOVERY && state != RESUMED) {
        /* As if a byte that nobody consumes stood at the end. */
        const unsigned kind = steps[state][0] & ~(unsigned)(EMIT | EMIT_BEFORE);
        return finish(lexer, token, EMIT_BEFORE | kind, lexer->text->data, 0);
    }
    if (state == RECOVERY) {
        lexer->skew = 1;
    }
    begin_token(lexer);
    *token = (JsonToken){0};
    return emit(lexer, token, JSON_END);
}
