/* Scalars as QEMU's qobject/json-writer writes them. */
#include "text.h"

#include <stdint.h>

bool text_grow(Text *text, size_t more)
{
    size_t capacity = text->capacity;

    if (more > (size_t)PY_SSIZE_T_MAX / 2 - text->size) {
        PyErr_NoMemory();
        return false;
    }
    while (capacity - text->size < more) {
        capacity *= 2;
    }
    if (text->bytes) {
        if (_PyBytes_Resize(&text->bytes, (Py_ssize_t)capacity) < 0) {
            return false;
        }
    } else {
        text->bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)capacity);
        if (!text->bytes) {
            return false;
        }
        memcpy(PyBytes_AS_STRING(text->bytes), text->data, text->size);
    }
    text->data = PyBytes_AS_STRING(text->bytes);
    text->capacity = capacity;
    return true;
}

PyObject *text_finish(Text *text)
{
    if (!text->bytes) {
        return PyBytes_FromStringAndSize(text->data, (Py_ssize_t)text->size);
    }
    PyObject *bytes = text->bytes;
    text->bytes = NULL;
    _PyBytes_Resize(&bytes, (Py_ssize_t)text->size); /* NULL where that fails */
    return bytes;
}

void text_drop(Text *text)
{
    Py_CLEAR(text->bytes);
}

bool text_add_spaces(Text *text, size_t count)
{
    if (!text_reserve(text, count)) {
        return false;
    }
    memset(text->data + text->size, ' ', count);
    text->size += count;
    return true;
}

/* What follows the backslash of a character: 'u' where it has no short form; 0: it stands as it is. */
static const char escapes[0x80] = {
    [0 ... 7] = 'u',      ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', [0x0B] = 'u', ['\f'] = 'f',
    ['\r'] = 'r', [0x0E ... 0x1F] = 'u', ['"'] = '"',  ['\\'] = '\\', [0x7F] = 'u',
};

static char *put_unit(char *out, uint32_t unit)
{
    static const char digits[] = "0123456789ABCDEF";

    *out++ = '\\';
    *out++ = 'u';
    for (int shift = 12; shift >= 0; shift -= 4) {
        *out++ = digits[unit >> shift & 0xF];
    }
    return out;
}

static char *put_character(char *out, Py_UCS4 c)
{
    const char escape = c < 0x80 ? escapes[c] : 'u';

    if (!escape) {
        *out++ = (char)c;
    } else if (escape != 'u') {
        *out++ = '\\';
        *out++ = escape;
    } else if (c < 0x10000) {
        out = put_unit(out, c);
    } else {
        out = put_unit(out, 0xD800 + ((c - 0x10000) >> 10));
        out = put_unit(out, 0xDC00 + (c & 0x3FF));
    }
    return out;
}

enum {
    LONGEST = 12, /* of a character: two units */
    AT_ONCE = 128, /* characters that room is made for */
};

static bool add_characters(Text *text, PyObject *string)
{
    const int kind = PyUnicode_KIND(string);
    const void *data = PyUnicode_DATA(string);
    const Py_ssize_t length = PyUnicode_GET_LENGTH(string);

    for (Py_ssize_t start = 0; start < length; start += AT_ONCE) {
        const Py_ssize_t end = length - start < AT_ONCE ? length : start + AT_ONCE;

        if (!text_reserve(text, LONGEST * AT_ONCE)) {
            return false;
        }
        char *out = text->data + text->size;
        for (Py_ssize_t i = start; i < end; i++) {
            out = put_character(out, PyUnicode_READ(kind, data, i));
        }
        text->size = (size_t)(out - text->data);
    }
    return true;
}

/* The same for ASCII, which mostly stands as it is. */
static bool add_ascii(Text *text, const char *data, size_t length)
{
    size_t i = 0;

    while (i < length) {
        const size_t start = i;

        while (i < length && !escapes[(unsigned char)data[i]]) {
            i++;
        }
        if (!text_add(text, data + start, i - start) || !text_reserve(text, LONGEST)) {
            return false;
        }
        if (i < length) {
            char *out = put_character(text->data + text->size, (unsigned char)data[i++]);
            text->size = (size_t)(out - text->data);
        }
    }
    return true;
}

bool text_add_string(Text *text, PyObject *string)
{
    bool done;

    if (!text_add(text, "\"", 1)) {
        return false;
    }
    if (PyUnicode_IS_ASCII(string)) {
        done = add_ascii(text, PyUnicode_DATA(string), (size_t)PyUnicode_GET_LENGTH(string));
    } else {
        done = add_characters(text, string);
    }
    return done && text_add(text, "\"", 1);
}

static bool add_int(Text *text, PyObject *value)
{
    char digits[24], *first = digits + sizeof(digits);
    int overflow;
    const long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    unsigned long long rest = number < 0 ? 0ULL - (unsigned long long)number : (unsigned long long)number;

    if (overflow) {
        PyObject *string = PyObject_Str(value);
        const bool done = string && text_add(text, PyUnicode_DATA(string), (size_t)PyUnicode_GET_LENGTH(string));

        Py_XDECREF(string);
        return done;
    }
    do {
        *--first = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0) {
        *--first = '-';
    }
    return text_add(text, first, (size_t)(digits + sizeof(digits) - first));
}

static bool add_float(Text *text, PyObject *value)
{
    char *string = PyOS_double_to_string(PyFloat_AS_DOUBLE(value), 'g', 17, 0, NULL);
    const bool done = string && text_add(text, string, strlen(string));

    PyMem_Free(string);
    return done;
}

bool text_add_scalar(Text *text, PyObject *value)
{
    if (PyUnicode_CheckExact(value)) {
        return text_add_string(text, value);
    }
    if (PyLong_CheckExact(value)) {
        return add_int(text, value);
    }
    if (PyFloat_CheckExact(value)) {
        return add_float(text, value);
    }
    if (value == Py_None) {
        return text_add(text, "null", 4);
    }
    if (PyBool_Check(value)) {
        return value == Py_True ? text_add(text, "true", 4) : text_add(text, "false", 5);
    }
    PyErr_Format(PyExc_TypeError, "not a JSON value: %R", value);
    return false;
}
