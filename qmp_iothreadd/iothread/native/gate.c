#include "gate.h"

#include <errno.h>

void gate_init(Gate *gate)
{
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->changed, NULL);
    gate->state = GATE_CLOSED;
    aio_list_init(&gate->uses);
}

void gate_destroy(Gate *gate)
{
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->lock);
}

static void set_state(Gate *gate, GateState state)
{
    pthread_mutex_lock(&gate->lock);
    gate->state = state;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

void gate_open(Gate *gate)
{
    set_state(gate, GATE_OPEN);
}

void gate_shut(Gate *gate)
{
    set_state(gate, GATE_SHUT);
}

void gate_close(Gate *gate)
{
    set_state(gate, GATE_CLOSED);
}

bool gate_enter(Gate *gate, GateUse *use)
{
    pthread_mutex_lock(&gate->lock);
    const bool may_enter = gate->state == GATE_OPEN || gate->state == GATE_CLAIMED;
    if (may_enter) {
        use->thread = pthread_self();
        aio_list_insert_head(&gate->uses, &use->link);
    }
    pthread_mutex_unlock(&gate->lock);
    return may_enter;
}

void gate_leave(Gate *gate, GateUse *use)
{
    pthread_mutex_lock(&gate->lock);
    aio_list_remove(&use->link);
    if (aio_list_empty(&gate->uses)) {
        pthread_cond_broadcast(&gate->changed);
    }
    pthread_mutex_unlock(&gate->lock);
}

static bool is_user_locked(const Gate *gate)
{
    AIO_LIST_FOREACH (link, &gate->uses) {
        if (pthread_equal(aio_container_of(link, GateUse, link)->thread, pthread_self())) {
            return true;
        }
    }
    return false;
}

bool gate_is_user(Gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    const bool is_user = is_user_locked(gate);
    pthread_mutex_unlock(&gate->lock);
    return is_user;
}

static bool is_closed_by_another_locked(const Gate *gate)
{
    return (gate->state == GATE_CLAIMED || gate->state == GATE_SHUT) &&
           !pthread_equal(gate->closer, pthread_self());
}

int gate_claim(Gate *gate, bool wait)
{
    int result = 0;

    pthread_mutex_lock(&gate->lock);
    if (is_user_locked(gate)) {
        result = -EDEADLK;
    } else {
        while (wait && is_closed_by_another_locked(gate)) {
            pthread_cond_wait(&gate->changed, &gate->lock);
        }
        if (gate->state == GATE_OPEN) {
            gate->state = GATE_CLAIMED;
            gate->closer = pthread_self();
            result = 1;
        }
    }
    pthread_mutex_unlock(&gate->lock);
    return result;
}

void gate_drain(Gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    while (!aio_list_empty(&gate->uses)) {
        pthread_cond_wait(&gate->changed, &gate->lock);
    }
    pthread_mutex_unlock(&gate->lock);
}

bool gate_await_closed(Gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    while (is_closed_by_another_locked(gate) && !is_user_locked(gate)) {
        pthread_cond_wait(&gate->changed, &gate->lock);
    }
    const bool is_closed = gate->state == GATE_CLOSED;
    pthread_mutex_unlock(&gate->lock);
    return is_closed;
}
