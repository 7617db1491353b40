/* Nodes to Python's values. */
#ifndef JSON_VALUES_H
#define JSON_VALUES_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "../core/nodes.h"

/* Short texts of late, so that names that come again and again are made, and hashed, once. */
enum { JSON_TEXTS = 512, JSON_CACHED_MAX = 32 };

typedef struct JsonTexts {
    PyObject *made[JSON_TEXTS];
} JsonTexts;

/* An object or array that is being made. */
typedef struct JsonOpen {
    PyObject *container;
    PyObject *key; /* of the member at hand */
    uint32_t size; /* it will have */
    uint32_t done;
} JsonOpen;

typedef struct JsonMaker {
    JsonOpen *open;
    uint32_t depth;
    uint32_t size; /* of `open` */
    uint32_t next; /* node */
} JsonMaker;

/*
 * Go on making the value that `nodes` are, of `count` nodes at most. Returns it, or NULL: with an
 * exception, or without one if there is more to do.
 */
PyObject *json_make(JsonMaker *maker, const JsonNodes *nodes, JsonTexts *texts, size_t count);

/* Forget what has been made so far. */
void json_maker_clear(JsonMaker *maker);

/* The text of a C string that QEMU prints. */
PyObject *json_legible(const uint8_t *text, size_t size);

#endif
