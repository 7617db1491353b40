/*
 * Threads that sleep until they are to end, for CPUs that execute nothing.
 *
 * A thread of Python's would take the interpreter's lock when it begins and when it ends, and the
 * stack of a thread that does something. These never run Python, and nobody waits for one to begin.
 */
#define PY_SSIZE_T_CLEAN
#define _GNU_SOURCE /* pthread_setname_np */
#include <Python.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "masked_thread.h"

/* More than the least that any C library asks for, with the thread-local data of what is loaded. */
enum { STACK_BYTES = 128 * 1024 };

/* What the kernel keeps of a name, with the zero at its end. */
enum { NAME_BYTES = 16 };

/* A joined thread has only a few instructions left in the kernel. */
enum { RELEASE_WAIT_NS = 50 * 1000 * 1000 };

typedef struct {
    PyObject_HEAD
    sem_t end; /* posted by whoever ends it; the thread waits for that and does nothing else */
    pthread_t thread;
    pid_t owner; /* the process that made it: a fork has inherited no thread */
    int id;
    atomic_bool joined; /* set by whoever joins it, before that */
} SleepingThread;

static void *
sleep_until_end(void *end)
{
    while (sem_wait(end) < 0 && errno == EINTR) {
    }
    return NULL;
}

/* 0 or an errno. */
static int
create_thread(SleepingThread *self)
{
    pthread_attr_t attr;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    int error = masked_thread_create(&self->thread, &attr, sleep_until_end, &self->end);
    pthread_attr_destroy(&attr);
    return error;
}

/* The kernel makes the number of a CPU clock from the id: ~id << 3, its kind in the low bits. */
static int
thread_id_of(pthread_t thread)
{
    clockid_t clock;

    return pthread_getcpuclockid(thread, &clock) ? 0 : ~(clock >> 3);
}

static int64_t
now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Without the interpreter's lock. /proc shows a thread until the kernel is done with it. */
static void
join_thread(pthread_t thread, int id)
{
    pthread_join(thread, NULL);
    int64_t until = now_ns() + RELEASE_WAIT_NS;
    while (syscall(SYS_tgkill, getpid(), id, 0) == 0 && now_ns() < until) {
        sched_yield();
    }
}

static PyObject *
sleeping_thread_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"name", NULL};
    char name[NAME_BYTES] = "";
    const char *given;
    int error;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "s", keywords, &given)) {
        return NULL;
    }
    SleepingThread *self = (SleepingThread *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->joined = true;
    sem_init(&self->end, 0, 0);
    error = create_thread(self);
    if (error) {
        errno = error;
        PyErr_SetFromErrno(PyExc_OSError);
        Py_DECREF(self);
        return NULL;
    }
    self->joined = false;
    self->owner = getpid();
    self->id = thread_id_of(self->thread);
    strncpy(name, given, NAME_BYTES - 1);
    pthread_setname_np(self->thread, name);
    return (PyObject *)self;
}

static PyObject *
sleeping_thread_request_end(PyObject *object, PyObject *unused)
{
    SleepingThread *self = (SleepingThread *)object;
    (void)unused;

    if (!self->joined) {
        sem_post(&self->end);
    }
    Py_RETURN_NONE;
}

static PyObject *
sleeping_thread_close(PyObject *object, PyObject *unused)
{
    SleepingThread *self = (SleepingThread *)object;
    (void)unused;

    if (!atomic_exchange(&self->joined, true) && self->owner == getpid()) {
        sem_post(&self->end);
        Py_BEGIN_ALLOW_THREADS
        join_thread(self->thread, self->id);
        Py_END_ALLOW_THREADS
    }
    Py_RETURN_NONE;
}

static void
sleeping_thread_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);

    Py_XDECREF(sleeping_thread_close(object, NULL));
    sem_destroy(&((SleepingThread *)object)->end);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *
sleeping_thread_id(PyObject *object, void *unused)
{
    SleepingThread *self = (SleepingThread *)object;
    (void)unused;

    return PyLong_FromLong(self->joined ? 0 : self->id);
}

static PyMethodDef thread_methods[] = {
    {"request_end", sleeping_thread_request_end, METH_NOARGS,
     "Wake the thread so that it ends, without waiting for it; close is still to come."},
    {"close", sleeping_thread_close, METH_NOARGS,
     "End the thread, and return when the kernel has forgotten it. Once more does nothing."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef thread_attributes[] = {
    {"thread_id", sleeping_thread_id, NULL, "The kernel's number of the thread; 0 once closed.",
     NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot thread_slots[] = {
    {Py_tp_doc, "A thread that sleeps. name: what the kernel calls it, of which it keeps 15 bytes.\n\n"
                "Raises OSError where there cannot be another thread."},
    {Py_tp_new, sleeping_thread_new},
    {Py_tp_dealloc, sleeping_thread_dealloc},
    {Py_tp_methods, thread_methods},
    {Py_tp_getset, thread_attributes},
    {0, NULL},
};

static PyType_Spec thread_spec = {
    .name = "qmp_iothreadd.machine.cpus._sleeping_thread.SleepingThread",
    .basicsize = sizeof(SleepingThread),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = thread_slots,
};

static int
add_type(PyObject *module)
{
    PyObject *type = PyType_FromSpec(&thread_spec);
    int result = type ? PyModule_AddObjectRef(module, "SleepingThread", type) : -1;

    Py_XDECREF(type);
    return result;
}

static struct PyModuleDef_Slot slots[] = {
    {Py_mod_exec, add_type},
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "qmp_iothreadd.machine.cpus._sleeping_thread",
    .m_doc = "Threads that sleep until they are to end.",
    .m_size = 0,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__sleeping_thread(void)
{
    return PyModuleDef_Init(&definition);
}
