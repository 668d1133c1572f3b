/* Looking through a message from a stranger, once, before anybody reads it.
 *
 * None of it is believed: each length is held against what is left, less a byte for
 * each item that outer lists still wait for. The checks are those of the crate
 * insula-message, in the same order; wit/vectors holds both to it. */

#include <stdlib.h>

#include "message.h"

#define NO_SHARED SIZE_MAX

typedef struct check {
    insula_message *message;
    const uint8_t *bytes;
    size_t at;
    size_t end;
    size_t pending;  /* items still to come; each takes a byte */
    size_t open;     /* the innermost shared value that is being read */
    uint64_t budget; /* how many bytes may be read again through references */
    uint64_t unfolded;
    bool keeps_sharing;
    insula_problem problem;
} check;

static bool fail(check *c, insula_status status, size_t offset) {
    c->problem = (insula_problem){status, offset};
    return false;
}

static size_t left(const check *c) {
    return c->end - c->at;
}

static void count_item(check *c) {
    c->pending -= 1;
}

/* The number in the head of an item that is no simple value. */
static bool number(check *c, uint64_t *out) {
    if (left(c) == 0) {
        return fail(c, INSULA_TRUNCATED, c->end);
    }
    uint8_t first = c->bytes[c->at];
    uint8_t info = first & 31;
    if (info < 24) {
        *out = info;
        c->at += 1;
        return true;
    }
    if (info == 31 && first != 0xff) {
        return fail(c, INSULA_INDEFINITE_LENGTH, c->at);
    }
    if (info > 27) {
        return fail(c, INSULA_RESERVED, c->at);
    }
    size_t digits = (size_t)1 << (info - 24);
    if (left(c) < 1 + digits) {
        return fail(c, INSULA_TRUNCATED, c->end);
    }
    uint64_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        value = value << 8 | c->bytes[c->at + 1 + i];
    }
    *out = value;
    c->at += 1 + digits;
    return true;
}

static bool string(check *c, bool is_text) {
    size_t head = c->at;
    uint64_t length;
    count_item(c);
    if (!number(c, &length)) {
        return false;
    }
    if (length > left(c)) {
        return fail(c, INSULA_LENGTH_TOO_LONG, head);
    }
    size_t start = c->at;
    c->at += (size_t)length;
    if (is_text) {
        size_t valid = insula_utf8_end(c->bytes + start, (size_t)length);
        if (valid < length) {
            return fail(c, INSULA_TEXT_NOT_UTF8, start + valid);
        }
    }
    return true;
}

static bool elements(check *c, size_t items_each) {
    size_t head = c->at;
    uint64_t count;
    count_item(c);
    if (!number(c, &count)) {
        return false;
    }
    size_t room = left(c) > c->pending ? left(c) - c->pending : 0;
    if (count > room / items_each) {
        return fail(c, INSULA_LENGTH_TOO_LONG, head);
    }
    c->pending += (size_t)count * items_each;
    return true;
}

static bool simple(check *c) {
    static const uint8_t behind[4] = {1, 2, 4, 8}; /* f8, f9, fa, fb */
    uint8_t byte = c->bytes[c->at];
    size_t length = 1;
    if (byte >= 0xf8 && byte <= 0xfb) {
        length += behind[byte - 0xf8];
        if (left(c) < length) {
            return fail(c, INSULA_TRUNCATED, c->end);
        }
    }
    if (byte > 0xfb) {
        return fail(c, INSULA_RESERVED, c->at);
    }
    bool is_known = byte == 0xf4 || byte == 0xf5 || byte == 0xf6;
    if (!is_known && byte < 0xf9) {
        return fail(c, INSULA_SIMPLE_VALUE, c->at);
    }
    count_item(c);
    c->at += length;
    return true;
}

/* A tag's content that has to be a number. */
static bool tag_number(check *c, uint64_t *out) {
    if (left(c) == 0) {
        return fail(c, INSULA_TRUNCATED, c->end);
    }
    if (c->bytes[c->at] >> 5 != 0) {
        return fail(c, INSULA_TAG_CONTENT, c->at);
    }
    count_item(c);
    return number(c, out);
}

static bool port(check *c) {
    uint64_t index;
    size_t came = c->message->port_count;
    if (!tag_number(c, &index)) {
        return false;
    }
    if (index < came) {
        return true;
    }
    if (index - came < c->message->lost_ports) {
        return fail(c, INSULA_LOST_PORT, 0);
    }
    return fail(c, INSULA_PORT_OUT_OF_RANGE, 0);
}

