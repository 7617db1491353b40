/* Values to JSON as QEMU's qobject/json-writer has it; see writer.pyi for what a value is. */
#ifndef IOTHREADD_JSON_WRITER_H
#define IOTHREADD_JSON_WRITER_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* The types of values whose text is kept, or there from the start (encoded_once.py). */
typedef struct EncodedTypes {
    PyTypeObject *once, *text;
    Py_ssize_t once_offset, text_offset; /* of their attribute encoded: a str, or None */
} EncodedTypes;

/*
 * A value as bytes, with end after it; newline: what ends each of its lines, NULL: it is one line.
 * NULL with an exception set.
 */
PyObject *json_write(const EncodedTypes *types, PyObject *value, const char *newline, const char *end);

#endif
