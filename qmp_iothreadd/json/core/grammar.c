#include "grammar.h"

#include "mod_utf8.h"
#include "scalars.h"

/* What may come next. */
enum {
    VALUE,
    FIRST_ELEMENT, /* a value, or the end of an empty array */
    KEY,
    FIRST_KEY, /* a key, or the end of an empty object */
    COLON,
    AFTER_VALUE, /* a comma, or the end of the object or array */
};

/* How many keys and values are kept room for between messages. */
enum { NODES_KEPT_MAX = JSON_KEPT_MAX / sizeof(JsonNode), FRAMES_KEPT_MAX = 16 };

void json_grammar_clear(JsonGrammar *grammar)
{
    JsonNodes *nodes = &grammar->nodes;

    while (grammar->depth) {
        json_keys_clear(&grammar->frames[--grammar->depth].keys);
    }
    grammar->expected = VALUE;
    nodes->used = 0;
    json_text_clear(&nodes->text);
    if (nodes->size > NODES_KEPT_MAX) {
        free(nodes->data);
        nodes->data = NULL;
        nodes->size = 0;
    }
    if (grammar->frames_size > FRAMES_KEPT_MAX) {
        free(grammar->frames);
        grammar->frames = NULL;
        grammar->frames_size = 0;
    }
}

void json_grammar_destroy(JsonGrammar *grammar)
{
    json_grammar_clear(grammar);
    free(grammar->nodes.text.data);
    free(grammar->nodes.data);
    free(grammar->frames);
}

JsonOutcome json_grammar_refuse(JsonGrammar *grammar, JsonRefusal what)
{
    grammar->refused.what = what;
    return JSON_REFUSED;
}

JsonOutcome json_grammar_refuse_text(JsonGrammar *grammar, JsonRefusal what, const uint8_t *text,
                                     size_t size)
{
    grammar->refused.text = text;
    grammar->refused.size = size;
    return json_grammar_refuse(grammar, what);
}

/* A new node at the end; NULL if there is no memory. */
static JsonNode *add_node(JsonNodes *nodes, JsonNodeKind kind)
{
    if (nodes->used == nodes->size) {
        const uint32_t size = nodes->size ? nodes->size * 2 : 32;
        JsonNode *const data = realloc(nodes->data, size * sizeof(*data));
        if (!data) {
            return NULL;
        }
        nodes->data = data;
        nodes->size = size;
    }
    JsonNode *const node = &nodes->data[nodes->used++];
    node->kind = (uint8_t)kind;
    node->size = 0;
    return node;
}

/* A value is complete, but for being the member of something. */
static JsonOutcome complete(JsonGrammar *grammar)
{
    if (!grammar->depth) {
        return JSON_VALUE;
    }
    JsonFrame *const frame = &grammar->frames[grammar->depth - 1];
    if (frame->duplicate) {
        return json_grammar_refuse(grammar, refusal_json_duplicate_key);
    }
    frame->size++;
    grammar->expected = AFTER_VALUE;
    return JSON_UNFINISHED;
}

static JsonOutcome open_container(JsonGrammar *grammar, bool object)
{
    if (grammar->depth == grammar->frames_size) {
        const uint32_t size = grammar->frames_size ? grammar->frames_size * 2 : 4;
        JsonFrame *const frames = realloc(grammar->frames, size * sizeof(*frames));
        if (!frames) {
            return JSON_NO_MEMORY;
        }
        grammar->frames = frames;
        grammar->frames_size = size;
    }
    if (!add_node(&grammar->nodes, object ? JSON_NODE_OBJECT : JSON_NODE_ARRAY)) {
        return JSON_NO_MEMORY;
    }
    grammar->frames[grammar->depth++] = (JsonFrame){
        .node = grammar->nodes.used - 1,
        .object = object,
        .keys = {.last = JSON_NO_NODE},
    };
    grammar->expected = object ? FIRST_KEY : FIRST_ELEMENT;
    return JSON_UNFINISHED;
}

