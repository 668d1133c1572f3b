/* Knowing and controlling isolates. */

#include <string.h>

#include "runtime.h"

enum { PRIORITY_IMMEDIATE, PRIORITY_BEFORE_NEXT_EVENT };

void insula_isolate_drop(insula_isolate *isolate) {
    insula_port_drop(&isolate->port);
    if (isolate->control != 0) {
        insula_import_control_isolate_drop(isolate->control);
        isolate->control = 0;
    }
}

static insula_status allowed(uint32_t has_right) {
    return has_right ? INSULA_OK : INSULA_CLOSED;
}

insula_status insula_kill(const insula_isolate *isolate, bool tree) {
    if (isolate->control == 0) {
        return INSULA_CLOSED;
    }
    return allowed(
        insula_import_control_isolate_kill(isolate->control, PRIORITY_IMMEDIATE, tree));
}

insula_status insula_link(const insula_isolate *isolate) {
    if (isolate->control == 0) {
        return INSULA_CLOSED;
    }
    return allowed(insula_import_control_isolate_link(isolate->control));
}

/* The capability by which its spawner pauses an isolate; no port without that right. */
static insula_status own_pause(const insula_isolate *isolate, insula_port *out) {
    out->handle = 0;
    if (isolate->control == 0) {
        return INSULA_CLOSED;
    }
    insula_result result;
    insula_import_control_isolate_pause_capability(isolate->control, &result);
    insula_status status = insula_granted(&result);
    if (status == INSULA_OK && !result.as.option.is_there) {
        return INSULA_CLOSED;
    }
    if (status == INSULA_OK) {
        out->handle = result.as.option.handle;
    }
    return status;
}

insula_status insula_pause(const insula_isolate *isolate) {
    insula_port by;
    insula_result result;
    insula_status status = own_pause(isolate, &by);
    if (status != INSULA_OK) {
        return status;
    }
    insula_import_control_isolate_pause(isolate->control, by.handle, &result);
    insula_port_drop(&by);
    status = insula_granted(&result);
    return status == INSULA_OK ? allowed(result.as.is_true) : status;
}

insula_status insula_start(const insula_isolate *isolate) {
    insula_port by;
    insula_status status = own_pause(isolate, &by);
    if (status != INSULA_OK) {
        return status;
    }
    uint32_t has_right = insula_import_control_isolate_resume(isolate->control, by.handle);
    insula_port_drop(&by);
    return allowed(has_right);
}

insula_status insula_monitor(const insula_isolate *isolate, insula_ended *ended, void *context) {
    if (isolate->control == 0) {
        return INSULA_CLOSED;
    }
    uint64_t token;
    insula_status status = insula_slot_open(INSULA_SLOT_MONITOR, &token);
    if (status != INSULA_OK) {
        return status;
    }
    insula_slot *slot = insula_slot_find(token);
    slot->call.ended = ended;
    slot->context = context;
    insula_result result;
    insula_import_ports_receive_port_sender(slot->port, &result);
    status = insula_granted(&result);
    if (status == INSULA_OK) {
        insula_outgoing null;
        insula_outgoing_of(NULL, &null);
        insula_port to = {result.as.handle};
        status = (insula_status)insula_import_control_isolate_add_monitor(
            isolate->control, to.handle, null.bytes, null.length, NULL, 0);
        insula_port_drop(&to);
    }
    if (status != INSULA_OK) {
        insula_slot_free(token);
        return status;
    }
    insula_import_ports_receive_port_listen(insula_slot_find(token)->port, 1);
    return INSULA_OK;
}

typedef struct exit_word {
    const char *name;
    /* What of it is for people; NULL where the content itself is, if anything. */
    const char *text;
} exit_word;

static const exit_word exits[INSULA_EXIT_UNKNOWN] = {
    [INSULA_EXIT_ENDED] = {"ended", NULL},
    [INSULA_EXIT_EXITED] = {"exited", NULL},
    [INSULA_EXIT_PANICKED] = {"panicked", "message"},
    [INSULA_EXIT_FAILED] = {"failed", "error"},
    [INSULA_EXIT_TRAPPED] = {"trapped", "trap"},
    [INSULA_EXIT_LIMIT] = {"limit", "limit"},
    [INSULA_EXIT_CONTRACT_BROKEN] = {"contract_broken", "what"},
    [INSULA_EXIT_NOT_STARTED] = {"not_started", NULL},
    [INSULA_EXIT_KILLED] = {"killed", NULL},
    [INSULA_EXIT_LINKED] = {"linked", "isolate"},
    [INSULA_EXIT_SHUT_DOWN] = {"shut_down", NULL},
    [INSULA_EXIT_HOST_FAILED] = {"host_failed", NULL},
};

/* An enum of Rust's: a text, or a map of one entry where there is more to say. */
insula_exit_reason insula_exit_reason_of(insula_value whole) {
    insula_exit_reason reason = {INSULA_EXIT_UNKNOWN, {"", 0}, whole};
    insula_value name = whole, content = whole;
    insula_cursor cursor = insula_iterate(whole);
    if (cursor.is_map && !insula_next_pair(&cursor, &name, &content)) {
        return reason;
    }
    for (size_t kind = 0; kind < INSULA_EXIT_UNKNOWN; kind++) {
        if (insula_is_text(name, exits[kind].name)) {
            const char *field = exits[kind].text;
            reason.kind = (insula_exit_kind)kind;
            insula_as_text(field ? insula_field(content, field) : content, &reason.text);
        }
    }
    return reason;
}
