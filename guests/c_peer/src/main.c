/* A peer for isolates in Rust: does what it is asked, as an enum of serde's asks. */

#include <string.h>
#include <stdlib.h>

#include "peer.h"

static void answer(const insula_message *message, insula_writer *answer) {
    INSULA_CHECK(insula_reply(message, answer) == INSULA_OK);
    insula_writer_free(answer);
}

static void echo(const insula_message *message, insula_value content) {
    insula_writer writer = INSULA_WRITER;
    insula_put_value(&writer, content);
    answer(message, &writer);
}

static void sum(const insula_message *message, insula_value content) {
    int64_t sum = 0, number;
    insula_value element;
    insula_cursor cursor = insula_iterate(content);
    while (insula_next(&cursor, &element)) {
        INSULA_CHECK(insula_as_int(element, &number));
        sum += number;
    }
    insula_writer writer = INSULA_WRITER;
    insula_put_int(&writer, sum);
    answer(message, &writer);
}

static void reverse(const insula_message *message, insula_value content) {
    insula_bytes bytes;
    INSULA_CHECK(insula_as_bytes(content, &bytes));
    uint8_t *reversed = malloc(bytes.length + 1);
    INSULA_CHECK(reversed != NULL);
    for (size_t i = 0; i < bytes.length; i++) {
        reversed[i] = bytes.data[bytes.length - 1 - i];
    }
    insula_writer writer = INSULA_WRITER;
    insula_put_bytes(&writer, reversed, bytes.length);
    free(reversed);
    answer(message, &writer);
}

/* A struct of Rust's, with an enum, an option and a tuple in it. */
static void describe(const insula_message *message, insula_value content) {
    insula_text name, first;
    int64_t age;
    double x, y;
    insula_value colour = insula_field(content, "colour");
    insula_value at = insula_field(content, "at");
    INSULA_CHECK(insula_as_text(insula_field(content, "name"), &name));
    INSULA_CHECK(insula_as_int(insula_field(content, "age"), &age));
    INSULA_CHECK(insula_is_null(insula_field(content, "nothing")));
    INSULA_CHECK(insula_is_text(colour, "Red"));
    INSULA_CHECK(insula_length(at) == 2);
    INSULA_CHECK(insula_as_double(insula_element(at, 0), &x));
    INSULA_CHECK(insula_as_double(insula_element(at, 1), &y));
    insula_value tags = insula_field(content, "tags");
    INSULA_CHECK(insula_as_text(insula_element(tags, 0), &first));
    /* What is not there is no value, and no value is nothing. */
    INSULA_CHECK(insula_kind_of(insula_field(tags, "name")) == INSULA_KIND_NONE);
    INSULA_CHECK(insula_kind_of(insula_element(tags, 7)) == INSULA_KIND_NONE);

    insula_writer writer = INSULA_WRITER;
    insula_put_map(&writer, 6);
    insula_put_text(&writer, "name");
    insula_put_text_of(&writer, first);
    insula_put_text(&writer, "age");
    insula_put_int(&writer, age + 1);
    insula_put_text(&writer, "nothing");
    insula_put_double(&writer, x + y);
    insula_put_text(&writer, "colour");
    insula_put_map(&writer, 1);
    insula_put_text(&writer, "Mixed");
    insula_put_list(&writer, 3);
    insula_put_int(&writer, 1);
    insula_put_int(&writer, 2);
    insula_put_int(&writer, 3);
    insula_put_text(&writer, "at");
    insula_put_value(&writer, at);
    insula_put_text(&writer, "tags");
    insula_put_list(&writer, 1);
    insula_put_text_of(&writer, name);
    answer(message, &writer);
}

static void say_where(void *context, const insula_message *message) {
    (void)context;
    insula_writer writer = INSULA_WRITER;
    insula_put_text(&writer, "a port of C's");
    answer(message, &writer);
}

/* A new port of this isolate's. */
static void give(const insula_message *message) {
    insula_receiver receiver;
    insula_port port;
    INSULA_CHECK(insula_open(&receiver) == INSULA_OK);
    INSULA_CHECK(insula_sender(receiver, &port) == INSULA_OK);
    INSULA_CHECK(insula_receive(receiver, say_where, NULL) == INSULA_OK);
    /* It alone does not keep this isolate. */
    INSULA_CHECK(insula_keep_alive(receiver, false) == INSULA_OK);
    insula_writer writer = INSULA_WRITER;
    insula_put_port(&writer, port);
    answer(message, &writer);
    insula_port_drop(&port);
}

/* Gives the ports back that came, the other way around, and says whether the first and
 * the last are the same. */
static void turn_around(const insula_message *message, insula_value content) {
    size_t count = insula_length(content);
    insula_port first = {0}, last = {0};
    insula_writer writer = INSULA_WRITER;
    insula_put_list(&writer, 2);
    insula_put_list(&writer, count);
    for (size_t i = count; i > 0; i--) {
        insula_value element = insula_element(content, i - 1);
        INSULA_CHECK(insula_as_port(element, i == count ? &last : &first));
        insula_put_value(&writer, element);
    }
    insula_put_bool(&writer, insula_port_same(first, last));
    answer(message, &writer);
}

