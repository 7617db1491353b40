/*
 * A fork whose child is this process's sibling, and another command line and environment in /proc.
 *
 * The fork server (fork_server.py) makes daemons for a test: they are to be the test's own children,
 * which it waits for, and ps is to show what it asked for. fork(2) and setproctitle cannot do either.
 */
#define PY_SSIZE_T_CLEAN
#define _GNU_SOURCE
#include <Python.h>
#include <errno.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* clone(2) as the kernel has it: the last two arguments differ in their order. */
static long
raw_clone(unsigned long flags, int *pidfd, int *tid)
{
#if defined(__x86_64__)
    return syscall(SYS_clone, flags, NULL, pidfd, tid, 0UL);
#else
    return syscall(SYS_clone, flags, NULL, pidfd, 0UL, tid);
#endif
}

/* Where the C library keeps this thread's id, which its own fork() brings up to date; NULL: unknown. */
static int *
kept_thread_id(void)
{
    int *address = NULL;

    if (prctl(PR_GET_TID_ADDRESS, &address, 0, 0, 0) != 0 || address == NULL) {
        return NULL;
    }
    /* musl's is a lock, which the kernel clears when the thread ends. */
    return *address == (int)syscall(SYS_gettid) ? address : NULL;
}

static PyObject *
sibling_fork(PyObject *module, PyObject *Py_UNUSED(ignored))
{
    const unsigned long flags =
        CLONE_PARENT | CLONE_PIDFD | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;
    int *tid = kept_thread_id();
    int pidfd = -1;
    (void)module;

    if (tid == NULL) {
        errno = ENOSYS;
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    PyOS_BeforeFork();
    long pid = raw_clone(flags, &pidfd, tid);
    if (pid == 0) {
        PyOS_AfterFork_Child();
        return Py_BuildValue("(ii)", 0, -1);
    }
    int error = errno;
    PyOS_AfterFork_Parent();
    if (pid < 0) {
        errno = error;
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    return Py_BuildValue("(li)", pid, pidfd);
}

/* Fill in what the kernel knows of the process's memory, from the numbers in /proc/self/stat. */
static int
read_map(PyObject *numbers, struct prctl_mm_map *map)
{
    unsigned long long start_code, end_code, start_stack, start_data, end_data, start_brk;

    if (!PyArg_ParseTuple(numbers, "KKKKKK", &start_code, &end_code, &start_stack, &start_data,
                          &end_data, &start_brk)) {
        return -1;
    }
    *map = (struct prctl_mm_map){
        .start_code = start_code, .end_code = end_code,
        .start_data = start_data, .end_data = end_data,
        .start_brk = start_brk,   .brk = (uintptr_t)sbrk(0),
        .start_stack = start_stack, .exe_fd = (uint32_t)-1,
    };
    return 0;
}

static PyObject *
sibling_show(PyObject *module, PyObject *args)
{
    Py_buffer arguments, environment;
    PyObject *numbers, *result = NULL;
    struct prctl_mm_map map;
    (void)module;

    if (!PyArg_ParseTuple(args, "y*y*O!", &arguments, &environment, &PyTuple_Type, &numbers)) {
        return NULL;
    }
    if (read_map(numbers, &map) < 0) {
        goto done;
    }
    /* Kept for as long as the process: it is what others read. */
    size_t size = (size_t)(arguments.len + environment.len);
    char *text = mmap(NULL, size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (text == MAP_FAILED) {
        PyErr_SetFromErrno(PyExc_OSError);
        goto done;
    }
    memcpy(text, arguments.buf, (size_t)arguments.len);
    memcpy(text + arguments.len, environment.buf, (size_t)environment.len);
    map.arg_start = (uintptr_t)text;
    map.arg_end = map.env_start = map.arg_start + (size_t)arguments.len;
    map.env_end = map.arg_start + size;
    if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) != 0) {
        PyErr_SetFromErrno(PyExc_OSError);
        munmap(text, size + 1);
        goto done;
    }
    result = Py_NewRef(Py_None);
done:
    PyBuffer_Release(&arguments);
    PyBuffer_Release(&environment);
    return result;
}

static PyMethodDef methods[] = {
    {"fork", sibling_fork, METH_NOARGS,
     "fork() -> (pid, pidfd)\n\nFork a child of this process's parent; (0, -1) in the child. Raises OSError."},
    {"show", sibling_show, METH_VARARGS,
     "show(arguments, environment, numbers)\n\nHave /proc tell others of these arguments and this environment, each of\n"
     "which ends with a zero. ``numbers`` are startcode, endcode, startstack, start_data, end_data and start_brk,\n"
     "as /proc/self/stat has them. Raises OSError."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef_Slot slots[] = {
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "qmp_iothreadd.testing._sibling",
    .m_doc = "Forks whose children are siblings, and what /proc says of them.",
    .m_size = 0,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__sibling(void)
{
    return PyModuleDef_Init(&definition);
}
