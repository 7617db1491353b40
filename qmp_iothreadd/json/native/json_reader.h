/* The type of the readers that Python has: a queue of what was fed, and values of whole messages. */
#ifndef IOTHREADD_JSON_READER_H
#define IOTHREADD_JSON_READER_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "../core/reader.h"
#include "values.h"

/* The module's state. */
typedef struct JsonReaderModule {
    JsonTexts texts;
    JsonSecret secret;
    PyObject *pending;
    PyObject *errors; /* the package's module; NULL before the first */
} JsonReaderModule;

extern struct PyModuleDef json_reader_module;

extern PyType_Spec json_reader_spec;

#endif
