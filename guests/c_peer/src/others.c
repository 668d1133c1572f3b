/* Talking to others: answers that are given later. */

#include <stdlib.h>

#include "peer.h"

later *later_for(const insula_message *message) {
    later *later = calloc(1, sizeof *later);
    INSULA_CHECK(later != NULL);
    INSULA_CHECK(insula_port_clone(insula_reply_port(message), &later->reply) == INSULA_OK);
    return later;
}

void later_answer(later *later, insula_writer *answer) {
    INSULA_CHECK(insula_send(later->reply, answer) == INSULA_OK);
    insula_writer_free(answer);
    insula_port_drop(&later->reply);
    insula_isolate_drop(&later->isolate);
    free(later);
}

static void put_answer(insula_writer *writer, insula_status status,
                       const insula_message *answer) {
    insula_put_text(writer, insula_status_name(status));
    if (answer != NULL) {
        insula_put_value(writer, insula_root(answer));
    } else {
        insula_put_null(writer);
    }
}

static void called(void *context, insula_status status, const insula_message *answer) {
    insula_writer writer = INSULA_WRITER;
    insula_put_list(&writer, 2);
    put_answer(&writer, status, answer);
    later_answer(context, &writer);
}

void call_back(const insula_message *message, insula_value content) {
    insula_port port;
    uint64_t milliseconds = 0;
    INSULA_CHECK(insula_as_port(insula_field(content, "port"), &port));
    bool has_end = insula_as_uint(insula_field(content, "milliseconds"), &milliseconds);
    uint64_t wait = has_end ? milliseconds * INSULA_MILLISECOND : INSULA_FOREVER;
    insula_writer writer = INSULA_WRITER;
    insula_put_value(&writer, insula_field(content, "message"));
    later *later = later_for(message);
    insula_status status = insula_call(port, &writer, wait, called, later);
    insula_writer_free(&writer);
    if (status != INSULA_OK) {
        called(later, status, NULL);
    }
}

/* The list of what it has answered, how it ended, and what was said of that. */
static void ended(void *context, const insula_exit_reason *reason) {
    insula_writer writer = INSULA_WRITER;
    insula_put_list(&writer, 2);
    insula_put_int(&writer, reason->kind);
    insula_put_text_of(&writer, reason->text);
    later_answer(context, &writer);
}

static void watch(void *context, insula_status status, const insula_message *answer) {
    later *later = context;
    insula_writer writer = INSULA_WRITER;
    insula_put_list(&writer, 2);
    put_answer(&writer, status, answer);
    INSULA_CHECK(insula_send(later->reply, &writer) == INSULA_OK);
    insula_writer_free(&writer);
    INSULA_CHECK(insula_monitor(&later->isolate, ended, later) == INSULA_OK);
}

void spawn_other(const insula_message *message, insula_value content) {
    insula_text uri, entry;
    char uri_copy[200], entry_copy[50];
    INSULA_CHECK(insula_as_text(insula_field(content, "uri"), &uri));
    INSULA_CHECK(insula_as_text(insula_field(content, "entry"), &entry));
    INSULA_CHECK(uri.length < sizeof uri_copy && entry.length < sizeof entry_copy);
    for (size_t i = 0; i <= uri.length; i++) {
        uri_copy[i] = i < uri.length ? uri.data[i] : 0;
    }
    for (size_t i = 0; i <= entry.length; i++) {
        entry_copy[i] = i < entry.length ? entry.data[i] : 0;
    }
    later *later = later_for(message);
    insula_spawn_options options = {.uri = uri_copy, .entry = entry_copy};
    insula_status status = insula_spawn_with(&options, &later->isolate);
    if (status != INSULA_OK) {
        insula_writer writer = INSULA_WRITER;
        insula_put_list(&writer, 2);
        insula_put_text(&writer, insula_status_name(status));
        insula_put_text_of(&writer, insula_refusal_text());
        later_answer(later, &writer);
        return;
    }
    insula_writer writer = INSULA_WRITER;
    insula_put_value(&writer, insula_field(content, "message"));
    INSULA_CHECK(insula_call(later->isolate.port, &writer, INSULA_FOREVER, watch, later) ==
                 INSULA_OK);
    insula_writer_free(&writer);
}
