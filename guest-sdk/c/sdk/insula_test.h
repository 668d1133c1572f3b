/* Tests, which `insula test` runs, each in an isolate of its own with limits on.
 *
 *     #include "insula_test.h"
 *
 *     INSULA_TEST(adds) {
 *         INSULA_CHECK(add(1, 2) == 3);
 *     }
 *
 *     static void answered(void *context, insula_status status,
 *                          const insula_message *answer) {
 *         INSULA_CHECK(status == INSULA_OK);
 *         ...
 *         insula_test_passed();
 *     }
 *
 *     INSULA_TEST_LATER(answers) {
 *         ... insula_call(.., answered, NULL) ...
 *     }
 *
 * A test that panics, fails, traps, exits, loops or uses up a limit fails alone, with
 * what it has printed. */

#ifndef INSULA_TEST_H
#define INSULA_TEST_H

#include "insula.h"

/* Passes when its body has returned and all that it has begun has ended in peace. */
#define INSULA_TEST(name) INSULA_TEST_(name, true)

/* Passes when it has called insula_test_passed as well: what it waits for has to happen. */
#define INSULA_TEST_LATER(name) INSULA_TEST_(name, false)

/* What INSULA_TEST_LATER waits for. */
void insula_test_passed(void);

/* A test is an entry, and a line in a section of the module that lists the tests. */
#define INSULA_TEST_(name, is_over)                                                     \
    __asm__(".section \".custom_section.insula:tests\",\"\",@\n"                        \
            "\t.ascii \"{\\\"test\\\":\\\"c::" #name "\\\"}\\n\"\n");                   \
    static void insula_body_of_test_##name(void);                                       \
    INSULA_EXPORT("insula:entry/c::" #name) void insula_test_##name(void);              \
    void insula_test_##name(void) { insula_run_test(insula_body_of_test_##name, is_over); } \
    static void insula_body_of_test_##name(void)

/* What a test expands to a call of. */
void insula_run_test(void (*body)(void), bool is_over);

#endif
