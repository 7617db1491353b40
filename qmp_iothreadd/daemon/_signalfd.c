/*
 * signalfd(2) for Python: which signal ended the daemon, and who sent it.
 *
 * asyncio's signal handlers say the number but not the sender; QEMU's last words name both.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static PyObject *
signalfd_open(PyObject *module, PyObject *args)
{
    sigset_t set;
    PyObject *item, *iterator = PyObject_GetIter(args);
    (void)module;

    if (iterator == NULL) {
        return NULL;
    }
    sigemptyset(&set);
    while ((item = PyIter_Next(iterator)) != NULL) {
        long number = PyLong_AsLong(item);
        Py_DECREF(item);
        if (number == -1 && PyErr_Occurred()) {
            break;
        }
        if (sigaddset(&set, (int)number) < 0) {
            PyErr_SetFromErrno(PyExc_OSError);
            break;
        }
    }
    Py_DECREF(iterator);
    if (PyErr_Occurred()) {
        return NULL;
    }
    int error = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (error != 0) {
        errno = error;
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0) {
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    return PyLong_FromLong(fd);
}

static PyObject *
signalfd_read(PyObject *module, PyObject *arg)
{
    struct signalfd_siginfo info;
    int fd = (int)PyLong_AsLong(arg);
    (void)module;

    if (fd == -1 && PyErr_Occurred()) {
        return NULL;
    }
    ssize_t size = read(fd, &info, sizeof(info));
    if (size < 0) {
        if (errno == EAGAIN || errno == EINTR) {
            Py_RETURN_NONE;
        }
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    return Py_BuildValue("(Ik)", info.ssi_signo, (unsigned long)info.ssi_pid);
}

static PyMethodDef methods[] = {
    {"open", signalfd_open, METH_VARARGS,
     "open(*signals) -> int\n\nBlock the signals in this thread and return a descriptor that is readable when one\n"
     "is pending. Threads started later inherit the mask. Raises OSError."},
    {"read", signalfd_read, METH_O,
     "read(fd) -> (signal, sender's pid) | None\n\nTake a pending signal; None when there is none."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef_Slot slots[] = {
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "qmp_iothreadd.daemon._signalfd",
    .m_doc = "signalfd(2): signals as something to read.",
    .m_size = 0,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__signalfd(void)
{
    return PyModuleDef_Init(&definition);
}
