/* The keys of an object that is being read, of which each may be there once. */
#ifndef JSON_KEYS_H
#define JSON_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nodes.h"

/* A few keys are compared one by one; from this many on they are in a table. */
enum { JSON_KEYS_LISTED = 8 };

typedef struct JsonKeys {
    uint32_t count;
    uint32_t last;   /* the node of the newest key; each has that of the one before */
    uint32_t *slots; /* nodes, and JSON_NO_NODE; NULL where there is no table */
    uint32_t size;   /* of the table, a power of two */
} JsonKeys;

/* What nobody can foresee, so that nobody makes keys that meet in the table. */
typedef struct JsonSecret {
    uint64_t words[2];
} JsonSecret;

typedef enum JsonKeyFate {
    JSON_KEY_NEW,
    JSON_KEY_DUPLICATE,
    JSON_KEY_NO_MEMORY,
} JsonKeyFate;

/* Add the key in the node `key`. */
JsonKeyFate json_keys_add(JsonKeys *keys, JsonNodes *nodes, uint32_t key, const JsonSecret *secret);

void json_keys_clear(JsonKeys *keys);

#endif
