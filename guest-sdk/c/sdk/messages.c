/* Messages on their way in and out. */

#include <stdlib.h>

#include "runtime.h"

insula_status insula_outgoing_of(const insula_writer *writer, insula_outgoing *out) {
    static const uint8_t null[1] = {0xf6};
    if (writer == NULL) {
        *out = (insula_outgoing){.bytes = null, .length = 1};
        return INSULA_OK;
    }
    *out = (insula_outgoing){writer->bytes, writer->length, writer->ports, writer->port_count};
    return insula_writer_status(writer);
}

static void release(const insula_message *parts) {
    for (size_t i = 0; i < parts->port_count; i++) {
        insula_port_drop(&parts->ports[i]);
    }
    insula_port reply = parts->reply;
    insula_port_drop(&reply);
    /* Of an empty list the host only gives a place that is none. */
    if (parts->port_count > 0) {
        free(parts->ports);
    }
    if (parts->length > 0) {
        free(parts->bytes);
    }
    free(parts->shared);
}

insula_message *insula_message_new(insula_message parts) {
    insula_message *message = malloc(sizeof *message);
    if (message == NULL) {
        release(&parts);
        return NULL;
    }
    *message = parts;
    return message;
}

void insula_message_free(insula_message *message) {
    if (message != NULL) {
        release(message);
        free(message);
    }
}

insula_message *insula_message_take(const insula_message *message) {
    /* The library made it, on the heap; the handler was only lent it. */
    insula_message *own = (insula_message *)(uintptr_t)message;
    if (own == NULL || own->is_taken) {
        return NULL;
    }
    own->is_taken = true;
    return own;
}

insula_port insula_reply_port(const insula_message *message) {
    return message->reply;
}

insula_status insula_reply(const insula_message *message, const insula_writer *answer) {
    if (message->reply.handle == 0) {
        return INSULA_CLOSED;
    }
    return insula_send(message->reply, answer);
}
