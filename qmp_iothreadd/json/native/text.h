/* A buffer of text that grows, and becomes a bytes object in the end. */
#ifndef IOTHREADD_TEXT_H
#define IOTHREADD_TEXT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <string.h>

/* Short texts never leave the stack; a long one is written where the bytes object has it. */
typedef struct Text {
    char *data;
    size_t size, capacity;
    PyObject *bytes; /* NULL: data is small */
    char small[2048];
} Text;

static inline void text_begin(Text *text)
{
    text->data = text->small;
    text->size = 0;
    text->capacity = sizeof(text->small);
    text->bytes = NULL;
}

/* Make room for so many bytes more. All that return bool: false with an exception set. */
bool text_grow(Text *text, size_t more);

static inline bool text_reserve(Text *text, size_t more)
{
    return text->capacity - text->size >= more || text_grow(text, more);
}

static inline bool text_add(Text *text, const char *data, size_t size)
{
    if (!text_reserve(text, size)) {
        return false;
    }
    memcpy(text->data + text->size, data, size);
    text->size += size;
    return true;
}

bool text_add_spaces(Text *text, size_t count);

/* A str as JSON: in quotes, ASCII, with escapes. */
bool text_add_string(Text *text, PyObject *string);

/* None, a bool, an int, a float or a str; anything else is a TypeError. */
bool text_add_scalar(Text *text, PyObject *value);

/* The bytes object, or NULL with an exception set; the buffer is done with. */
PyObject *text_finish(Text *text);

/* Done with, without a result. */
void text_drop(Text *text);

#endif
