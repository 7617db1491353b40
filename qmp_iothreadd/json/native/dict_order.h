/* The order in which QEMU's dictionaries iterate: 512 chains, the newest member of a chain first. */
#ifndef IOTHREADD_DICT_ORDER_H
#define IOTHREADD_DICT_ORDER_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <stdint.h>

/* One member of a dict; the references are owned. */
typedef struct DictMember {
    PyObject *key;
    PyObject *value;
    uint32_t bucket;
} DictMember;

/* Which of QEMU's chains a key (a str) is in. */
uint32_t dict_bucket(PyObject *key);

/*
 * Sort members, given in the order of insertion, for who takes them from the end: the first in QEMU's
 * order comes last. False with an exception set where memory is out.
 */
bool dict_sort(DictMember *members, Py_ssize_t count);

#endif
