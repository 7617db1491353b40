#include "reader.h"

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

void json_reader_init(JsonReader *reader, const JsonLimits *limits, const JsonSecret *secret)
{
    *reader = (JsonReader){.limits = *limits, .secret = *secret};
    json_lexer_init(&reader->lexer, &reader->nodes.text, limits->size);
}

void json_reader_destroy(JsonReader *reader)
{
    json_reader_clear(reader);
    free(reader->nodes.text.data);
    free(reader->nodes.data);
    free(reader->frames);
}

void json_reader_clear(JsonReader *reader)
{
    JsonNodes *nodes = &reader->nodes;

    while (reader->depth) {
        json_keys_clear(&reader->frames[--reader->depth].keys);
    }
    reader->expected = VALUE;
    nodes->used = 0;
    json_text_clear(&nodes->text);
    if (nodes->size > NODES_KEPT_MAX) {
        free(nodes->data);
        nodes->data = NULL;
        nodes->size = 0;
    }
    if (reader->frames_size > FRAMES_KEPT_MAX) {
        free(reader->frames);
        reader->frames = NULL;
        reader->frames_size = 0;
    }
}

static JsonOutcome refuse(JsonReader *reader, JsonRefusal what)
{
    reader->refused.what = what;
    return JSON_REFUSED;
}

static JsonOutcome refuse_text(JsonReader *reader, JsonRefusal what, const uint8_t *text,
                               size_t size)
{
    reader->refused.text = text;
    reader->refused.size = size;
    return refuse(reader, what);
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
static JsonOutcome complete(JsonReader *reader)
{
    if (!reader->depth) {
        return JSON_VALUE;
    }
    JsonFrame *const frame = &reader->frames[reader->depth - 1];
    if (frame->duplicate) {
        return refuse(reader, refusal_json_duplicate_key);
    }
    frame->size++;
    reader->expected = AFTER_VALUE;
    return JSON_UNFINISHED;
}

static JsonOutcome open_container(JsonReader *reader, bool object)
{
    if (reader->depth == reader->frames_size) {
        const uint32_t size = reader->frames_size ? reader->frames_size * 2 : 4;
        JsonFrame *const frames = realloc(reader->frames, size * sizeof(*frames));
        if (!frames) {
            return JSON_NO_MEMORY;
        }
        reader->frames = frames;
        reader->frames_size = size;
    }
    if (!add_node(&reader->nodes, object ? JSON_NODE_OBJECT : JSON_NODE_ARRAY)) {
        return JSON_NO_MEMORY;
    }
    reader->frames[reader->depth++] = (JsonFrame){
        .node = reader->nodes.used - 1,
        .object = object,
        .keys = {.last = JSON_NO_NODE},
    };
    reader->expected = object ? FIRST_KEY : FIRST_ELEMENT;
    return JSON_UNFINISHED;
}

static JsonOutcome close_container(JsonReader *reader)
{
    JsonFrame *const frame = &reader->frames[--reader->depth];

    reader->nodes.data[frame->node].size = frame->size;
    json_keys_clear(&frame->keys);
    return complete(reader);
}

/* The text of a string becomes a node. */
static JsonOutcome add_text(JsonReader *reader, JsonNodeKind kind, const JsonToken *token)
{
    static const JsonRefusal refusals[] = {
        [JSON_STRING_ESCAPE] = refusal_json_invalid_escape,
        [JSON_STRING_UTF8] = refusal_json_invalid_utf8,
        [JSON_STRING_CHARACTER] = refusal_json_invalid_character,
    };
    JsonText *const text = &reader->nodes.text;
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
        return refuse_text(reader, refusals[fault], wrong, wrong_size);
    }
    JsonNode *const node = add_node(&reader->nodes, kind);
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

static JsonOutcome add_key(JsonReader *reader, const JsonToken *token)
{
    JsonFrame *const frame = &reader->frames[reader->depth - 1];
    JsonNodes *const nodes = &reader->nodes;
    const JsonOutcome outcome = add_text(reader, JSON_NODE_KEY, token);

    if (outcome) {
        return outcome;
    }
    JsonNode *const node = &nodes->data[nodes->used - 1];
    node->mark = (uint8_t)json_cheap_hash(json_node_text(nodes, node), node->size);
    switch (json_keys_add(&frame->keys, nodes, nodes->used - 1, &reader->secret)) {
    case JSON_KEY_NO_MEMORY:
        return JSON_NO_MEMORY;
    case JSON_KEY_DUPLICATE: /* which is said where its value ends */
        frame->duplicate = true;
        break;
    case JSON_KEY_NEW:
        break;
    }
    reader->expected = COLON;
    return JSON_UNFINISHED;
}

/* A number that only Python's own reading gives exactly: its text, and a zero behind it. */
static JsonOutcome add_numeral(JsonReader *reader, const JsonToken *token)
{
    JsonText *const text = &reader->nodes.text;

    if (!json_text_reserve(text, text->used, token->size + 1)) {
        return JSON_NO_MEMORY;
    }
    if (!token->stored) {
        memcpy(text->data + text->used, token->text, token->size);
    }
    text->data[text->used + token->size] = 0;
    JsonNode *const node = add_node(&reader->nodes, JSON_NODE_NUMERAL);
    if (!node) {
        return JSON_NO_MEMORY;
    }
    node->size = (uint32_t)token->size;
    node->offset = (uint32_t)text->used;
    text->used += token->size + 1;
    return complete(reader);
}

static JsonOutcome add_number(JsonReader *reader, const JsonToken *token)
{
    uint64_t natural = 0;
    double number = 0;
    JsonNodeKind kind = JSON_NODE_DOUBLE;

    if (token->kind == JSON_INTEGER) {
        const JsonWidth width = json_integer(token->text, token->size, &natural);
        if (width == JSON_INEXACT) {
            return add_numeral(reader, token);
        }
        kind = width == JSON_INT64 ? JSON_NODE_INT64 : JSON_NODE_UINT64;
    } else if (!json_double(token->text, token->size, &number)) {
        return add_numeral(reader, token);
    }
    JsonNode *const node = add_node(&reader->nodes, kind);
    if (!node) {
        return JSON_NO_MEMORY;
    }
    if (kind == JSON_NODE_DOUBLE) {
        node->number = number;
    } else {
        node->natural = natural;
    }
    return complete(reader);
}

static JsonOutcome add_keyword(JsonReader *reader, const JsonToken *token)
{
    static const struct {
        const char *text;
        JsonNodeKind kind;
    } keywords[] = {
        {"true", JSON_NODE_TRUE}, {"false", JSON_NODE_FALSE}, {"null", JSON_NODE_NULL}};

    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (token->size == strlen(keywords[i].text) &&
            memcmp(token->text, keywords[i].text, token->size) == 0) {
            return add_node(&reader->nodes, keywords[i].kind) ? complete(reader) : JSON_NO_MEMORY;
        }
    }
    return refuse_text(reader, refusal_json_invalid_keyword, token->text, token->size);
}

