/* The module qmp_iothreadd.json.writer; writer.pyi says what is in it. */
#include "native/dict_order.h"
#include "native/json_writer.h"

#include <structmember.h>

static PyObject *writer_dumps(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"value", "pretty", NULL};
    PyObject *value;
    int pretty = 0;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|$p", names, &value, &pretty)) {
        return NULL;
    }
    return json_write(PyModule_GetState(module), value, pretty ? "\n" : NULL, "");
}

static PyObject *writer_message(PyObject *module, PyObject *value)
{
    return json_write(PyModule_GetState(module), value, NULL, "\r\n");
}

static PyObject *writer_pretty_message(PyObject *module, PyObject *value)
{
    return json_write(PyModule_GetState(module), value, "\r\n", "\r\n");
}

/* The keys of a sequence, sorted; the references are the sequence's. */
static DictMember *sorted_keys(PyObject *sequence)
{
    const Py_ssize_t count = PySequence_Fast_GET_SIZE(sequence);
    DictMember *members = PyMem_Calloc((size_t)count + 1, sizeof(*members));

    if (!members) {
        PyErr_NoMemory();
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *key = PySequence_Fast_GET_ITEM(sequence, i);

        if (!PyUnicode_Check(key)) {
            PyErr_Format(PyExc_TypeError, "not a key: %R", key);
            PyMem_Free(members);
            return NULL;
        }
        members[i] = (DictMember){.key = key, .bucket = dict_bucket(key)};
    }
    if (!dict_sort(members, count)) {
        PyMem_Free(members);
        return NULL;
    }
    return members;
}

static PyObject *writer_qdict_order(PyObject *module, PyObject *keys)
{
    PyObject *sequence = PySequence_List(keys), *result = NULL;
    DictMember *members = sequence ? sorted_keys(sequence) : NULL;
    (void)module;

    if (members) {
        const Py_ssize_t count = PyList_GET_SIZE(sequence);

        result = PyList_New(count);
        for (Py_ssize_t i = 0; result && i < count; i++) {
            PyList_SET_ITEM(result, i, Py_NewRef(members[count - 1 - i].key));
        }
        PyMem_Free(members);
    }
    Py_XDECREF(sequence);
    return result;
}

/* A type of encoded_once.py, and where its instances have the attribute encoded. */
static bool find_type(PyObject *from, const char *name, PyTypeObject **type, Py_ssize_t *offset)
{
    PyObject *slot;

    *type = (PyTypeObject *)PyObject_GetAttrString(from, name);
    slot = *type ? PyObject_GetAttrString((PyObject *)*type, "encoded") : NULL;
    if (slot && !Py_IS_TYPE(slot, &PyMemberDescr_Type)) {
        PyErr_Format(PyExc_TypeError, "%s.encoded is no slot", name);
        Py_CLEAR(slot);
    }
    if (!slot) {
        return false;
    }
    *offset = ((PyMemberDescrObject *)slot)->d_member->offset;
    Py_DECREF(slot);
    return true;
}

static int writer_exec(PyObject *module)
{
    EncodedTypes *types = PyModule_GetState(module);
    PyObject *from = PyImport_ImportModule("qmp_iothreadd.json.encoded_once");
    const bool found = from && find_type(from, "EncodedOnce", &types->once, &types->once_offset) &&
                       find_type(from, "EncodedText", &types->text, &types->text_offset);

    Py_XDECREF(from);
    return found ? 0 : -1;
}

static int writer_traverse(PyObject *module, visitproc visit, void *arg)
{
    const EncodedTypes *types = PyModule_GetState(module);

    Py_VISIT(types->once);
    Py_VISIT(types->text);
    return 0;
}

static int writer_clear(PyObject *module)
{
    EncodedTypes *types = PyModule_GetState(module);

    Py_CLEAR(types->once);
    Py_CLEAR(types->text);
    return 0;
}

static void writer_free(void *module)
{
    writer_clear(module);
}

static PyMethodDef methods[] = {
    {"dumps", (PyCFunction)(void (*)(void))writer_dumps, METH_VARARGS | METH_KEYWORDS, NULL},
    {"message", writer_message, METH_O, NULL},
    {"pretty_message", writer_pretty_message, METH_O, NULL},
    {"qdict_order", writer_qdict_order, METH_O, NULL},
    {0},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, writer_exec},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "writer",
    .m_doc = "Values to JSON as QEMU writes them.",
    .m_size = sizeof(EncodedTypes),
    .m_methods = methods,
    .m_slots = slots,
    .m_traverse = writer_traverse,
    .m_clear = writer_clear,
    .m_free = writer_free,
};

PyMODINIT_FUNC PyInit_writer(void)
{
    return PyModuleDef_Init(&definition);
}
