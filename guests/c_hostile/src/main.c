/* Isolates that do what none should, each of which ends alone; and the one that watches
 * them. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imports.h"
#include "insula.h"

/* ---- What ends an isolate ------------------------------------------------------ */

/* 1 KiB of what the linker calls the stack for each call. */
static int deep(volatile int *above, int depth) {
    volatile int here[256];
    here[0] = above[0] + depth;
    int below = depth > 1000000 ? 0 : deep(here, depth + 1);
    return below + here[0];
}

INSULA_ENTRY(stack) {
    volatile int top[1] = {1};
    printf("%d\n", deep(top, 0));
}

INSULA_ENTRY(dropped_twice) {
    insula_port port, copy;
    INSULA_CHECK(insula_capability(&port) == INSULA_OK);
    copy = port;
    insula_port_drop(&port);
    insula_port_drop(&port); /* is nothing: the place is empty */
    insula_port_drop(&copy);
}

INSULA_ENTRY(made_up_port) {
    insula_send((insula_port){0x1234567}, NULL);
}

INSULA_ENTRY(wild_pointer) {
    /* Not known while this is compiled. */
    volatile uintptr_t place = 0xfffffff0;
    *(volatile int *)place = 1;
}

INSULA_ENTRY(null_function) {
    void (*volatile nobody)(void) = NULL;
    nobody();
}

INSULA_ENTRY(aborts) {
    abort();
}

INSULA_ENTRY(exits) {
    exit(3);
}

static void nothing(void *context, const insula_message *message) {
    (void)context;
    (void)message;
}

/* A message that is larger than what is left of the memory ends who takes it. */
INSULA_ENTRY(no_room) {
    while (malloc(1 << 20) != NULL) {
    }
    insula_receive(insula_first_port(), nothing, NULL);
}

/* ---- What ends nobody ---------------------------------------------------------- */

/* What is wrong with a message to be is an answer. */
INSULA_ENTRY(wrong_writers) {
    insula_port none = {0}, port;
    insula_isolate isolate;
    INSULA_CHECK(insula_capability(&port) == INSULA_OK);
    insula_writer writer = INSULA_WRITER;
    puts(insula_status_name(insula_send(port, &writer)));
    insula_put_list(&writer, 2);
    insula_put_int(&writer, 1);
    puts(insula_status_name(insula_send(port, &writer)));
    insula_put_int(&writer, 2);
    insula_put_int(&writer, 3);
    puts(insula_status_name(insula_send(port, &writer)));
    insula_writer_reset(&writer);
    insula_put_text(&writer, "\xff");
    puts(insula_status_name(insula_send(port, &writer)));
    insula_writer_reset(&writer);
    insula_put_reference(&writer, 0);
    puts(insula_status_name(insula_send(port, &writer)));
    insula_writer_reset(&writer);
    insula_put_port(&writer, none);
    puts(insula_status_name(insula_send(port, &writer)));
    insula_writer_reset(&writer);
    insula_put_text(&writer, NULL);
    puts(insula_status_name(insula_send(port, &writer)));
    insula_writer_reset(&writer);
    insula_put_value(&writer, insula_element(insula_root(NULL), 3));
    puts(insula_status_name(insula_send(port, &writer)));
    insula_writer_free(&writer);
    puts(insula_status_name(insula_send(none, NULL)));
    puts(insula_status_name(insula_spawn_with(
        &(insula_spawn_options){.entry = "\xff"}, &isolate)));
    puts(insula_status_name(insula_spawn_with(
        &(insula_spawn_options){.entry = "nobody"}, &isolate)));
    insula_text why = insula_refusal_text();
    printf("%.*s\n", 29, why.length > 29 ? why.data : "too short a text for a refusal");
    insula_port_drop(&port);
}

/* What handlers may do: anything. */
static insula_message *kept;
static int handled;

static void last(void *context, const insula_message *message) {
    int64_t number = 0;
    INSULA_CHECK(context == &handled);
    INSULA_CHECK(insula_as_int(insula_root(message), &number) && number == 3);
    INSULA_CHECK(insula_reply(message, NULL) == INSULA_CLOSED);
    insula_close(insula_first_port());
    insula_close(insula_first_port());
    INSULA_CHECK(insula_as_int(insula_root(message), &number) && number == 3);
    INSULA_CHECK(insula_receive(insula_first_port(), last, NULL) == INSULA_CLOSED);
    /* What was taken before is still there. */
    INSULA_CHECK(insula_is_text(insula_root(kept), "keep me"));
    insula_message_free(kept);
    insula_message_free(NULL);
    printf("handled %d\n", handled + 1);
}

static void second(void *context, const insula_message *message) {
    (void)context;
    handled += 1;
    kept = insula_message_take(message);
    INSULA_CHECK(kept != NULL && insula_message_take(message) == NULL);
    INSULA_CHECK(insula_receive(insula_first_port(), last, &handled) == INSULA_OK);
}

