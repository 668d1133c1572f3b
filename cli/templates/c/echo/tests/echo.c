#include <string.h>

#include "insula_test.h"
#include "text.h"

INSULA_DECLARE_ENTRY(echo);

INSULA_TEST(a_text_gets_louder) {
    char text[] = "hello...";
    louder(text, 5);
    INSULA_CHECK(strcmp(text, "HELLO!") == 0);
}

static void call_echo(const insula_writer *message, insula_answer *done) {
    insula_isolate echo;
    INSULA_CHECK(insula_spawn(echo, NULL, &echo) == INSULA_OK);
    INSULA_CHECK(insula_call(echo.port, message, INSULA_FOREVER, done, NULL) == INSULA_OK);
    insula_isolate_drop(&echo);
}

static void is_loud(void *context, insula_status status, const insula_message *answer) {
    (void)context;
    INSULA_CHECK(status == INSULA_OK);
    INSULA_CHECK(insula_is_text(insula_root(answer), "HELLO!"));
    insula_test_passed();
}

INSULA_TEST_LATER(an_echo_answers) {
    insula_writer hello = INSULA_WRITER;
    insula_put_text(&hello, "hello");
    call_echo(&hello, is_loud);
    insula_writer_free(&hello);
}

static void is_silent(void *context, insula_status status, const insula_message *answer) {
    (void)context;
    (void)answer;
    INSULA_CHECK(status == INSULA_NO_ANSWER);
    insula_test_passed();
}

INSULA_TEST_LATER(what_is_no_text_is_not_answered) {
    insula_writer number = INSULA_WRITER;
    insula_put_int(&number, 42);
    call_echo(&number, is_silent);
    insula_writer_free(&number);
}
