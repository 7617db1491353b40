#include "reader.h"

void json_reader_init(JsonReader *reader, const JsonLimits *limits, const JsonSecret *secret)
{
    *reader = (JsonReader){.limits = *limits, .grammar.secret = *secret};
    json_lexer_init(&reader->lexer, &reader->grammar.nodes.text, limits->size);
}

void json_reader_destroy(JsonReader *reader)
{
    json_grammar_destroy(&reader->grammar);
}

void json_reader_clear(JsonReader *reader)
{
    json_grammar_clear(&reader->grammar);
}

static void balance(JsonReader *reader, JsonKind kind)
{
    if (kind == JSON_LCURLY) {
        reader->braces++;
    } else if (kind == JSON_LSQUARE) {
        reader->brackets++;
    } else if (kind == JSON_RCURLY && reader->braces) {
        reader->braces--;
    } else if (kind == JSON_RSQUARE && reader->brackets) {
        reader->brackets--;
    } else {
        reader->braces = reader->brackets = 0;
    }
}

static JsonOutcome judge(JsonReader *reader, const JsonToken *token)
{
    JsonGrammar *const grammar = &reader->grammar;

    if (reader->size >= reader->limits.size) {
        return json_grammar_refuse(grammar, refusal_json_token_size);
    }
    if (reader->count > reader->limits.tokens) {
        return json_grammar_refuse(grammar, refusal_json_token_count);
    }
    if (reader->braces + reader->brackets > reader->limits.depth) {
        return json_grammar_refuse(grammar, refusal_json_nesting_depth);
    }
    if (token->kind == JSON_END) {
        return grammar->depth ? json_grammar_refuse(grammar, refusal_json_premature_end)
                              : JSON_UNFINISHED;
    }
    if (reader->lexer.failed) {
        return JSON_NO_MEMORY;
    }
    if (token->kind == JSON_STRAY) {
        return json_grammar_refuse_text(grammar, refusal_json_stray, token->text, token->size);
    }
    return json_grammar_take(grammar, token);
}

static JsonOutcome take(JsonReader *reader, const JsonToken *token)
{
    JsonOutcome outcome = JSON_UNFINISHED;

    reader->count++;
    reader->size += token->size;
    if (token->kind <= JSON_RSQUARE || token->kind == JSON_STRAY) {
        balance(reader, token->kind);
    }
    if (!reader->dropping) {
        outcome = judge(reader, token);
        reader->dropping = outcome == JSON_REFUSED || outcome == JSON_NO_MEMORY;
    }
    reader->lexer.failed = false;
    if (!(reader->braces | reader->brackets) || token->kind == JSON_END) {
        reader->dropping = false;
        reader->braces = reader->brackets = reader->count = reader->size = 0;
    }
    return outcome;
}

/* The bytes of a token at which there is no need of its text. */
static size_t room(const JsonReader *reader)
{
    return reader->dropping || reader->size >= reader->limits.size
               ? 0
               : reader->limits.size - reader->size;
}

JsonOutcome json_read(JsonReader *reader, JsonInput *in, size_t *tokens)
{
    JsonToken token;

    while (*tokens) {
        reader->lexer.room = room(reader);
        if (json_lex(&reader->lexer, in, &token) == JSON_NONE) {
            break;
        }
        --*tokens;
        const JsonOutcome outcome = take(reader, &token);
        if (outcome) {
            return outcome;
        }
    }
    return JSON_UNFINISHED;
}

JsonOutcome json_read_end(JsonReader *reader, bool *more)
{
    JsonToken token;

    reader->lexer.room = room(reader);
    *more = json_lex_end(&reader->lexer, &token) != JSON_END;
    return take(reader, &token);
}
