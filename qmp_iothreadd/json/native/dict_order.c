/* The order of a dictionary's members: QEMU's qobject/qdict picks chains by the hash of TDB. */
#include "dict_order.h"

#include "../core/mod_utf8.h"

enum {
    CHAINS = 512,
    FEW = 24, /* up to so many members, moving them beats counting */
};

/* The hash of a key's bytes, as they come. */
typedef struct Hash {
    uint32_t sum, shift, size;
} Hash;

static inline void add_byte(Hash *hash, uint32_t byte)
{
    hash->sum += byte << hash->shift;
    hash->shift = hash->shift < 19 ? hash->shift + 5 : hash->shift - 19; /* index * 5 % 24 */
    hash->size++;
}

/* QEMU's form of a character is what is hashed: of a surrogate, too. */
static void add_character(Hash *hash, Py_UCS4 c)
{
    uint8_t bytes[MOD_UTF8_MAX];
    const uint8_t *const end = mod_utf8_encode(c, bytes);

    for (const uint8_t *each = bytes; each < end; each++) {
        add_byte(hash, *each);
    }
}

uint32_t dict_bucket(PyObject *key)
{
    const int kind = PyUnicode_KIND(key);
    const void *data = PyUnicode_DATA(key);
    const Py_ssize_t length = PyUnicode_GET_LENGTH(key);
    Hash hash = {0};

    for (Py_ssize_t i = 0; i < length; i++) {
        const Py_UCS4 c = PyUnicode_READ(kind, data, i);

        if (c && c < 0x80) {
            add_byte(&hash, c);
        } else {
            add_character(&hash, c);
        }
    }
    return (1103515243 * (hash.sum + 0x238F13AF * hash.size) + 12345) % CHAINS;
}

static void sort_few(DictMember *members, Py_ssize_t count)
{
    for (Py_ssize_t i = 1; i < count; i++) {
        const DictMember member = members[i];
        Py_ssize_t place = i;

        while (place && members[place - 1].bucket < member.bucket) {
            members[place] = members[place - 1];
            place--;
        }
        members[place] = member;
    }
}

static bool sort_many(DictMember *members, Py_ssize_t count)
{
    DictMember *copy = PyMem_Malloc((size_t)count * sizeof(*copy));
    Py_ssize_t end[CHAINS] = {0};

    if (!copy) {
        PyErr_NoMemory();
        return false;
    }
    memcpy(copy, members, (size_t)count * sizeof(*copy));
    for (Py_ssize_t i = 0; i < count; i++) {
        end[copy[i].bucket]++;
    }
    for (int i = CHAINS - 2; i >= 0; i--) {
        end[i] += end[i + 1];
    }
    for (Py_ssize_t i = count; i--;) {
        members[--end[copy[i].bucket]] = copy[i];
    }
    PyMem_Free(copy);
    return true;
}

bool dict_sort(DictMember *members, Py_ssize_t count)
{
    if (count > FEW) {
        return sort_many(members, count);
    }
    sort_few(members, count);
    return true;
}