static void fill(const insula_message *message, insula_value content) {
    uint64_t length;
    INSULA_CHECK(insula_as_uint(content, &length));
    uint8_t *bytes = malloc((size_t)length);
    INSULA_CHECK(bytes != NULL);
    memset(bytes, 0xab, (size_t)length);
    insula_writer writer = INSULA_WRITER;
    insula_put_bytes(&writer, bytes, (size_t)length);
    free(bytes);
    answer(message, &writer);
}

/* Says how large a message is that came, and gives it back whole, with its cycles. */
static void graph(void *context, const insula_message *message) {
    (void)context;
    insula_value root = insula_root(message);
    insula_value itself = insula_element(root, 0);
    INSULA_CHECK(insula_same(root, itself));
    insula_writer writer = INSULA_WRITER;
    insula_put_value(&writer, root);
    answer(message, &writer);
}

static void graphs(const insula_message *message) {
    static insula_receiver receiver;
    insula_port port;
    INSULA_CHECK(insula_open(&receiver) == INSULA_OK);
    INSULA_CHECK(insula_sender(receiver, &port) == INSULA_OK);
    INSULA_CHECK(insula_receive_graphs(receiver, graph, NULL) == INSULA_OK);
    insula_writer writer = INSULA_WRITER;
    insula_put_port(&writer, port);
    answer(message, &writer);
    insula_port_drop(&port);
}

/* Ends an isolate that was handed on, and says how that went: where the right to do so
 * came along, and where it did not. */
static void kill_one(const insula_message *message, insula_value content) {
    insula_isolate isolate;
    insula_status status = insula_as_isolate(content, &isolate);
    if (status == INSULA_OK) {
        status = insula_kill(&isolate, false);
    }
    insula_isolate_drop(&isolate);
    insula_writer writer = INSULA_WRITER;
    insula_put_text(&writer, insula_status_name(status));
    answer(message, &writer);
}

/* A new isolate of this program, paused, without the right to end it. */
static void give_child(const insula_message *message) {
    insula_isolate child;
    insula_isolate_parts parts;
    INSULA_CHECK(insula_spawn_with(&(insula_spawn_options){.entry = "peer"}, &child) == INSULA_OK);
    INSULA_CHECK(insula_pause(&child) == INSULA_OK);
    INSULA_CHECK(insula_split(&child, &parts) == INSULA_OK);
    insula_port_drop(&parts.terminate);
    insula_writer writer = INSULA_WRITER;
    insula_put_isolate(&writer, child.port, &parts);
    answer(message, &writer);
    insula_parts_drop(&parts);
    insula_isolate_drop(&child);
}

static void stop(void) {
    insula_exit();
}

static void handle(void *context, const insula_message *message) {
    (void)context;
    insula_value name = insula_root(message), content = name;
    insula_cursor variant = insula_iterate(name);
    insula_next_pair(&variant, &name, &content);
    if (insula_is_text(name, "Echo")) {
        echo(message, content);
    } else if (insula_is_text(name, "Sum")) {
        sum(message, content);
    } else if (insula_is_text(name, "Reverse")) {
        reverse(message, content);
    } else if (insula_is_text(name, "Describe")) {
        describe(message, content);
    } else if (insula_is_text(name, "Give")) {
        give(message);
    } else if (insula_is_text(name, "TurnAround")) {
        turn_around(message, content);
    } else if (insula_is_text(name, "Fill")) {
        fill(message, content);
    } else if (insula_is_text(name, "Graphs")) {
        graphs(message);
    } else if (insula_is_text(name, "Call")) {
        call_back(message, content);
    } else if (insula_is_text(name, "Spawn")) {
        spawn_other(message, content);
    } else if (insula_is_text(name, "Kill")) {
        kill_one(message, content);
    } else if (insula_is_text(name, "Child")) {
        give_child(message);
    } else if (insula_is_text(name, "Silence")) {
        /* The port for the answer is gone when this returns. */
    } else if (insula_is_text(name, "Fail")) {
        insula_fail("the flour is gone");
    } else if (insula_is_text(name, "Panic")) {
        insula_panic("the oven is cold");
    } else if (insula_is_text(name, "Stop")) {
        stop();
    } else {
        insula_panic("nobody has told me what that is");
    }
}

INSULA_ENTRY(peer) {
    insula_receive(insula_first_port(), handle, NULL);
}

/* Gives its first message back as what it returns. */
INSULA_ENTRY(returns) {
    insula_message *first = insula_first_message();
    INSULA_CHECK(first != NULL && insula_first_message() == NULL);
    insula_writer writer = INSULA_WRITER;
    insula_put_value(&writer, insula_root(first));
    insula_status status = insula_return(&writer);
    insula_writer_free(&writer);
    insula_message_free(first);
    INSULA_CHECK(status == INSULA_CLOSED);
    insula_fail("nobody waits for what I return");
}
