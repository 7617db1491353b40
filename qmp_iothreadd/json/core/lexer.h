/* Bytes to tokens, as QEMU's qobject/json-lexer: a state machine that can stop at any byte. */
#ifndef JSON_LEXER_H
#define JSON_LEXER_H

#include "text_buffer.h"

typedef enum JsonKind {
    JSON_NONE, /* more input is needed */
    JSON_LCURLY,
    JSON_RCURLY,
    JSON_LSQUARE,
    JSON_RSQUARE,
    JSON_COLON,
    JSON_COMMA,
    JSON_STRING,
    JSON_INTEGER,
    JSON_FLOAT,
    JSON_KEYWORD,
    JSON_STRAY,     /* ends with the byte that fits nowhere */
    JSON_OVERSIZED, /* the limit's bytes and one of a token; what follows is read as if it began there */
    JSON_END,
} JsonKind;

/* A piece of input: what has not been read of it. */
typedef struct JsonInput {
    const uint8_t *at;
    const uint8_t *end;
} JsonInput;

typedef struct JsonToken {
    JsonKind kind;
    const uint8_t *text; /* until the next token; NULL where there was no room for it */
    size_t size;
    bool stored; /* whether the text lies behind what is used of the lexer's */
    bool plain;  /* a string of ASCII without escapes; false where nobody looked */
} JsonToken;

typedef struct JsonLexer {
    uint8_t state;
    /*
     * QEMU takes the column of a token from the byte after the one that ended the token before. A
     * number, a keyword and a recovery end only with the byte that follows them, so this is one too
     * many when that byte is itself the beginning of a token.
     */
    uint8_t skew;
    uint64_t line;
    uint64_t column;      /* of the byte that comes next; both from 0 */
    uint64_t token_line;  /* of the token at hand; both from 1 */
    uint64_t token_column;
    size_t size_max;      /* of a token */
    size_t size;          /* of the token at hand, what earlier pieces had of it */
    size_t room;          /* a token of so many bytes is not wanted any more, and not stored */
    JsonText *text;       /* beyond its `used`: the text from earlier pieces */
    bool failed;          /* there was no memory for a text; it is told with the token */
} JsonLexer;

void json_lexer_init(JsonLexer *lexer, JsonText *text, size_t size_max);

/* The next token, or JSON_NONE when the piece is used up. */
JsonKind json_lex(JsonLexer *lexer, JsonInput *in, JsonToken *token);

/* The same where no more input comes: a token cut off ends as it is, then a JSON_END follows. */
JsonKind json_lex_end(JsonLexer *lexer, JsonToken *token);

#endif
