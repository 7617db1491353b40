#include "pieces.h"

#include <string.h>

/* Room for one more at the end: by moving the rest, if less than half of it is in use. */
static bool make_room(JsonPieces *pieces)
{
    const size_t count = pieces->used - pieces->first;

    if (pieces->first > count) {
        memmove(pieces->data, pieces->data + pieces->first, count * sizeof(*pieces->data));
        pieces->first = 0;
        pieces->used = count;
        return true;
    }
    const size_t size = pieces->size ? pieces->size * 2 : 4;
    PyObject **const data = PyMem_Realloc(pieces->data, size * sizeof(*data));
    if (!data) {
        PyErr_NoMemory();
        return false;
    }
    pieces->data = data;
    pieces->size = size;
    return true;
}

bool json_pieces_add(JsonPieces *pieces, PyObject *piece)
{
    if (pieces->used == pieces->size && !make_room(pieces)) {
        return false;
    }
    pieces->data[pieces->used++] = Py_NewRef(piece);
    return true;
}

void json_pieces_drop_first(JsonPieces *pieces)
{
    PyObject *const first = pieces->data[pieces->first++];

    pieces->at = 0;
    if (pieces->first == pieces->used) {
        pieces->first = pieces->used = 0;
        if (pieces->size > 64) {
            PyMem_Free(pieces->data);
            pieces->data = NULL;
            pieces->size = 0;
        }
    }
    Py_DECREF(first);
}

void json_pieces_clear(JsonPieces *pieces)
{
    while (pieces->first < pieces->used) {
        json_pieces_drop_first(pieces);
    }
    PyMem_Free(pieces->data);
    *pieces = (JsonPieces){0};
}
