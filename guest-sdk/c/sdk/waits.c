/* Calls and timers: what happens once, later. */

#include "runtime.h"

static insula_status start_timer(uint64_t nanoseconds, uint64_t token) {
    insula_result result;
    insula_import_timers_timer_start(nanoseconds, token, &result);
    insula_status status = insula_granted(&result);
    if (status == INSULA_OK) {
        insula_slot_find(token)->timer = result.as.handle;
    }
    return status;
}

/* Sends the message with a port for the answer, of which the callee alone is to have
 * the send port: when it is done with it, the host says so. */
static insula_status ask(insula_port to, const insula_writer *message, uint64_t token) {
    uint32_t answer = insula_slot_find(token)->port;
    insula_result result;
    insula_import_ports_receive_port_sender(answer, &result);
    insula_status status = insula_granted(&result);
    if (status != INSULA_OK) {
        return status;
    }
    insula_port reply = {result.as.handle};
    status = insula_send_with_reply(to, message, reply);
    insula_port_drop(&reply);
    if (status == INSULA_OK) {
        insula_import_ports_receive_port_listen(answer, 1);
    }
    return status;
}

insula_status insula_call(insula_port to, const insula_writer *message, uint64_t nanoseconds,
                          insula_answer *done, void *context) {
    uint64_t token;
    insula_status status = insula_slot_open(INSULA_SLOT_CALL, &token);
    if (status != INSULA_OK) {
        return status;
    }
    insula_slot *slot = insula_slot_find(token);
    slot->call.answer = done;
    slot->context = context;
    if (nanoseconds != INSULA_FOREVER) {
        status = start_timer(nanoseconds, token);
    }
    if (status == INSULA_OK) {
        status = ask(to, message, token);
    }
    if (status != INSULA_OK) {
        insula_slot_free(token);
    }
    return status;
}

insula_status insula_after(uint64_t nanoseconds, insula_callback *callback, void *context,
                           insula_timer *out) {
    uint64_t token = insula_slot_new(INSULA_SLOT_TIMER);
    if (out != NULL) {
        out->id = 0;
    }
    if (token == 0) {
        return INSULA_OUT_OF_MEMORY;
    }
    insula_slot *slot = insula_slot_find(token);
    slot->call.due = callback;
    slot->context = context;
    insula_status status = start_timer(nanoseconds, token);
    if (status != INSULA_OK) {
        insula_slot_free(token);
        return status;
    }
    if (out != NULL) {
        out->id = token;
    }
    return INSULA_OK;
}

void insula_cancel(insula_timer timer) {
    insula_slot *slot = insula_slot_find(timer.id);
    if (slot != NULL && slot->kind == INSULA_SLOT_TIMER) {
        insula_slot_free(timer.id);
    }
}
