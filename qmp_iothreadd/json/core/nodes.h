/* A message as a list of nodes, in the order of its text: no tree, and nothing of Python's. */
#ifndef JSON_NODES_H
#define JSON_NODES_H

#include "text_buffer.h"

typedef enum JsonNodeKind {
    JSON_NODE_OBJECT, /* `size`: how many keys follow, each with its value after it */
    JSON_NODE_ARRAY,  /* `size`: how many values follow */
    JSON_NODE_KEY,
    JSON_NODE_STRING,
    JSON_NODE_INT64,
    JSON_NODE_UINT64,
    JSON_NODE_DOUBLE,
    JSON_NODE_NUMERAL, /* a double that is still a text, with a zero after it */
    JSON_NODE_TRUE,
    JSON_NODE_FALSE,
    JSON_NODE_NULL,
} JsonNodeKind;

/* The widest character of a text. */
typedef enum JsonCharacters {
    JSON_ASCII,
    JSON_LATIN1,
    JSON_UCS2,
    JSON_UCS4,
} JsonCharacters;

typedef struct JsonNode {
    uint8_t kind;
    uint8_t characters;
    bool nul;      /* the text holds one */
    uint8_t mark;  /* of a key: some bits of its cheap hash */
    uint32_t size; /* of a text in bytes; of an object or array see above */
    union {
        int64_t integer;
        uint64_t natural;
        double number;
        struct {
            uint32_t offset;   /* of the text */
            uint32_t previous; /* of a key: the one before it in its object */
        };
    };
} JsonNode;

#define JSON_NO_NODE UINT32_MAX

typedef struct JsonNodes {
    JsonNode *data;
    uint32_t used;
    uint32_t size;
    JsonText text; /* in modified UTF-8 */
} JsonNodes;

static inline const uint8_t *json_node_text(const JsonNodes *nodes, const JsonNode *node)
{
    return nodes->text.data + node->offset;
}

/* A cheap hash of some of the bytes of a text: to find it again, not to keep others from it. */
static inline uint32_t json_cheap_hash(const uint8_t *text, size_t size)
{
    uint64_t first = 0, last = 0;

    if (size >= 8) {
        memcpy(&first, text, 8);
        memcpy(&last, text + size - 8, 8);
    } else if (size) {
        first = text[0] | (uint64_t)text[size / 2] << 8 | (uint64_t)text[size - 1] << 16;
        last = size > 3 ? text[1] | (uint64_t)text[size - 2] << 8 : 0;
    }
    const uint64_t mixed = (first ^ (last << 23 | last >> 41) ^ size) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(mixed >> 40);
}

#endif