static bool reference(check *c, size_t offset) {
    uint64_t index;
    if (!tag_number(c, &index)) {
        return false;
    }
    insula_message *message = c->message;
    if (index >= message->shared_count) {
        return fail(c, INSULA_DANGLING_REFERENCE, offset);
    }
    const insula_shared *target = &message->shared[index];
    if (target->end == 0) {
        message->is_tree = false;
        return c->keeps_sharing || fail(c, INSULA_CYCLIC, 0);
    }
    /* Neither of the two is above the budget, so this does not wrap around. */
    c->unfolded += (target->end - target->start) + target->unfolded;
    if (c->unfolded > c->budget) {
        message->is_tree = false;
        c->unfolded = c->budget;
        return c->keeps_sharing || fail(c, INSULA_UNFOLDS_TOO_LARGE, 0);
    }
    return true;
}

static bool add_shared(check *c, insula_shared shared) {
    insula_message *message = c->message;
    if (message->shared_count == message->shared_capacity) {
        size_t capacity = message->shared_capacity ? message->shared_capacity * 2 : 4;
        if (capacity > SIZE_MAX / sizeof *message->shared) {
            return fail(c, INSULA_OUT_OF_MEMORY, 0);
        }
        insula_shared *grown = realloc(message->shared, capacity * sizeof *grown);
        if (grown == NULL) {
            return fail(c, INSULA_OUT_OF_MEMORY, 0);
        }
        message->shared = grown;
        message->shared_capacity = capacity;
    }
    message->shared[message->shared_count++] = shared;
    return true;
}

static bool shareable(check *c) {
    if (left(c) == 0) {
        return fail(c, INSULA_TRUNCATED, c->end);
    }
    if (c->bytes[c->at] >> 5 == 6) {
        /* Two numbers for one value are no good. */
        size_t content = c->at;
        uint64_t tag;
        if (!number(c, &tag)) {
            return false;
        }
        c->at = content;
        if (tag == INSULA_TAG_SHAREABLE || tag == INSULA_TAG_REFERENCE) {
            return fail(c, INSULA_TAG_CONTENT, content);
        }
    }
    insula_shared shared = {
        .start = c->at,
        .complete = c->pending - 1,
        .unfolded = c->unfolded,
        .outer = c->open,
    };
    c->open = c->message->shared_count;
    return add_shared(c, shared);
}

/* An item was read: shared values that it was the last of are complete. */
static void close_shared(check *c) {
    while (c->open != NO_SHARED) {
        insula_shared *shared = &c->message->shared[c->open];
        if (shared->complete != c->pending) {
            return;
        }
        shared->end = c->at;
        shared->unfolded = c->unfolded - shared->unfolded;
        c->open = shared->outer;
    }
}

static bool item(check *c) {
    if (left(c) == 0) {
        return fail(c, INSULA_TRUNCATED, c->end);
    }
    uint64_t n;
    size_t offset = c->at;
    switch (c->bytes[c->at] >> 5) {
    case 0:
    case 1:
        count_item(c);
        return number(c, &n);
    case 2:
        return string(c, false);
    case 3:
        return string(c, true);
    case 4:
        return elements(c, 1);
    case 5:
        return elements(c, 2);
    case 6:
        if (!number(c, &n)) {
            return false;
        }
        switch (n) {
        case INSULA_TAG_SHAREABLE:
            return shareable(c) && item(c);
        case INSULA_TAG_REFERENCE:
            return reference(c, offset);
        case INSULA_TAG_PORT:
            return port(c);
        default:
            return fail(c, INSULA_UNKNOWN_TAG, offset);
        }
    default:
        return simple(c);
    }
}

insula_problem insula_check(insula_message *message, bool keeps_sharing) {
    uint64_t length = message->length;
    check c = {
        .message = message,
        .bytes = message->bytes,
        .end = message->length,
        .pending = 1,
        .open = NO_SHARED,
        .budget = 4 * length + 64 * 1024,
        .keeps_sharing = keeps_sharing,
    };
    message->is_tree = true;
    while (c.pending > 0) {
        if (!item(&c)) {
            return c.problem;
        }
        close_shared(&c);
    }
    if (left(&c) > 0) {
        fail(&c, INSULA_TRAILING_BYTES, c.at);
    }
    return c.problem;
}
