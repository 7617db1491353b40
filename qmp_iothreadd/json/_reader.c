/* The module qmp_iothreadd.json._reader; _reader.pyi says what is in it. */
#include "native/json_reader.h"

static PyObject *decode_lossy(PyObject *Py_UNUSED(module), PyObject *data)
{
    char *text;
    Py_ssize_t size;

    if (PyBytes_AsStringAndSize(data, &text, &size) < 0) {
        return NULL;
    }
    return json_legible((const uint8_t *)text, (size_t)size);
}

static PyObject *pending_repr(PyObject *Py_UNUSED(self))
{
    return PyUnicode_FromString("PENDING");
}

static PyType_Spec pending_spec = {
    .name = "qmp_iothreadd.json._reader.Pending",
    .basicsize = sizeof(PyObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = (PyType_Slot[]){{Py_tp_repr, pending_repr}, {0, NULL}},
};

/* A secret of Python's own: it is the same in each run where PYTHONHASHSEED says so. */
static bool make_secret(JsonSecret *secret)
{
    for (char i = 0; i < 2; i++) {
        PyObject *const source = PyBytes_FromStringAndSize(&i, 1);
        if (!source) {
            return false;
        }
        secret->words[(int)i] = (uint64_t)PyObject_Hash(source);
        Py_DECREF(source);
    }
    return true;
}

static int module_exec(PyObject *module)
{
    JsonReaderModule *const state = PyModule_GetState(module);
    /* Not the module's: it is an object that no collector sees through, and would keep it. */
    PyObject *const pending_type = PyType_FromSpec(&pending_spec);
    PyObject *const reader_type = PyType_FromModuleAndSpec(module, &json_reader_spec, NULL);

    if (pending_type && reader_type) {
        state->pending = PyType_GenericAlloc((PyTypeObject *)pending_type, 0);
    }
    const bool done = state->pending && make_secret(&state->secret) &&
                      PyModule_AddObjectRef(module, "PENDING", state->pending) == 0 &&
                      PyModule_AddType(module, (PyTypeObject *)reader_type) == 0;
    Py_XDECREF(pending_type);
    Py_XDECREF(reader_type);
    return done ? 0 : -1;
}

/* What can lead back to the module; the rest of its state are strings, and PENDING. */
static int module_traverse(PyObject *module, visitproc visit, void *arg)
{
    const JsonReaderModule *const state = PyModule_GetState(module);

    Py_VISIT(state->errors);
    return 0;
}

static int module_clear(PyObject *module)
{
    JsonReaderModule *const state = PyModule_GetState(module);

    Py_CLEAR(state->errors);
    return 0;
}

static void module_free(void *module)
{
    JsonReaderModule *const state = PyModule_GetState(module);

    module_clear(module);
    for (size_t i = 0; i < JSON_TEXTS; i++) {
        Py_XDECREF(state->texts.made[i]);
    }
    Py_XDECREF(state->pending);
}

static PyMethodDef module_methods[] = {
    {"decode_lossy", decode_lossy, METH_O,
     "The text of a C string that QEMU prints: up to a NUL, U+FFFD for a malformed sequence."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
    {0, NULL},
};

struct PyModuleDef json_reader_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "qmp_iothreadd.json._reader",
    .m_doc = "QEMU's dialect of JSON, from bytes to values.",
    .m_size = sizeof(JsonReaderModule),
    .m_methods = module_methods,
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC
PyInit__reader(void)
{
    return PyModuleDef_Init(&json_reader_module);
}
