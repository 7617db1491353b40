# Part of _lab.pyx: policies of the user's own.

ctypedef int64_t (*PolicyFunction)(const native.PolicyStep *step, int64_t *ns) noexcept nogil


cdef class Step:
    """What a policy decides from: the members of native/policy.h's PolicyStep."""

    cdef readonly int64_t block_ns, poll_ns, max_ns, grow, shrink, weight
    cdef readonly uint64_t events
    cdef readonly unsigned handlers


cdef class OwnPolicy:
    """A policy of the user's own, which decides for any number of parameter sets."""

    cdef native.UserPolicy asked
    cdef object function
    cdef object failure
    cdef readonly str name

    @staticmethod
    def of_function(function, str name):
        """``function(step, ns)`` is called with a Step and a list, which it may change."""
        cdef OwnPolicy made = OwnPolicy()
        made.function, made.name = function, name
        made.asked.ask, made.asked.owner = ask_python, <void *>made
        return made

    @staticmethod
    def of_library(str path, str name):
        """The function ``policy`` of a shared object, which stays loaded.

        Raises OSError: it cannot be loaded, or has no such function.
        """
        cdef OwnPolicy made = OwnPolicy()
        cdef bytes encoded = path.encode()
        cdef void *library = dlopen(encoded, RTLD_NOW | RTLD_LOCAL)
        cdef void *function = NULL if library == NULL else dlsym(library, b"policy")
        if function == NULL:
            raise OSError(f"{name}: {(<bytes>dlerror()).decode(errors='replace')}")
        made.name = name
        made.asked.ask, made.asked.owner = ask_native, function
        return made

    cdef int fail(self, int error, int64_t asked_ns, int64_t max_ns) except -1:
        """Raises what it raised, or ValueError, which says what it did."""
        if error == native.USER_OUT_OF_RANGE:
            raise ValueError(
                f"the policy {self.name} asked for a window of {asked_ns} ns: return 0 to step's"
                f" max_ns, which is {max_ns}"
            )
        if error == native.USER_OVERRAN:
            raise ValueError(
                f"the policy {self.name} wrote past the end of ns: it has {HANDLERS_MAX} places"
            )
        failure, self.failure = self.failure, None
        raise failure


cdef bint ask_native(void *owner, const native.PolicyStep *step, int64_t *ns,
                     int64_t *poll_ns) noexcept nogil:
    poll_ns[0] = (<PolicyFunction>owner)(step, ns)
    return True


cdef bint ask_python(void *owner, const native.PolicyStep *step, int64_t *ns,
                     int64_t *poll_ns) noexcept with gil:
    cdef OwnPolicy policy = <OwnPolicy>owner
    cdef Step seen = Step()
    cdef unsigned i
    seen.block_ns, seen.events, seen.poll_ns = step.block_ns, step.events, step.poll_ns
    seen.max_ns, seen.grow, seen.shrink = step.max_ns, step.grow, step.shrink
    seen.weight, seen.handlers = step.weight, step.handlers
    try:
        kept = [ns[i] for i in range(step.handlers)]
        poll_ns[0] = policy.function(seen, kept)
        if len(kept) != step.handlers:
            raise ValueError(f"the policy {policy.name} changed how many ns there are")
        for i in range(step.handlers):
            ns[i] = kept[i]
        return True
    except BaseException as error:
        policy.failure = error
        return False


cdef int native_policy(params) except -1:
    """Its number; of one of the user's own that which all of them have."""
    return POLICIES.index(params.policy) if params.policy in POLICIES else native.LAB_user


cdef native.UserPolicy asked_of(OwnPolicy own) noexcept:
    cdef native.UserPolicy none
    memset(&none, 0, sizeof(none))
    return none if own is None else own.asked
