/* An isolate that answers, and another that asks it. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "insula.h"
#include "text.h"

/* Answers each message with the same in capitals. */
static void answer(void *context, const insula_message *message) {
    (void)context;
    insula_text text;
    if (!insula_as_text(insula_root(message), &text)) {
        return; /* The port for the answer is gone then, which the caller is told. */
    }
    char *copy = malloc(text.length + 2);
    INSULA_CHECK(copy != NULL);
    memcpy(copy, text.data, text.length);
    louder(copy, text.length);
    insula_writer writer = INSULA_WRITER;
    insula_put_text(&writer, copy);
    insula_reply(message, &writer);
    insula_writer_free(&writer);
    free(copy);
}

INSULA_ENTRY(echo) {
    insula_receive(insula_first_port(), answer, NULL);
}

static void answered(void *context, insula_status status, const insula_message *answer) {
    (void)context;
    insula_text text;
    if (status != INSULA_OK) {
        printf("no echo: %s\n", insula_status_text(status));
    } else if (insula_as_text(insula_root(answer), &text)) {
        printf("the echo is: %.*s\n", (int)text.length, text.data);
    }
}

INSULA_ENTRY(main) {
    insula_isolate echo;
    insula_writer hello = INSULA_WRITER;
    insula_put_text(&hello, "hello");
    INSULA_CHECK(insula_spawn(echo, NULL, &echo) == INSULA_OK);
    INSULA_CHECK(insula_call(echo.port, &hello, INSULA_FOREVER, answered, NULL) == INSULA_OK);
    insula_writer_free(&hello);
    insula_isolate_drop(&echo);
}
