/*
 * Values to JSON, without recursion.
 *
 * No Python code runs while a value is written, except the make() of an EncodedText that is to be
 * written pretty: it may do anything, so what is still to be written is held by references.
 */
#include "json_writer.h"

#include "dict_order.h"
#include "text.h"

enum {
    INDENT = 4,
    FEW_OPEN = 16, /* containers and members that need no memory of their own */
    FEW_MEMBERS = 24,
    CIRCLE_DEPTH = 1024, /* where a circle is looked for first */
};

/* A container that is being written. */
typedef struct Open {
    PyObject *container; /* owned */
    Py_ssize_t next;     /* of a list: the next element; of a dict: where its members begin */
    size_t start;        /* of its text */
    bool is_list;
    bool keep; /* an EncodedOnce, whose text is kept */
    bool empty;
} Open;

typedef struct Writer {
    const EncodedTypes *types;
    const char *newline; /* NULL: all on one line */
    Text text;
    Open *open;
    Py_ssize_t depth, open_capacity;
    DictMember *members; /* of all open dicts, as far as they are still to be written */
    Py_ssize_t member_count, member_capacity;
    Open few_open[FEW_OPEN];
    DictMember few_members[FEW_MEMBERS];
} Writer;

static void writer_begin(Writer *w, const EncodedTypes *types, const char *newline)
{
    w->types = types;
    w->newline = newline;
    text_begin(&w->text);
    w->open = w->few_open;
    w->members = w->few_members;
    w->depth = w->member_count = 0;
    w->open_capacity = FEW_OPEN;
    w->member_capacity = FEW_MEMBERS;
}

static void writer_end(Writer *w)
{
    while (w->depth) {
        Py_DECREF(w->open[--w->depth].container);
    }
    while (w->member_count) {
        Py_DECREF(w->members[--w->member_count].key);
        Py_DECREF(w->members[w->member_count].value);
    }
    if (w->open != w->few_open) {
        PyMem_Free(w->open);
    }
    if (w->members != w->few_members) {
        PyMem_Free(w->members);
    }
    text_drop(&w->text);
}

/* The array with room for count elements, moved if it has to be; NULL with an exception set. */
static void *with_room(void *array, void *few, Py_ssize_t *capacity, Py_ssize_t count, size_t size)
{
    Py_ssize_t wanted = *capacity;
    void *moved;

    if (count <= wanted) {
        return array;
    }
    while (wanted < count) {
        wanted *= 2;
    }
    moved = PyMem_Realloc(array == few ? NULL : array, (size_t)wanted * size);
    if (!moved) {
        return PyErr_NoMemory();
    }
    if (array == few) {
        memcpy(moved, few, (size_t)*capacity * size);
    }
    *capacity = wanted;
    return moved;
}

static bool not_json(PyObject *value)
{
    PyErr_Format(PyExc_TypeError, "not a JSON value: %R", value);
    return false;
}

/* Take the members that a dict has now, in QEMU's order. */
static bool take_members(Writer *w, PyObject *dict)
{
    const Py_ssize_t first = w->member_count;
    Py_ssize_t position = 0;
    PyObject *key, *value;
    DictMember *members = with_room(w->members, w->few_members, &w->member_capacity,
                                    first + PyDict_GET_SIZE(dict), sizeof(*members));

    if (!members) {
        return false;
    }
    w->members = members;
    while (PyDict_Next(dict, &position, &key, &value)) {
        if (!PyUnicode_CheckExact(key)) {
            return not_json(key);
        }
        members[w->member_count++] =
            (DictMember){Py_NewRef(key), Py_NewRef(value), dict_bucket(key)};
    }
    return dict_sort(members + first, w->member_count - first);
}

/* Looked for at depths that double: that costs little, and every circle is found soon. */
static bool check_circle(const Writer *w, PyObject *container)
{
    if (w->depth < CIRCLE_DEPTH || (w->depth & (w->depth - 1))) {
        return true;
    }
    for (Py_ssize_t i = 0; i < w->depth; i++) {
        if (w->open[i].container == container) {
            PyErr_SetString(PyExc_ValueError, "not a JSON value: it is inside itself");
            return false;
        }
    }
    return true;
}

static bool open_container(Writer *w, PyObject *container, bool is_list, bool keep)
{
    Open *open = with_room(w->open, w->few_open, &w->open_capacity, w->depth + 1, sizeof(*open));

    if (!open) {
        return false;
    }
    w->open = open;
    if (!check_circle(w, container)) {
        return false;
    }
    open[w->depth++] = (Open){
        .container = Py_NewRef(container),
        .next = is_list ? 0 : w->member_count,
        .start = w->text.size,
        .is_list = is_list,
        .keep = keep,
        .empty = true,
    };
    return text_add(&w->text, is_list ? "[" : "{", 1) && (is_list || take_members(w, container));
}

