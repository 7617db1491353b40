/*
 * Bytes to messages, as QEMU's qobject/json-streamer: limits, and what follows an error. It is
 * pushed, and can stop at any byte and after any token.
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

#include "grammar.h"

typedef struct JsonLimits {
    size_t size;   /* bytes in a message's tokens, and in one token */
    size_t tokens; /* in a message */
    size_t depth;  /* braces and brackets that are open */
} JsonLimits;

/* QEMU's own. */
#define JSON_LIMITS ((JsonLimits){.size = 64 << 20, .tokens = 2 << 20, .depth = 1 << 10})

typedef struct JsonReader {
    JsonLimits limits;
    JsonLexer lexer;
    JsonGrammar grammar;
    bool dropping;
    size_t braces;
    size_t brackets;
    size_t count; /* of tokens in this message */
    size_t size;  /* bytes in them */
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
