/* Whether bytes are UTF-8. */

#include "message.h"

static bool is_between(uint8_t byte, uint8_t low, uint8_t high) {
    return byte >= low && byte <= high;
}

/* How many bytes the character at the start of `bytes` has; 0 where it is none. */
static size_t character(const uint8_t *bytes, size_t length) {
    uint8_t first = bytes[0];
    if (first < 0x80) {
        return 1;
    }
    size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (!is_between(first, 0xc2, 0xf4) || length < size) {
        return 0;
    }
    /* No longer forms than needed, no surrogates, nothing beyond U+10FFFF. */
    uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (!is_between(bytes[1], low, high)) {
        return 0;
    }
    for (size_t i = 2; i < size; i++) {
        if (!is_between(bytes[i], 0x80, 0xbf)) {
            return 0;
        }
    }
    return size;
}

size_t insula_utf8_end(const uint8_t *bytes, size_t length) {
    size_t at = 0;
    while (at < length) {
        size_t size = character(bytes + at, length - at);
        if (size == 0) {
            return at;
        }
        at += size;
    }
    return length;
}
