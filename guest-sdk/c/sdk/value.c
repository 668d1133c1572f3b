/* Values of a message that came. The message was checked: nothing here looks for
 * what is malformed, and nothing here leaves the message. */

#include <string.h>

#include "message.h"

static const insula_value none = {NULL, 0};

insula_head insula_read_head(const insula_message *message, size_t at) {
    uint8_t first = message->bytes[at];
    insula_head head = {.major = first >> 5, .info = first & 31, .next = at + 1};
    head.number = head.info;
    if (head.info >= 24) {
        size_t digits = (size_t)1 << (head.info - 24);
        head.number = 0;
        for (size_t i = 0; i < digits; i++) {
            head.number = head.number << 8 | message->bytes[head.next + i];
        }
        head.next += digits;
    }
    return head;
}

size_t insula_item_end(const insula_message *message, size_t at) {
    size_t pending = 1;
    while (pending > 0) {
        insula_head head = insula_read_head(message, at);
        at = head.next;
        pending -= 1;
        switch (head.major) {
        case 2:
        case 3:
            at += (size_t)head.number;
            break;
        case 4:
            pending += (size_t)head.number;
            break;
        case 5:
            pending += 2 * (size_t)head.number;
            break;
        case 6:
            pending += 1;
            break;
        default:
            break;
        }
    }
    return at;
}

/* The head of the value itself, behind tags and references that lead to it. */
static bool resolve(insula_value value, insula_head *head) {
    const insula_message *message = value.message;
    if (message == NULL || value.at >= message->length) {
        return false;
    }
    *head = insula_read_head(message, value.at);
    if (head->major == 6 && head->number == INSULA_TAG_REFERENCE) {
        insula_head index = insula_read_head(message, head->next);
        *head = insula_read_head(message, message->shared[index.number].start);
    } else if (head->major == 6 && head->number == INSULA_TAG_SHAREABLE) {
        *head = insula_read_head(message, head->next);
    }
    return true;
}

insula_value insula_root(const insula_message *message) {
    return (insula_value){message, 0};
}

insula_kind insula_kind_of(insula_value value) {
    static const insula_kind kinds[7] = {INSULA_KIND_INT,  INSULA_KIND_INT, INSULA_KIND_BYTES,
                                         INSULA_KIND_TEXT, INSULA_KIND_LIST, INSULA_KIND_MAP,
                                         INSULA_KIND_PORT};
    insula_head head;
    if (!resolve(value, &head)) {
        return INSULA_KIND_NONE;
    }
    if (head.major < 7) {
        return kinds[head.major];
    }
    switch (head.info) {
    case 20:
    case 21:
        return INSULA_KIND_BOOL;
    case 22:
        return INSULA_KIND_NULL;
    default:
        return INSULA_KIND_DOUBLE;
    }
}

bool insula_is_null(insula_value value) {
    return insula_kind_of(value) == INSULA_KIND_NULL;
}

bool insula_as_bool(insula_value value, bool *out) {
    insula_head head;
    if (!resolve(value, &head) || head.major != 7 || (head.info != 20 && head.info != 21)) {
        return false;
    }
    *out = head.info == 21;
    return true;
}

bool insula_as_int(insula_value value, int64_t *out) {
    insula_head head;
    if (!resolve(value, &head) || head.major > 1 || head.number > INT64_MAX) {
        return false;
    }
    int64_t number = (int64_t)head.number;
    *out = head.major == 0 ? number : -1 - number;
    return true;
}

bool insula_as_uint(insula_value value, uint64_t *out) {
    insula_head head;
    if (!resolve(value, &head) || head.major != 0) {
        return false;
    }
    *out = head.number;
    return true;
}

