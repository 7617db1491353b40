#include "json_reader.h"

#include <structmember.h>

#include "pieces.h"

/*
 * Where a call is to read no more than some tokens, so many bytes or values stand for one: a long
 * token is read in several calls, too, and a message with many values is made in several.
 */
enum { PER_TOKEN = 64 };

typedef struct Reader {
    PyObject_HEAD
    JsonReaderModule *state; /* of the module, which the type has */
    JsonReader core;
    JsonMaker maker;
    JsonPieces pieces;
    Py_ssize_t pending; /* bytes in `pieces` that have not been read */
    bool ended;         /* no more input comes, and that has not been read yet */
    bool making;        /* a message is whole, and its value is not */
    bool busy;          /* in next() */
    PyObject *weak_references;
} Reader;

static PyObject *reader_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"max_size", "max_tokens", "max_depth", NULL};
    JsonLimits limits = JSON_LIMITS;
    Py_ssize_t size = (Py_ssize_t)limits.size, tokens = (Py_ssize_t)limits.tokens,
               depth = (Py_ssize_t)limits.depth;
    PyObject *const module = PyType_GetModuleByDef(type, &json_reader_module);

    if (!module ||
        !PyArg_ParseTupleAndKeywords(args, kwargs, "|$nnn", names, &size, &tokens, &depth)) {
        return NULL;
    }
    if (size < 1 || size > (Py_ssize_t)limits.size || tokens < 1 || depth < 1) {
        PyErr_Format(PyExc_ValueError, "limits are from 1 on, and max_size is %zd at most",
                     (Py_ssize_t)limits.size);
        return NULL;
    }
    Reader *const self = (Reader *)type->tp_alloc(type, 0);
    if (!self) {
        return NULL;
    }
    limits = (JsonLimits){(size_t)size, (size_t)tokens, (size_t)depth};
    self->state = PyModule_GetState(module);
    json_reader_init(&self->core, &limits, &self->state->secret);
    return (PyObject *)self;
}

static void reader_dealloc(Reader *self)
{
    PyTypeObject *const type = Py_TYPE(self);

    if (self->weak_references) {
        PyObject_ClearWeakRefs((PyObject *)self);
    }
    json_maker_clear(&self->maker);
    PyMem_Free(self->maker.open);
    json_pieces_clear(&self->pieces);
    json_reader_destroy(&self->core);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *reader_feed(Reader *self, PyObject *data)
{
    PyObject *const piece = PyBytes_CheckExact(data) ? Py_NewRef(data) : PyBytes_FromObject(data);

    if (!piece) {
        return NULL;
    }
    const Py_ssize_t size = PyBytes_GET_SIZE(piece);
    const bool added = !size || json_pieces_add(&self->pieces, piece);
    Py_DECREF(piece);
    if (!added) {
        return NULL;
    }
    self->pending += size;
    Py_RETURN_NONE;
}

static PyObject *reader_eof(Reader *self, PyObject *Py_UNUSED(ignored))
{
    self->ended = true;
    Py_RETURN_NONE;
}

static PyObject *reader_pending_bytes(Reader *self, void *Py_UNUSED(closure))
{
    return PyLong_FromSsize_t(self->pending + self->making);
}

/* Raise what the core refused. */
static void raise_refusal(Reader *self)
{
    static const struct {
        const char *name;
        const char *arguments;
    } functions[] = {
#define REFUSAL_FUNCTION(name, arguments) {#name, arguments},
        JSON_REFUSALS(REFUSAL_FUNCTION)
#undef REFUSAL_FUNCTION
    };
    const JsonLexer *const lexer = &self->core.lexer;
    const JsonRefused *const refused = &self->core.grammar.refused;
    const char *const name = functions[refused->what].name;
    const char *const arguments = functions[refused->what].arguments;
    const bool has_text = strlen(arguments) == 3;
    JsonReaderModule *const state = self->state;
    PyObject *text = NULL;

    if (!state->errors) {
        state->errors = PyImport_ImportModule("qmp_iothreadd.errors");
    }
    if (state->errors && has_text) {
        text = json_legible(refused->text, refused->size);
    }
    if (!state->errors || (has_text && !text)) {
        return;
    }
    PyObject *const error = PyObject_CallMethod(
        state->errors, name, arguments, (unsigned long long)lexer->token_line,
        (unsigned long long)lexer->token_column, text);
    Py_XDECREF(text);
    if (error) {
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
        Py_DECREF(error);
    }
}

/* Read on to the end of a message, of the input, or of what may be read at once. */
static JsonOutcome read_on(Reader *self, size_t tokens)
{
    JsonPieces *const pieces = &self->pieces;
    size_t bytes = tokens > SIZE_MAX / PER_TOKEN ? SIZE_MAX : tokens * PER_TOKEN;
    JsonOutcome outcome = JSON_UNFINISHED;
    bool more = self->ended;

    while (!outcome && tokens && bytes && pieces->first < pieces->used) {
        PyObject *const piece = pieces->data[pieces->first];
        const uint8_t *const begin = (const uint8_t *)PyBytes_AS_STRING(piece) + pieces->at;
        const size_t size = (size_t)(PyBytes_GET_SIZE(piece) - pieces->at);
        JsonInput in = {begin, begin + (size < bytes ? size : bytes)};
        outcome = json_read(&self->core, &in, &tokens);
        const size_t read = (size_t)(in.at - begin);
        bytes -= read;
        pieces->at += (Py_ssize_t)read;
        self->pending -= (Py_ssize_t)read;
        if (outcome == JSON_REFUSED) {
            raise_refusal(self); /* which may have its text in the piece */
        }
        if (pieces->at == PyBytes_GET_SIZE(piece)) {
            json_pieces_drop_first(pieces);
        }
    }
    while (!outcome && more && !self->pending) {
        outcome = json_read_end(&self->core, &more);
        self->ended = more;
        if (outcome == JSON_REFUSED) {
            raise_refusal(self);
        }
    }
    return outcome;
}

/* Go on making the value of a whole message. */
static PyObject *make_on(Reader *self, size_t tokens)
{
    const size_t most = tokens > SIZE_MAX / PER_TOKEN ? SIZE_MAX : tokens * PER_TOKEN;
    PyObject *const value =
        json_make(&self->maker, &self->core.grammar.nodes, &self->state->texts, most);

    if (!value && !PyErr_Occurred()) {
        return Py_NewRef(self->state->pending);
    }
    self->making = false;
    json_maker_clear(&self->maker);
    json_reader_clear(&self->core);
    return value;
}

static PyObject *next(Reader *self, size_t tokens)
{
    if (!self->making) {
        switch (read_on(self, tokens)) {
        case JSON_UNFINISHED:
            return Py_NewRef(self->state->pending);
        case JSON_VALUE:
            self->making = true;
            break;
        case JSON_REFUSED:
            json_reader_clear(&self->core);
            return NULL;
        case JSON_NO_MEMORY:
            json_reader_clear(&self->core);
            return PyErr_NoMemory();
        }
    }
    return make_on(self, tokens);
}

/* Whether `tokens` could be read from the arguments; otherwise with an exception. */
static bool read_budget(PyObject *const *args, Py_ssize_t count, PyObject *names, size_t *tokens)
{
    const Py_ssize_t named = names ? PyTuple_GET_SIZE(names) : 0;

    *tokens = SIZE_MAX;
    if (count + named > 1 ||
        (named && PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), "tokens") != 0)) {
        PyErr_SetString(PyExc_TypeError, "next() takes one argument, tokens");
        return false;
    }
    if (count + named == 0 || args[0] == Py_None) {
        return true;
    }
    const Py_ssize_t value = PyNumber_AsSsize_t(args[0], PyExc_OverflowError);
    if (value < 1) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_ValueError, "tokens must be 1 or more");
        }
        return false;
    }
    *tokens = (size_t)value;
    return true;
}