static inline PyObject **encoded_of(PyObject *value, Py_ssize_t offset)
{
    return (PyObject **)((char *)value + offset);
}

static bool add_encoded(Writer *w, PyObject *encoded)
{
    if (!encoded || !PyUnicode_CheckExact(encoded) || !PyUnicode_IS_ASCII(encoded)) {
        return not_json(encoded ? encoded : Py_None);
    }
    return text_add(&w->text, PyUnicode_DATA(encoded), (size_t)PyUnicode_GET_LENGTH(encoded));
}

static bool add_once(Writer *w, PyObject *value)
{
    PyObject *encoded = *encoded_of(value, w->types->once_offset);

    if (w->newline || !encoded || encoded == Py_None) {
        return open_container(w, value, false, !w->newline);
    }
    return add_encoded(w, encoded);
}

static bool add_value(Writer *w, PyObject *value);

static bool add_text(Writer *w, PyObject *value)
{
    PyObject *made;
    bool done;

    if (!w->newline) {
        return add_encoded(w, *encoded_of(value, w->types->text_offset));
    }
    made = PyObject_CallMethod(value, "make", NULL);
    /* Another such text would be one that makes itself. */
    done = made && (Py_TYPE(made) == w->types->text ? not_json(made) : add_value(w, made));
    Py_XDECREF(made);
    return done;
}

/* Write a scalar, or begin a container. */
static bool add_value(Writer *w, PyObject *value)
{
    PyTypeObject *type = Py_TYPE(value);

    if (type == &PyDict_Type) {
        return open_container(w, value, false, false);
    }
    if (type == &PyList_Type) {
        return open_container(w, value, true, false);
    }
    if (type == w->types->once) {
        return add_once(w, value);
    }
    if (type == w->types->text) {
        return add_text(w, value);
    }
    return text_add_scalar(&w->text, value);
}

static bool new_line(Writer *w)
{
    return !w->newline || (text_add(&w->text, w->newline, strlen(w->newline)) &&
                           text_add_spaces(&w->text, (size_t)w->depth * INDENT));
}

static bool close_container(Writer *w)
{
    const Open open = w->open[--w->depth];
    bool done = new_line(w) && text_add(&w->text, open.is_list ? "]" : "}", 1);

    if (done && open.keep) {
        const Py_ssize_t size = (Py_ssize_t)(w->text.size - open.start);
        PyObject *encoded = PyUnicode_New(size, 0x7F);

        done = encoded != NULL;
        if (done) {
            memcpy(PyUnicode_DATA(encoded), w->text.data + open.start, (size_t)size);
            Py_XSETREF(*encoded_of(open.container, w->types->once_offset), encoded);
        }
    }
    Py_DECREF(open.container);
    return done;
}

static bool separate(Writer *w, Open *open)
{
    const bool first = open->empty;

    open->empty = false;
    return (first || text_add(&w->text, ", ", w->newline ? 1 : 2)) && new_line(w);
}

static bool add_member(Writer *w)
{
    const DictMember member = w->members[--w->member_count];
    const bool done = text_add_string(&w->text, member.key) && text_add(&w->text, ": ", 2) &&
                      add_value(w, member.value);

    Py_DECREF(member.key);
    Py_DECREF(member.value);
    return done;
}

static bool add_element(Writer *w, Open *open)
{
    PyObject *element = Py_NewRef(PyList_GET_ITEM(open->container, open->next++));
    const bool done = add_value(w, element);

    Py_DECREF(element);
    return done;
}

static bool write_all(Writer *w, PyObject *value)
{
    bool done = add_value(w, value);

    while (done && w->depth) {
        Open *open = &w->open[w->depth - 1];
        const bool is_over = open->is_list ? open->next >= PyList_GET_SIZE(open->container)
                                           : w->member_count == open->next;

        if (is_over) {
            done = close_container(w);
        } else {
            done = separate(w, open) && (open->is_list ? add_element(w, open) : add_member(w));
        }
    }
    return done;
}

PyObject *json_write(const EncodedTypes *types, PyObject *value, const char *newline, const char *end)
{
    Writer w;
    PyObject *result = NULL;

    writer_begin(&w, types, newline);
    if (write_all(&w, value) && text_add(&w.text, end, strlen(end))) {
        result = text_finish(&w.text);
    }
    writer_end(&w);
    return result;
}
