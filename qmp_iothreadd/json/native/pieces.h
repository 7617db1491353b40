/* What was fed and not yet read: bytes objects, in their order. */
#ifndef JSON_PIECES_H
#define JSON_PIECES_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>

typedef struct JsonPieces {
    PyObject **data;
    size_t first;
    size_t used; /* where the next one goes */
    size_t size;
    Py_ssize_t at; /* so much of the first was read */
} JsonPieces;

/* Add one, of which a reference is taken; false, with an exception, if there is no memory. */
bool json_pieces_add(JsonPieces *pieces, PyObject *piece);

/* The first was read to its end. */
void json_pieces_drop_first(JsonPieces *pieces);

void json_pieces_clear(JsonPieces *pieces);

#endif