static JsonOutcome close_container(JsonGrammar *grammar)
{
    JsonFrame *const frame = &grammar->frames[--grammar->depth];

    grammar->nodes.data[frame->node].size = frame->size;
    json_keys_clear(&frame->keys);
    return complete(grammar);
}

/* The text of a string becomes a node. */
static JsonOutcome add_text(JsonGrammar *grammar, JsonNodeKind kind, const JsonToken *token)
{
    static const JsonRefusal refusals[] = {
        [JSON_STRING_ESCAPE] = refusal_json_invalid_escape,
        [JSON_STRING_UTF8] = refusal_json_invalid_utf8,
        [JSON_STRING_CHARACTER] = refusal_json_invalid_character,
    };
    JsonText *const text = &grammar->nodes.text;
    JsonString string;
    const uint8_t *wrong = NULL;
    size_t wrong_size = 0;

    if (!token->stored && !json_text_reserve(text, text->used, token->size)) {
        return JSON_NO_MEMORY;
    }
    uint8_t *const out = text->data + text->used + token->stored; /* past the quote */
    JsonStringFault fault = JSON_STRING_FINE;
    if (token->plain) {
        string = (JsonString){.size = token->size - 2};
        memcpy(out, token->text + 1, string.size);
    } else {
        fault = json_string(token->text, token->size, out, &string, &wrong, &wrong_size);
    }
    if (fault) {
        return json_grammar_refuse_text(grammar, refusals[fault], wrong, wrong_size);
    }
    JsonNode *const node = add_node(&grammar->nodes, kind);
    if (!node) {
        return JSON_NO_MEMORY;
    }
    node->characters = string.codes < 0x80      ? JSON_ASCII
                       : string.codes < 0x100   ? JSON_LATIN1
                       : string.codes < 0x10000 ? JSON_UCS2
                                                : JSON_UCS4;
    node->nul = string.nul;
    node->size = (uint32_t)string.size;
    node->offset = (uint32_t)(out - text->data);
    text->used = node->offset + string.size;
    return JSON_UNFINISHED;
}

static JsonOutcome add_key(JsonGrammar *grammar, const JsonToken *token)
{
    JsonFrame *const frame = &grammar->frames[grammar->depth - 1];
    JsonNodes *const nodes = &grammar->nodes;
    const JsonOutcome outcome = add_text(grammar, JSON_NODE_KEY, token);

    if (outcome) {
        return outcome;
    }
    JsonNode *const node = &nodes->data[nodes->used - 1];
    node->mark = (uint8_t)json_cheap_hash(json_node_text(nodes, node), node->size);
    switch (json_keys_add(&frame->keys, nodes, nodes->used - 1, &grammar->secret)) {
    case JSON_KEY_NO_MEMORY:
        return JSON_NO_MEMORY;
    case JSON_KEY_DUPLICATE: /* which is said where its value ends */
        frame->duplicate = true;
        break;
    case JSON_KEY_NEW:
        break;
    }
    grammar->expected = COLON;
    return JSON_UNFINISHED;
}

/* A number that only Python's own reading gives exactly: its text, and a zero behind it. */
static JsonOutcome add_numeral(JsonGrammar *grammar, const JsonToken *token)
{
    JsonText *const text = &grammar->nodes.text;

    if (!json_text_reserve(text, text->used, token->size + 1)) {
        return JSON_NO_MEMORY;
    }
    if (!token->stored) {
        memcpy(text->data + text->used, token->text, token->size);
    }
    text->data[text->used + token->size] = 0;
    JsonNode *const node = add_node(&grammar->nodes, JSON_NODE_NUMERAL);
    if (!node) {
        return JSON_NO_MEMORY;
    }
    node->size = (uint32_t)token->size;
    node->offset = (uint32_t)text->used;
    text->used += token->size + 1;
    return complete(grammar);
}

