# cython: language_level=3, boundscheck=False, wraparound=False, embedsignature=False
"""Binding of the lab's native core: decisions on recorded times, and simulated iothreads.

The GIL is released while it computes; Ctrl-C is noticed a few times a second. What is returned are
plain tuples and dicts: `qmp_iothreadd.lab` makes its classes of them.
"""

from cpython.exc cimport PyErr_CheckSignals
from libc.errno cimport EINVAL, EOVERFLOW, ERANGE
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset
from posix.dlfcn cimport RTLD_LOCAL, RTLD_NOW, dlerror, dlopen, dlsym

from qmp_iothreadd.lab cimport _native as native

HANDLERS_MAX = native.REPLAY_HANDLERS_MAX
POLICIES = tuple(native.lab_policy_names[i].decode() for i in range(native.LAB_POLICY_COUNT))


cdef native.PollParams native_params(params) except *:
    cdef native.PollParams made = native.poll_params_default()
    made.max_ns, made.grow = params.max_ns, params.grow
    made.shrink, made.weight = params.shrink, params.weight
    return made


include "_policies.pxi"
include "_replay.pxi"
include "_simulate.pxi"
include "_events.pxi"
