#include "polling.h"

const PollParamInfo poll_param_info[POLL_PARAM_COUNT] = {
#define X(name, ...) {#name, __VA_ARGS__},
    POLL_PARAMS(X)
#undef X
};

#define X(constant, name) [constant] = name,
const char *const poll_action_names[POLL_ACTION_COUNT] = {POLL_ACTIONS(X)};
const char *const poll_policy_names[POLL_POLICY_COUNT] = {POLL_POLICIES(X)};
#undef X

PollParams poll_params_default(void)
{
    PollParams params;

    for (unsigned i = 0; i < POLL_PARAM_COUNT; i++) {
        *poll_param(&params, i) = poll_param_info[i].initial;
    }
    return params;
}

PollParams poll_params_effective(PollParams params, PollPolicy policy)
{
    if (policy == POLL_LEGACY) {
        return params;
    }
    for (unsigned i = 0; i < POLL_PARAM_COUNT; i++) {
        int64_t *value = poll_param(&params, i);
        if (*value == 0 && poll_param_info[i].zero_is_default) {
            *value = poll_param_info[i].initial;
        }
    }
    return params;
}
