/* Running a test: whoever runs it gives it a port as its first message, where it tells
 * that it has passed. */

#include "insula_test.h"

static insula_port told;

void insula_test_passed(void) {
    insula_writer passed = INSULA_WRITER;
    insula_put_bool(&passed, true);
    /* Who does not listen any more has given the test up. */
    insula_send(told, &passed);
    insula_writer_free(&passed);
    insula_port_drop(&told);
}

void insula_run_test(void (*body)(void), bool is_over) {
    insula_message *first = insula_first_message();
    insula_port port;
    if (first == NULL || !insula_as_port(insula_root(first), &port) ||
        insula_port_clone(port, &told) != INSULA_OK) {
        insula_panic("this entry is a test: `insula test` runs it");
    }
    insula_message_free(first);
    insula_run(body);
    if (is_over) {
        insula_test_passed();
    }
}
