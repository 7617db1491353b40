#include "keys.h"

static uint64_t rotate(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static void mix(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32) + v[3];
    v[2] += v[1];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

/* SipHash-1-3, as Python's own dictionaries have it. */
static uint64_t hash(const uint8_t *text, size_t size, const JsonSecret *secret)
{
    uint64_t v[4] = {
        secret->words[0] ^ UINT64_C(0x736f6d6570736575),
        secret->words[1] ^ UINT64_C(0x646f72616e646f6d),
        secret->words[0] ^ UINT64_C(0x6c7967656e657261),
        secret->words[1] ^ UINT64_C(0x7465646279746573),
    };
    uint64_t rest = (uint64_t)size << 56;

    for (; size >= 8; text += 8, size -= 8) {
        const uint64_t word = json_load(text);
        v[3] ^= word;
        mix(v);
        v[0] ^= word;
    }
    for (size_t i = 0; i < size; i++) {
        rest |= (uint64_t)text[i] << 8 * i;
    }
    v[3] ^= rest;
    mix(v);
    v[0] ^= rest;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++) {
        mix(v);
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static bool same(const JsonNodes *nodes, uint32_t a, uint32_t b)
{
    const JsonNode *const left = &nodes->data[a], *const right = &nodes->data[b];

    return left->mark == right->mark && left->size == right->size &&
           memcmp(json_node_text(nodes, left), json_node_text(nodes, right), left->size) == 0;
}

/* Where the key is in the table, or where it belongs. */
static uint32_t *find(const JsonKeys *keys, const JsonNodes *nodes, uint32_t key,
                      const JsonSecret *secret)
{
    const JsonNode *const node = &nodes->data[key];
    uint32_t i = (uint32_t)hash(json_node_text(nodes, node), node->size, secret);

    for (;; i++) {
        uint32_t *const slot = &keys->slots[i & (keys->size - 1)];
        if (*slot == JSON_NO_NODE || same(nodes, *slot, key)) {
            return slot;
        }
    }
}

/* Make a table of which at most half is in use, of the keys that are there. */
static bool make_table(JsonKeys *keys, const JsonNodes *nodes, const JsonSecret *secret)
{
    const uint32_t size = keys->count * 4;
    uint32_t *const slots = malloc(size * sizeof(*slots));

    if (!slots) {
        return false;
    }
    memset(slots, 0xff, size * sizeof(*slots));
    free(keys->slots);
    keys->slots = slots;
    keys->size = size;
    for (uint32_t key = keys->last; key != JSON_NO_NODE; key = nodes->data[key].previous) {
        *find(keys, nodes, key, secret) = key;
    }
    return true;
}

static bool is_listed(const JsonKeys *keys, const JsonNodes *nodes, uint32_t key)
{
    uint32_t each = keys->last;

    while (each != JSON_NO_NODE && !same(nodes, each, key)) {
        each = nodes->data[each].previous;
    }
    return each != JSON_NO_NODE;
}

JsonKeyFate json_keys_add(JsonKeys *keys, JsonNodes *nodes, uint32_t key, const JsonSecret *secret)
{
    if (keys->count >= JSON_KEYS_LISTED) {
        const bool full = keys->count * 2 >= keys->size;
        /* As often as their number doubles, and that is a power of two. */
        if (full && !make_table(keys, nodes, secret)) {
            return JSON_KEY_NO_MEMORY;
        }
        uint32_t *const slot = find(keys, nodes, key, secret);
        if (*slot != JSON_NO_NODE) {
            return JSON_KEY_DUPLICATE;
        }
        *slot = key;
    } else if (is_listed(keys, nodes, key)) {
        return JSON_KEY_DUPLICATE;
    }
    nodes->data[key].previous = keys->last;
    keys->last = key;
    keys->count++;
    return JSON_KEY_NEW;
}

void json_keys_clear(JsonKeys *keys)
{
    free(keys->slots);
    *keys = (JsonKeys){.last = JSON_NO_NODE};
}