static PyObject *reader_next(Reader *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    size_t tokens;

    if (!read_budget(args, count, names, &tokens)) {
        return NULL;
    }
    if (!self->pending && !self->ended && !self->making) {
        return Py_NewRef(self->state->pending);
    }
    if (self->busy) { /* by what says errors, or what the collector runs meanwhile */
        PyErr_SetString(PyExc_RuntimeError, "next() was called within next() of the same reader");
        return NULL;
    }
    self->busy = true;
    PyObject *const value = next(self, tokens);
    self->busy = false;
    return value;
}

static PyMethodDef reader_methods[] = {
    {"feed", (PyCFunction)reader_feed, METH_O, "Add input."},
    {"eof", (PyCFunction)reader_eof, METH_NOARGS,
     "Say that the input is complete: a message cut off by its end becomes an error."},
    {"next", (PyCFunction)(void (*)(void))reader_next, METH_FASTCALL | METH_KEYWORDS,
     "The next value, or PENDING. Raises QmpError for the next error in the input.\n\n"
     "With ``tokens``, no more of them are read at once, and 64 bytes or values count as one:\n"
     "PENDING with bytes that are pending says that there is more to do."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef reader_getset[] = {
    {"pending_bytes", (getter)reader_pending_bytes, NULL,
     "Bytes that have been fed and not been read. The last of a message is read with its value.",
     NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef reader_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Reader, weak_references), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot reader_slots[] = {
    {Py_tp_doc, "Feed it bytes in any split, take values and errors one at a time.\n\n"
                "What has been fed is read no further than ``next()`` asks. Nothing of a message is\n"
                "made before it is whole. The arguments are limits, for tests: QEMU's else."},
    {Py_tp_new, reader_new},
    {Py_tp_dealloc, reader_dealloc},
    {Py_tp_methods, reader_methods},
    {Py_tp_getset, reader_getset},
    {Py_tp_members, reader_members},
    {0, NULL},
};

PyType_Spec json_reader_spec = {
    .name = "qmp_iothreadd.json._reader.JSONReader",
    .basicsize = sizeof(Reader),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = reader_slots,
};