static JsonOutcome add_number(JsonGrammar *grammar, const JsonToken *token)
{
    uint64_t natural = 0;
    double number = 0;
    JsonNodeKind kind = JSON_NODE_DOUBLE;

    if (token->kind == JSON_INTEGER) {
        const JsonWidth width = json_integer(token->text, token->size, &natural);
        if (width == JSON_INEXACT) {
            return add_numeral(grammar, token);
        }
        kind = width == JSON_INT64 ? JSON_NODE_INT64 : JSON_NODE_UINT64;
    } else if (!json_double(token->text, token->size, &number)) {
        return add_numeral(grammar, token);
    }
    JsonNode *const node = add_node(&grammar->nodes, kind);
    if (!node) {
        return JSON_NO_MEMORY;
    }
    if (kind == JSON_NODE_DOUBLE) {
        node->number = number;
    } else {
        node->natural = natural;
    }
    return complete(grammar);
}

static JsonOutcome add_keyword(JsonGrammar *grammar, const JsonToken *token)
{
    static const struct {
        const char *text;
        JsonNodeKind kind;
    } keywords[] = {
        {"true", JSON_NODE_TRUE}, {"false", JSON_NODE_FALSE}, {"null", JSON_NODE_NULL}};

    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (token->size == strlen(keywords[i].text) &&
            memcmp(token->text, keywords[i].text, token->size) == 0) {
            return add_node(&grammar->nodes, keywords[i].kind) ? complete(grammar) : JSON_NO_MEMORY;
        }
    }
    return json_grammar_refuse_text(grammar, refusal_json_invalid_keyword, token->text,
                                    token->size);
}

static JsonOutcome take_value(JsonGrammar *grammar, const JsonToken *token)
{
    JsonOutcome outcome;

    switch (token->kind) {
    case JSON_LCURLY:
    case JSON_LSQUARE:
        return open_container(grammar, token->kind == JSON_LCURLY);
    case JSON_RSQUARE:
        if (grammar->expected == FIRST_ELEMENT) {
            return close_container(grammar);
        }
        break;
    case JSON_STRING:
        outcome = add_text(grammar, JSON_NODE_STRING, token);
        return outcome ? outcome : complete(grammar);
    case JSON_INTEGER:
    case JSON_FLOAT:
        return add_number(grammar, token);
    case JSON_KEYWORD:
        return add_keyword(grammar, token);
    default:
        break;
    }
    return json_grammar_refuse(grammar, refusal_json_value_expected);
}

static JsonOutcome take_after_value(JsonGrammar *grammar, JsonKind kind)
{
    const bool object = grammar->frames[grammar->depth - 1].object;

    if (kind == JSON_COMMA) {
        grammar->expected = object ? KEY : VALUE;
        return JSON_UNFINISHED;
    }
    if (kind == (object ? JSON_RCURLY : JSON_RSQUARE)) {
        return close_container(grammar);
    }
    return json_grammar_refuse(grammar, object ? refusal_json_member_end_expected
                                               : refusal_json_element_end_expected);
}

JsonOutcome json_grammar_take(JsonGrammar *grammar, const JsonToken *token)
{
    switch (grammar->expected) {
    case VALUE:
    case FIRST_ELEMENT:
        return take_value(grammar, token);
    case AFTER_VALUE:
        return take_after_value(grammar, token->kind);
    case COLON:
        if (token->kind != JSON_COLON) {
            return json_grammar_refuse(grammar, refusal_json_colon_expected);
        }
        grammar->expected = VALUE;
        return JSON_UNFINISHED;
    default:
        if (token->kind == JSON_STRING) {
            return add_key(grammar, token);
        }
        if (token->kind == JSON_RCURLY && grammar->expected == FIRST_KEY) {
            return close_container(grammar);
        }
        return json_grammar_refuse(grammar, refusal_json_key_expected);
    }
}