static JsonOutcome take_value(JsonReader *reader, const JsonToken *token)
{
    JsonOutcome outcome;

    switch (token->kind) {
    case JSON_LCURLY:
    case JSON_LSQUARE:
        return open_container(reader, token->kind == JSON_LCURLY);
    case JSON_RSQUARE:
        if (reader->expected == FIRST_ELEMENT) {
            return close_container(reader);
        }
        break;
    case JSON_STRING:
        outcome = add_text(reader, JSON_NODE_STRING, token);
        return outcome ? outcome : complete(reader);
    case JSON_INTEGER:
    case JSON_FLOAT:
        return add_number(reader, token);
    case JSON_KEYWORD:
        return add_keyword(reader, token);
    default:
        break;
    }
    return refuse(reader, refusal_json_value_expected);
}

static JsonOutcome take_after_value(JsonReader *reader, JsonKind kind)
{
    const bool object = reader->frames[reader->depth - 1].object;

    if (kind == JSON_COMMA) {
        reader->expected = object ? KEY : VALUE;
        return JSON_UNFINISHED;
    }
    if (kind == (object ? JSON_RCURLY : JSON_RSQUARE)) {
        return close_container(reader);
    }
    return refuse(reader, object ? refusal_json_member_end_expected
                                 : refusal_json_element_end_expected);
}

/* Whether this token may stand here; nodes of what it says. */
static JsonOutcome parse(JsonReader *reader, const JsonToken *token)
{
    switch (reader->expected) {
    case VALUE:
    case FIRST_ELEMENT:
        return take_value(reader, token);
    case AFTER_VALUE:
        return take_after_value(reader, token->kind);
    case COLON:
        if (token->kind != JSON_COLON) {
            return refuse(reader, refusal_json_colon_expected);
        }
        reader->expected = VALUE;
        return JSON_UNFINISHED;
    default:
        if (token->kind == JSON_STRING) {
            return add_key(reader, token);
        }
        if (token->kind == JSON_RCURLY && reader->expected == FIRST_KEY) {
            return close_container(reader);
        }
        return refuse(reader, refusal_json_key_expected);
    }
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
    if (reader->size >= reader->limits.size) {
        return refuse(reader, refusal_json_token_size);
    }
    if (reader->count > reader->limits.tokens) {
        return refuse(reader, refusal_json_token_count);
    }
    if (reader->braces + reader->brackets > reader->limits.depth) {
        return refuse(reader, refusal_json_nesting_depth);
    }
    if (token->kind == JSON_END) {
        return reader->depth ? refuse(reader, refusal_json_premature_end) : JSON_UNFINISHED;
    }
    if (reader->lexer.failed) {
        return JSON_NO_MEMORY;
    }
    if (token->kind == JSON_STRAY) {
        return refuse_text(reader, refusal_json_stray, token->text, token->size);
    }
    return parse(reader, token);
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
