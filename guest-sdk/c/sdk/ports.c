/* Sending, and ports to receive at. */

#include "runtime.h"

_Static_assert(INSULA_OK == 0 && INSULA_FULL == 1 && INSULA_TOO_LARGE == 2 && INSULA_CLOSED == 3,
               "in the order of send-status in the WIT");

insula_status insula_send(insula_port to, const insula_writer *message) {
    return insula_send_with_reply(to, message, (insula_port){0});
}

insula_status insula_send_with_reply(insula_port to, const insula_writer *message,
                                     insula_port reply) {
    insula_outgoing out;
    insula_status status = insula_outgoing_of(message, &out);
    if (status != INSULA_OK) {
        return status;
    }
    if (to.handle == 0) {
        return INSULA_CLOSED;
    }
    return (insula_status)insula_import_ports_send_port_send(
        to.handle, out.bytes, out.length, out.ports, out.port_count, reply.handle != 0,
        reply.handle);
}

insula_status insula_send_when_ready(insula_port to, const insula_writer *message,
                                     insula_sent *done, void *context) {
    insula_outgoing out;
    insula_status status = insula_outgoing_of(message, &out);
    if (status != INSULA_OK) {
        return status;
    }
    if (to.handle == 0) {
        return INSULA_CLOSED;
    }
    uint64_t token = insula_slot_new(INSULA_SLOT_SEND);
    if (token == 0) {
        return INSULA_OUT_OF_MEMORY;
    }
    insula_result result;
    insula_import_ports_send_port_send_when_ready(to.handle, out.bytes, out.length, out.ports,
                                                  out.port_count, 0, 0, token, &result);
    status = insula_granted(&result);
    if (status != INSULA_OK) {
        insula_slot_free(token);
        return status;
    }
    insula_slot *slot = insula_slot_find(token);
    slot->wait = result.as.handle;
    slot->call.sent = done;
    slot->context = context;
    return INSULA_OK;
}

insula_status insula_send_text(insula_port to, const char *text) {
    insula_writer writer = INSULA_WRITER;
    insula_put_text(&writer, text);
    insula_status status = insula_send(to, &writer);
    insula_writer_free(&writer);
    return status;
}

insula_status insula_send_int(insula_port to, int64_t value) {
    insula_writer writer = INSULA_WRITER;
    insula_put_int(&writer, value);
    insula_status status = insula_send(to, &writer);
    insula_writer_free(&writer);
    return status;
}

static insula_status port_of(const insula_result *result, insula_port *out) {
    insula_status status = insula_granted(result);
    out->handle = status == INSULA_OK ? result->as.handle : 0;
    return status;
}

insula_status insula_port_clone(insula_port port, insula_port *out) {
    if (port.handle == 0) {
        out->handle = 0;
        return INSULA_CLOSED;
    }
    insula_result result;
    insula_import_ports_send_port_duplicate(port.handle, &result);
    return port_of(&result, out);
}

void insula_port_drop(insula_port *port) {
    if (port->handle != 0) {
        insula_import_ports_send_port_drop(port->handle);
        port->handle = 0;
    }
}

bool insula_port_same(insula_port a, insula_port b) {
    if (a.handle == 0 || b.handle == 0) {
        return a.handle == b.handle;
    }
    return insula_import_ports_send_port_identity(a.handle) ==
           insula_import_ports_send_port_identity(b.handle);
}

bool insula_port_is_closed(insula_port port) {
    return port.handle == 0 || insula_import_ports_send_port_is_closed(port.handle) != 0;
}

insula_status insula_capability(insula_port *out) {
    insula_result result;
    insula_import_ports_send_port_capability(&result);
    return port_of(&result, out);
}

insula_receiver insula_first_port(void) {
    static insula_receiver first;
    if (first.id == 0) {
        insula_optional port;
        first.id = insula_slot_new(INSULA_SLOT_RECEIVER);
        if (first.id == 0) {
            insula_panic("there is no memory for the first port");
        }
        insula_import_self_first_port(first.id, &port);
        insula_slot_find(first.id)->port = port.is_there ? port.handle : 0;
    }
    return first;
}

insula_status insula_open(insula_receiver *out) {
    out->id = 0;
    return insula_slot_open(INSULA_SLOT_RECEIVER, &out->id);
}

/* The slot of a port that is open. */
static insula_slot *open_slot(insula_receiver port) {
    insula_slot *slot = insula_slot_find(port.id);
    bool is_open = slot != NULL && slot->kind == INSULA_SLOT_RECEIVER && slot->port != 0;
    return is_open ? slot : NULL;
}

static insula_status set_handler(insula_receiver port, insula_handler *handler, void *context,
                                 bool keeps_sharing) {
    insula_slot *slot = open_slot(port);
    if (slot == NULL) {
        return INSULA_CLOSED;
    }
    bool was_listening = slot->call.message != NULL;
    slot->call.message = handler;
    slot->context = context;
    slot->keeps_sharing = keeps_sharing;
    if (was_listening != (handler != NULL)) {
        insula_import_ports_receive_port_listen(slot->port, handler != NULL);
    }
    return INSULA_OK;
}

insula_status insula_receive(insula_receiver port, insula_handler *handler, void *context) {
    return set_handler(port, handler, context, false);
}

insula_status insula_receive_graphs(insula_receiver port, insula_handler *handler,
                                    void *context) {
    return set_handler(port, handler, context, true);
}

insula_status insula_on_unreachable(insula_receiver port, insula_callback *callback,
                                    void *context) {
    insula_slot *slot = open_slot(port);
    if (slot == NULL) {
        return INSULA_CLOSED;
    }
    slot->unreachable = callback;
    slot->unreachable_context = context;
    return INSULA_OK;
}

insula_status insula_keep_alive(insula_receiver port, bool on) {
    insula_slot *slot = open_slot(port);
    if (slot == NULL) {
        return INSULA_CLOSED;
    }
    insula_import_ports_receive_port_keep_alive(slot->port, on);
    return INSULA_OK;
}

insula_status insula_sender(insula_receiver port, insula_port *out) {
    insula_slot *slot = open_slot(port);
    if (slot == NULL) {
        out->handle = 0;
        return INSULA_CLOSED;
    }
    insula_result result;
    insula_import_ports_receive_port_sender(slot->port, &result);
    return port_of(&result, out);
}

void insula_close(insula_receiver port) {
    if (open_slot(port) != NULL) {
        insula_slot_free(port.id);
    }
}
