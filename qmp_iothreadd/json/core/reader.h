/*
 * Bytes to messages, as QEMU's qobject/json-streamer and json-parser: limits, grammar, and what
 * follows an error. It is pushed, and can stop at any byte and after any token.
 *
 * A message's first error is told at once. What follows is dropped: up to where all braces and all
 * brackets, which are counted apart, are closed; up to one that closes and was not open; or up to a
 * lexical error, which is dropped as well.
 *
 * Memory: the text of a message below the limit of size, and 16 bytes for each of its values and
 * keys; with room to grow, no more than twice that.
 */
#ifndef JSON_READER_H
#define JSON_READER_H

#include "keys.h"
#include "lexer.h"
#include "nodes.h"

typedef struct JsonLimits {
    size_t size;   /* bytes in a message's tokens, and in one token */
    size_t tokens; /* in a message */
    size_t depth;  /* braces and brackets that are open */
} JsonLimits;

/* QEMU's own. */
#define JSON_LIMITS ((JsonLimits){.size = 64 << 20, .tokens = 2 << 20, .depth = 1 << 10})

/*
 * What is refused: the functions of qmp_iothreadd/errors/json.py that say so, and what they take:
 * nothing, the line and the column of a token, or a text as well.
 */
#define JSON_REFUSALS(X) \
    X(json_token_size, "") \
    X(json_token_count, "") \
    X(json_nesting_depth, "") \
    X(json_premature_end, "KK") \
    X(json_stray, "KKO") \
    X(json_value_expected, "KK") \
    X(json_key_expected, "KK") \
    X(json_colon_expected, "KK") \
    X(json_member_end_expected, "KK") \
    X(json_element_end_expected, "KK") \
    X(json_duplicate_key, "KK") \
    X(json_invalid_keyword, "KKO") \
    X(json_invalid_escape, "KK") \
    X(json_invalid_utf8, "KK") \
    X(json_invalid_character, "KKO")

typedef enum JsonRefusal {
#define JSON_REFUSAL_VALUE(name, arguments) refusal_##name,
    JSON_REFUSALS(JSON_REFUSAL_VALUE)
#undef JSON_REFUSAL_VALUE
} JsonRefusal;

typedef enum JsonOutcome {
    JSON_UNFINISHED, /* more input is needed, or more tokens than were to be read */
    JSON_VALUE,      /* `nodes` are one */
    JSON_REFUSED,    /* `refused` says what */
    JSON_NO_MEMORY,  /* the message is dropped */
} JsonOutcome;

/* An object or array that is open. */
typedef struct JsonFrame {
    uint32_t node;
    uint32_t size; /* of an array, so far */
    bool object;
    bool duplicate; /* the key at hand is there before */
    JsonKeys keys;
} JsonFrame;

typedef struct JsonReader {
    JsonLimits limits;
    JsonSecret secret;
    JsonLexer lexer;
    JsonNodes nodes;
    JsonFrame *frames;
    uint32_t depth;
    uint32_t frames_size;
    uint8_t expected; /* see reader.c */
    bool dropping;
    size_t braces;
    size_t brackets;
    size_t count; /* of tokens in this message */
    size_t size;  /* bytes in them */
    struct {
        JsonRefusal what;
        const uint8_t *text; /* until the message is cleared, or its input goes */
        size_t size;
    } refused; /* at the token at hand of `lexer` */
} JsonReader;

/* In place: the reader may not be moved. */
void json_reader_init(JsonReader *reader, const JsonLimits *limits, const JsonSecret *secret);
void json_reader_destroy(JsonReader *reader);

/* Read on, at most `tokens` of them, which are counted down. After another outcome than
 * JSON_UNFINISHED, json_reader_clear before more is read. */
JsonOutcome json_read(JsonReader *reader, JsonInput *in, size_t *tokens);

/* The same at the end of all input; `more` is whether to call it again for more of what it has. */
JsonOutcome json_read_end(JsonReader *reader, bool *more);

/* Forget the message that was told of. */
void json_reader_clear(JsonReader *reader);

#endif
