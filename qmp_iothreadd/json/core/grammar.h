/* Tokens to nodes, as QEMU's qobject/json-parser: which token may come, and what it stands for. */
#ifndef JSON_GRAMMAR_H
#define JSON_GRAMMAR_H

#include "keys.h"
#include "lexer.h"
#include "nodes.h"
#include "outcomes.h"

/* An object or array that is open. */
typedef struct JsonFrame {
    uint32_t node;
    uint32_t size; /* of an array, so far */
    bool object;
    bool duplicate; /* the key at hand is there before */
    JsonKeys keys;
} JsonFrame;

typedef struct JsonGrammar {
    JsonSecret secret;
    JsonNodes nodes;
    JsonFrame *frames;
    uint32_t depth;
    uint32_t frames_size;
    uint8_t expected; /* see grammar.c */
    JsonRefused refused; /* at the token at hand */
} JsonGrammar;

/* Whether this token may stand here; nodes of what it says. */
JsonOutcome json_grammar_take(JsonGrammar *grammar, const JsonToken *token);

/* Refuse the message for another reason, or for one with a text. */
JsonOutcome json_grammar_refuse(JsonGrammar *grammar, JsonRefusal what);
JsonOutcome json_grammar_refuse_text(JsonGrammar *grammar, JsonRefusal what, const uint8_t *text,
                                     size_t size);

/* Forget the message, and give back what a long one took. */
void json_grammar_clear(JsonGrammar *grammar);
void json_grammar_destroy(JsonGrammar *grammar);

#endif
