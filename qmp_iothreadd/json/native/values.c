#include "values.h"

#include "../core/mod_utf8.h"

/* How many open containers are kept room for between messages. */
enum { OPEN_KEPT_MAX = 16 };

void json_maker_clear(JsonMaker *maker)
{
    while (maker->depth) {
        JsonOpen *const open = &maker->open[--maker->depth];
        Py_DECREF(open->container);
        Py_XDECREF(open->key);
    }
    maker->next = 0;
    if (maker->size > OPEN_KEPT_MAX) {
        PyMem_Free(maker->open);
        maker->open = NULL;
        maker->size = 0;
    }
}

static PyObject *make_wide_text(const JsonNode *node, const uint8_t *at)
{
    static const Py_UCS4 widest[] = {0x7f, 0xff, 0xffff, 0x10ffff};
    const uint8_t *const end = at + node->size;
    Py_ssize_t length = 0;

    for (const uint8_t *each = at; each < end; each++) {
        length += (*each & 0xc0) != 0x80;
    }
    PyObject *const text = PyUnicode_New(length, widest[node->characters]);
    if (!text) {
        return NULL;
    }
    const int kind = PyUnicode_KIND(text);
    void *const data = PyUnicode_DATA(text);
    for (Py_ssize_t i = 0; i < length; i++) {
        uint32_t code;
        at += mod_utf8_take(at, &code);
        PyUnicode_WRITE(kind, data, i, code);
    }
    return text;
}

static PyObject *make_ascii(const uint8_t *text, size_t size)
{
    PyObject *const made = PyUnicode_New((Py_ssize_t)size, 0x7f);

    if (made) {
        memcpy(PyUnicode_1BYTE_DATA(made), text, size);
    }
    return made;
}

static PyObject *make_text(const JsonNodes *nodes, const JsonNode *node, JsonTexts *texts)
{
    const uint8_t *const text = json_node_text(nodes, node);
    const size_t size = node->size;

    if (node->characters != JSON_ASCII || node->nul) {
        return make_wide_text(node, text);
    }
    if (size > JSON_CACHED_MAX) {
        return make_ascii(text, size);
    }
    PyObject **const place = &texts->made[json_cheap_hash(text, size) % JSON_TEXTS];
    if (*place && (size_t)PyUnicode_GET_LENGTH(*place) == size &&
        memcmp(PyUnicode_1BYTE_DATA(*place), text, size) == 0) {
        return Py_NewRef(*place);
    }
    PyObject *const made = make_ascii(text, size);
    if (made) {
        Py_XSETREF(*place, Py_NewRef(made));
    }
    return made;
}

static PyObject *make_scalar(const JsonNodes *nodes, const JsonNode *node, JsonTexts *texts)
{
    double number;

    switch ((JsonNodeKind)node->kind) {
    case JSON_NODE_INT64:
        return PyLong_FromLongLong(node->integer);
    case JSON_NODE_UINT64:
        return PyLong_FromUnsignedLongLong(node->natural);
    case JSON_NODE_DOUBLE:
        return PyFloat_FromDouble(node->number);
    case JSON_NODE_NUMERAL:
        number = PyOS_string_to_double((const char *)json_node_text(nodes, node), NULL, NULL);
        return PyErr_Occurred() ? NULL : PyFloat_FromDouble(number);
    case JSON_NODE_TRUE:
        return Py_NewRef(Py_True);
    case JSON_NODE_FALSE:
        return Py_NewRef(Py_False);
    case JSON_NODE_NULL:
        return Py_NewRef(Py_None);
    default:
        return make_text(nodes, node, texts);
    }
}

/* Begin an object or array that has something in it. */
static bool open_container(JsonMaker *maker, const JsonNode *node)
{
    if (maker->depth == maker->size) {
        const uint32_t size = maker->size ? maker->size * 2 : 4;
        JsonOpen *const open = PyMem_Realloc(maker->open, size * sizeof(*open));
        if (!open) {
            PyErr_NoMemory();
            return false;
        }
        maker->open = open;
        maker->size = size;
    }
    const bool object = node->kind == JSON_NODE_OBJECT;
    PyObject *const container = object ? PyDict_New() : PyList_New((Py_ssize_t)node->size);
    if (!container) {
        return false;
    }
    if (!object) {
        PyObject_GC_UnTrack(container); /* nobody may find it before it is full */
    }
    maker->open[maker->depth++] = (JsonOpen){.container = container, .size = node->size};
    return true;
}

/*
 * Put a value, which is taken, where it belongs, and what that completes where it belongs. Returns
 * the whole value, or NULL: with an exception, or without one if there is more to do.
 */
static PyObject *put(JsonMaker *maker, PyObject *value)
{
    while (maker->depth) {
        JsonOpen *const open = &maker->open[maker->depth - 1];
        if (open->key) {
            const int failed = PyDict_SetItem(open->container, open->key, value);
            Py_DECREF(value);
            Py_CLEAR(open->key);
            if (failed) {
                return NULL;
            }
        } else {
            PyList_SET_ITEM(open->container, (Py_ssize_t)open->done, value);
        }
        if (++open->done < open->size) {
            return NULL;
        }
        value = open->container;
        maker->depth--;
        if (PyList_CheckExact(value)) {
            PyObject_GC_Track(value);
        }
    }
    return value;
}

PyObject *json_make(JsonMaker *maker, const JsonNodes *nodes, JsonTexts *texts, size_t count)
{
    while (count--) {
        const JsonNode *const node = &nodes->data[maker->next++];
        PyObject *value;
        if (node->kind <= JSON_NODE_ARRAY) {
            if (node->size) {
                if (!open_container(maker, node)) {
                    return NULL;
                }
                continue;
            }
            value = node->kind == JSON_NODE_OBJECT ? PyDict_New() : PyList_New(0);
        } else {
            value = make_scalar(nodes, node, texts);
        }
        if (!value) {
            return NULL;
        }
        if (node->kind == JSON_NODE_KEY) {
            maker->open[maker->depth - 1].key = value;
            continue;
        }
        value = put(maker, value);
        if (value || PyErr_Occurred()) {
            return value;
        }
    }
    return NULL;
}

PyObject *json_legible(const uint8_t *text, size_t size)
{
    const size_t shown_size = mod_utf8_legible(text, size, NULL);
    uint8_t *const shown = PyMem_Malloc(shown_size ? shown_size : 1);

    if (!shown) {
        return PyErr_NoMemory();
    }
    mod_utf8_legible(text, size, shown);
    PyObject *const made = PyUnicode_DecodeUTF8((char *)shown, (Py_ssize_t)shown_size, NULL);
    PyMem_Free(shown);
    return made;
}
