/* Two isolates, and a call to each; then a job for a third, which takes its time. */

#include <stdio.h>
#include <stdlib.h>

#include "insula.h"

static void say_hello(void *context, const insula_message *message) {
    (void)context;
    puts("hello from an isolate!");
    insula_reply(message, NULL);
}

INSULA_ENTRY(hello) {
    insula_receive(insula_first_port(), say_hello, NULL);
}

static void say_again(void *context, const insula_message *message) {
    (void)context;
    insula_writer answer = INSULA_WRITER;
    insula_put_value(&answer, insula_root(message));
    insula_reply(message, &answer);
    insula_writer_free(&answer);
}

INSULA_ENTRY(echo) {
    insula_receive(insula_first_port(), say_again, NULL);
}

/* What the baker keeps until the bread is done. */
typedef struct order {
    int64_t loaves;
    insula_port to;
} order;

static void deliver(void *context) {
    order *order = context;
    insula_writer bread = INSULA_WRITER;
    insula_put_map(&bread, 3);
    insula_put_text(&bread, "kind");
    insula_put_text(&bread, "rye");
    insula_put_text(&bread, "weights");
    insula_put_list(&bread, (size_t)order->loaves);
    for (int64_t i = 0; i < order->loaves; i++) {
        insula_put_double(&bread, 0.75 + 0.25 * (double)i);
    }
    insula_put_text(&bread, "crumbs");
    insula_put_bytes(&bread, "\x01\x02\x03", 3);
    insula_send(order->to, &bread);
    insula_writer_free(&bread);
    insula_port_drop(&order->to);
    free(order);
    /* Nothing is left to wait for: without this the port would keep it alive. */
    insula_close(insula_first_port());
}

/* Takes {"loaves": 3, "to": a port}, and answers later. */
static void take_order(void *context, const insula_message *message) {
    (void)context;
    int64_t loaves;
    insula_port to;
    insula_value root = insula_root(message);
    if (!insula_as_int(insula_field(root, "loaves"), &loaves) ||
        !insula_as_port(insula_field(root, "to"), &to) || loaves < 0 || loaves > 100) {
        insula_fail("an order is a map of up to 100 `loaves` and a port `to`");
        return;
    }
    order *order = malloc(sizeof *order);
    INSULA_CHECK(order != NULL);
    order->loaves = loaves;
    /* The port in the message is gone when this returns. */
    INSULA_CHECK(insula_port_clone(to, &order->to) == INSULA_OK);
    INSULA_CHECK(insula_after(10 * INSULA_MILLISECOND, deliver, order, NULL) == INSULA_OK);
}

INSULA_ENTRY(baker) {
    insula_receive(insula_first_port(), take_order, NULL);
}

static void bread_is_done(void *context, const insula_message *bread) {
    (void)context;
    insula_text kind;
    insula_value root = insula_root(bread);
    if (insula_as_text(insula_field(root, "kind"), &kind)) {
        printf("%zu loaves of %.*s:", insula_length(insula_field(root, "weights")),
               (int)kind.length, kind.data);
    }
    insula_value weight;
    insula_cursor weights = insula_iterate(insula_field(root, "weights"));
    while (insula_next(&weights, &weight)) {
        double kilograms = 0;
        insula_as_double(weight, &kilograms);
        printf(" %.2f kg", kilograms);
    }
    puts("");
}

static void no_more_bread(void *context) {
    insula_receiver *bread = context;
    puts("the baker has gone home");
    insula_close(*bread);
}

static void order_bread(void) {
    static insula_receiver bread;
    insula_isolate baker;
    insula_port to;
    INSULA_CHECK(insula_open(&bread) == INSULA_OK);
    insula_receive(bread, bread_is_done, NULL);
    insula_on_unreachable(bread, no_more_bread, &bread);
    INSULA_CHECK(insula_spawn(baker, NULL, &baker) == INSULA_OK);
    INSULA_CHECK(insula_sender(bread, &to) == INSULA_OK);

    insula_writer order = INSULA_WRITER;
    insula_put_map(&order, 2);
    insula_put_text(&order, "loaves");
    insula_put_int(&order, 3);
    insula_put_text(&order, "to");
    insula_put_port(&order, to);
    INSULA_CHECK(insula_send(baker.port, &order) == INSULA_OK);
    insula_writer_free(&order);
    /* From here on the baker alone has a port for bread. */
    insula_port_drop(&to);
    insula_isolate_drop(&baker);
}

static void echoed(void *context, insula_status status, const insula_message *answer) {
    (void)context;
    insula_text text;
    INSULA_CHECK(status == INSULA_OK && insula_as_text(insula_root(answer), &text));
    printf("I received: %.*s\n", (int)text.length, text.data);
    order_bread();
}

static void greeted(void *context, insula_status status, const insula_message *answer) {
    (void)context;
    (void)answer;
    INSULA_CHECK(status == INSULA_OK);
    insula_isolate echo;
    INSULA_CHECK(insula_spawn(echo, NULL, &echo) == INSULA_OK);
    insula_writer text = INSULA_WRITER;
    insula_put_text(&text, "Hello from main");
    INSULA_CHECK(insula_call(echo.port, &text, INSULA_FOREVER, echoed, NULL) == INSULA_OK);
    insula_writer_free(&text);
    insula_isolate_drop(&echo);
}

INSULA_ENTRY(main) {
    insula_isolate hello;
    INSULA_CHECK(insula_spawn(hello, NULL, &hello) == INSULA_OK);
    INSULA_CHECK(insula_call(hello.port, NULL, INSULA_FOREVER, greeted, NULL) == INSULA_OK);
    insula_isolate_drop(&hello);
}