static void never(void *context) {
    (void)context;
    insula_panic("a timer that was cancelled is due");
}

static void first(void *context, const insula_message *message) {
    (void)context;
    (void)message;
    insula_receiver more;
    insula_timer timer;
    handled += 1;
    /* Others are opened and closed meanwhile, which moves what the library keeps. */
    for (int i = 0; i < 40; i++) {
        INSULA_CHECK(insula_open(&more) == INSULA_OK);
        INSULA_CHECK(insula_receive(more, last, NULL) == INSULA_OK);
        INSULA_CHECK(insula_after(1, never, NULL, &timer) == INSULA_OK);
        insula_cancel(timer);
        insula_cancel(timer);
        insula_close(more);
    }
    INSULA_CHECK(insula_receive(insula_first_port(), second, NULL) == INSULA_OK);
}

INSULA_ENTRY(handlers) {
    insula_message *message = insula_first_message();
    INSULA_CHECK(message == NULL);
    insula_receive(insula_first_port(), first, NULL);
    insula_port self;
    INSULA_CHECK(insula_sender(insula_first_port(), &self) == INSULA_OK);
    INSULA_CHECK(insula_send_int(self, 1) == INSULA_OK);
    INSULA_CHECK(insula_send_text(self, "keep me") == INSULA_OK);
    INSULA_CHECK(insula_send_int(self, 3) == INSULA_OK);
    INSULA_CHECK(insula_send_text(self, "nobody takes this") == INSULA_OK);
    insula_port_drop(&self);
}

/* A receiver that is closed is one, also when its place has another. */
INSULA_ENTRY(closed_receivers) {
    insula_receiver first, second;
    insula_port port;
    INSULA_CHECK(insula_open(&first) == INSULA_OK);
    insula_close(first);
    insula_close(first);
    INSULA_CHECK(insula_open(&second) == INSULA_OK);
    insula_close(first);
    puts(insula_status_name(insula_receive(first, nothing, NULL)));
    puts(insula_status_name(insula_sender(first, &port)));
    puts(insula_status_name(insula_sender(second, &port)));
    insula_cancel((insula_timer){second.id});
    puts(insula_status_name(insula_receive(second, NULL, NULL)));
    puts(insula_status_name(insula_receive((insula_receiver){UINT64_MAX}, nothing, NULL)));
}

/* Every handle, then some. */
INSULA_ENTRY(too_many_handles) {
    insula_port port;
    size_t count = 0;
    while (insula_capability(&port) == INSULA_OK) {
        count += 1;
    }
    insula_text why = insula_refusal_text();
    printf("%zu: %.*s\n", count, (int)why.length, why.data);
}

/* Sends what is no message to its first message, and something that is one at last. */
INSULA_ENTRY(sends_rubbish) {
    static const char *const rubbish[] = {
        "",
        "\x63\x61",                             /* a text that is cut */
        "\x9b\xff\xff\xff\xff\xff\xff\xff\xff", /* a list without an end */
        "\xd8\x1d\x05",                         /* a reference to nothing */
        "\xd9\xb8\x06\x07",                     /* a port that does not come with it */
        "\x62\xc3\x28",                         /* no UTF-8 */
        "\xff",
        "\xf6\xf6",
    };
    insula_message *first = insula_first_message();
    insula_port to;
    INSULA_CHECK(first != NULL && insula_as_port(insula_root(first), &to));
    for (size_t i = 0; i < sizeof rubbish / sizeof *rubbish; i++) {
        insula_import_ports_send_port_send(to.handle, rubbish[i], strlen(rubbish[i]), NULL, 0, 0,
                                           0);
    }
    /* A million lists, one in the other. */
    uint8_t *lists = malloc(1000001);
    INSULA_CHECK(lists != NULL);
    memset(lists, 0x81, 1000000);
    lists[1000000] = 0x80;
    insula_import_ports_send_port_send(to.handle, lists, 1000001, NULL, 0, 0, 0);
    free(lists);
    insula_send_text(to, "a message at last");
    insula_message_free(first);
}

/* ---- Who watches --------------------------------------------------------------- */

/* Copies what it gets, which has to be safe for all of it. */
static void look(void *context, const insula_message *message) {
    (void)context;
    insula_text text;
    insula_value root = insula_root(message);
    insula_writer writer = INSULA_WRITER;
    insula_put_list(&writer, 1);
    insula_put_value(&writer, root);
    INSULA_CHECK(insula_writer_status(&writer) == INSULA_OK);
    insula_writer_free(&writer);
    if (insula_as_text(root, &text)) {
        printf("%.*s\n", (int)text.length, text.data);
        insula_close(insula_first_port());
    }
}

INSULA_ENTRY(looks) {
    insula_receive(insula_first_port(), look, NULL);
}
