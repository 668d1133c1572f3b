/* A plugin that counts words, as `docs/examples/guests/words` does (and without its bug). */

// ANCHOR: all
#include <stdio.h>

#include "insula.h"

static int64_t count(insula_text text) {
    int64_t words = 0;
    bool is_in_word = false;
    for (size_t i = 0; i < text.length; i++) {
        bool is_space = text.data[i] == ' ';
        words += !is_space && !is_in_word;
        is_in_word = !is_space;
    }
    return words;
}

static void answer(void *context, const insula_message *message) {
    (void)context;
    insula_text text;
    if (!insula_as_text(insula_root(message), &text)) {
        insula_fail("words are counted in a text, and this is none");
        return;
    }
    insula_writer words = INSULA_WRITER;
    insula_put_int(&words, count(text));
    insula_reply(message, &words);
    insula_writer_free(&words);
}

/* Answers each message for as long as anybody can send one. */
INSULA_ENTRY(main) {
    insula_receive(insula_first_port(), answer, NULL);
}
// ANCHOR_END: all

// ANCHOR: first
/* Counts the words of its first message. */
INSULA_ENTRY(once) {
    insula_text text;
    insula_message *message = insula_first_message();
    INSULA_CHECK(message != NULL && insula_as_text(insula_root(message), &text));
    printf("%lld words\n", (long long)count(text));
    insula_message_free(message);
}
// ANCHOR_END: first
