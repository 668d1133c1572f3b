/* What the host calls, and what it says. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime.h"

/* Where the host puts what it hands over. It runs inside of an import: it calls
 * nothing of the host's, and without memory the isolate has to end. */
INSULA_EXPORT("cabi_realloc")
void *insula_realloc(void *old, size_t old_size, size_t align, size_t size);
void *insula_realloc(void *old, size_t old_size, size_t align, size_t size) {
    (void)old_size;
    if (size == 0) {
        return (void *)align;
    }
    /* malloc aligns to more than anything in the contract needs. */
    void *place = realloc(old, size);
    if (place == NULL) {
        __builtin_trap();
    }
    return place;
}

static insula_text refusal;

insula_status insula_granted(const insula_result *result) {
    if (!result->is_refused) {
        return INSULA_OK;
    }
    if (refusal.length > 0) {
        free((void *)refusal.data);
    }
    refusal = result->as.refused.text;
    /* In the order of the WIT. */
    return (insula_status)(INSULA_LIMIT + result->as.refused.kind);
}

_Static_assert(INSULA_CAPABILITY_NOT_HELD - INSULA_LIMIT == 8, "as many as refusal-kind has");

insula_text insula_refusal_text(void) {
    return refusal;
}

void insula_flush(void) {
    fflush(stdout);
}

insula_text insula_text_of(const char *text) {
    return (insula_text){text, strlen(text)};
}

bool insula_is_utf8(const char *text) {
    if (text == NULL) {
        return false;
    }
    size_t length = strlen(text);
    return insula_utf8_end((const uint8_t *)text, length) == length;
}

static const char *digits_of(size_t number, char place[24]) {
    char *at = place + 23;
    *at = 0;
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return at;
}

void insula_complain(const char *what, insula_problem problem) {
    char number[24];
    fputs(what, stderr);
    fputs(" was dropped: ", stderr);
    fputs(insula_status_text(problem.status), stderr);
    if (problem.offset > 0) {
        fputs(" (byte ", stderr);
        fputs(digits_of(problem.offset, number), stderr);
        fputs(")", stderr);
    }
    fputs("\n", stderr);
}