static double from_bits(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* By their bits, as hardware would make a signalling NaN quiet. */
static double from_half(uint64_t bits) {
    uint64_t sign = bits >> 15 << 63;
    uint64_t exponent = bits >> 10 & 31;
    uint64_t fraction = bits & 0x3ff;
    uint64_t magnitude;
    if (exponent == 0) {
        /* The fraction counts steps of 2^-24. */
        double small = (double)fraction / 16777216.0;
        memcpy(&magnitude, &small, sizeof magnitude);
    } else if (exponent == 31) {
        magnitude = 0x7ff0000000000000 | fraction << 42;
    } else {
        magnitude = (exponent + 1008) << 52 | fraction << 42;
    }
    return from_bits(sign | magnitude);
}

static double from_single(uint64_t bits) {
    uint64_t fraction = bits & 0x7fffff;
    if ((bits >> 23 & 0xff) == 0xff) {
        return from_bits(bits >> 31 << 63 | 0x7ff0000000000000 | fraction << 29);
    }
    uint32_t narrow = (uint32_t)bits;
    float value;
    memcpy(&value, &narrow, sizeof value);
    return value;
}

double insula_read_double(insula_head head) {
    switch (head.info) {
    case 25:
        return from_half(head.number);
    case 26:
        return from_single(head.number);
    default:
        return from_bits(head.number);
    }
}

/* The double that is this int, if there is one. */
static bool exact(uint64_t number, bool is_negative, double *out) {
    /* -1 - number, of which the magnitude may be 2^64. */
    if (is_negative && number == UINT64_MAX) {
        *out = -18446744073709551616.0;
        return true;
    }
    uint64_t magnitude = is_negative ? number + 1 : number;
    double value = (double)magnitude;
    if (value >= 18446744073709551616.0 || (uint64_t)value != magnitude) {
        return false;
    }
    *out = is_negative ? -value : value;
    return true;
}

bool insula_as_double(insula_value value, double *out) {
    insula_head head;
    if (!resolve(value, &head)) {
        return false;
    }
    if (head.major <= 1) {
        return exact(head.number, head.major == 1, out);
    }
    if (head.major != 7 || head.info < 25) {
        return false;
    }
    *out = insula_read_double(head);
    return true;
}

bool insula_as_text(insula_value value, insula_text *out) {
    insula_head head;
    if (!resolve(value, &head) || head.major != 3) {
        return false;
    }
    out->data = (const char *)value.message->bytes + head.next;
    out->length = (size_t)head.number;
    return true;
}

bool insula_as_bytes(insula_value value, insula_bytes *out) {
    insula_head head;
    if (!resolve(value, &head)) {
        return false;
    }
    bool is_empty_list = head.major == 4 && head.number == 0;
    if (head.major != 2 && !is_empty_list) {
        return false;
    }
    out->data = value.message->bytes + head.next;
    out->length = (size_t)head.number;
    return true;
}

bool insula_as_port(insula_value value, insula_port *out) {
    insula_head head;
    if (!resolve(value, &head) || head.major != 6) {
        return false;
    }
    insula_head index = insula_read_head(value.message, head.next);
    *out = value.message->ports[index.number];
    return true;
}

bool insula_is_text(insula_value value, const char *text) {
    insula_text found;
    return insula_as_text(value, &found) && found.length == strlen(text) &&
           memcmp(found.data, text, found.length) == 0;
}

size_t insula_length(insula_value value) {
    insula_head head;
    if (!resolve(value, &head) || head.major < 2 || head.major > 5) {
        return 0;
    }
    return (size_t)head.number;
}

insula_cursor insula_iterate(insula_value value) {
    insula_head head;
    insula_cursor cursor = {none, 0, false};
    if (!resolve(value, &head) || (head.major != 4 && head.major != 5)) {
        return cursor;
    }
    cursor.next = (insula_value){value.message, head.next};
    cursor.left = (size_t)head.number;
    cursor.is_map = head.major == 5;
    return cursor;
}

static insula_value step(insula_cursor *cursor) {
    insula_value value = cursor->next;
    cursor->next.at = insula_item_end(value.message, value.at);
    return value;
}

bool insula_next(insula_cursor *cursor, insula_value *element) {
    if (cursor->left == 0 || cursor->is_map) {
        return false;
    }
    cursor->left -= 1;
    *element = step(cursor);
    return true;
}

bool insula_next_pair(insula_cursor *cursor, insula_value *key, insula_value *value) {
    if (cursor->left == 0 || !cursor->is_map) {
        return false;
    }
    cursor->left -= 1;
    *key = step(cursor);
    *value = step(cursor);
    return true;
}

insula_value insula_element(insula_value list, size_t index) {
    insula_cursor cursor = insula_iterate(list);
    insula_value element;
    if (index >= cursor.left) {
        return none;
    }
    while (insula_next(&cursor, &element)) {
        if (index-- == 0) {
            return element;
        }
    }
    return none;
}

insula_value insula_field(insula_value map, const char *key) {
    insula_cursor cursor = insula_iterate(map);
    insula_value found, value;
    while (insula_next_pair(&cursor, &found, &value)) {
        if (insula_is_text(found, key)) {
            return value;
        }
    }
    return none;
}

bool insula_same(insula_value a, insula_value b) {
    insula_head of_a, of_b;
    return a.message == b.message && resolve(a, &of_a) && resolve(b, &of_b) &&
           of_a.next == of_b.next;
}
