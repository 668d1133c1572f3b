/* Messages to be sent: their bytes, in the one form that each value has, and the
 * ports that travel beside them. */

#include <stdlib.h>
#include <string.h>

#include "message.h"

static void fail(insula_writer *w, insula_status status) {
    if (w->status == INSULA_OK) {
        w->status = status;
    }
}

/* Room for one more element of `size` bytes in an array; NULL where there is none. */
static void *grown(void *array, size_t count, size_t *capacity, size_t more, size_t size) {
    if (more <= *capacity - count) {
        return array;
    }
    size_t wanted = *capacity < 16 ? 32 : *capacity * 2;
    if (wanted < count + more) {
        wanted = count + more;
    }
    if (count + more < count || wanted > SIZE_MAX / 2 / size) {
        return NULL;
    }
    void *bigger = realloc(array, wanted * size);
    if (bigger != NULL) {
        *capacity = wanted;
    }
    return bigger;
}

static bool append(insula_writer *w, const void *data, size_t length) {
    if (length == 0) {
        return true;
    }
    uint8_t *bytes = grown(w->bytes, w->length, &w->capacity, length, 1);
    if (bytes == NULL) {
        fail(w, INSULA_OUT_OF_MEMORY);
        return false;
    }
    w->bytes = bytes;
    memcpy(bytes + w->length, data, length);
    w->length += length;
    return true;
}

static bool append_head(insula_writer *w, unsigned major, uint64_t n) {
    uint8_t head[9] = {(uint8_t)(major << 5)};
    size_t digits = n < 24 ? 0 : n <= 0xff ? 1 : n <= 0xffff ? 2 : n <= 0xffffffff ? 4 : 8;
    if (digits == 0) {
        head[0] |= (uint8_t)n;
    } else {
        head[0] |= digits == 1 ? 24 : digits == 2 ? 25 : digits == 4 ? 26 : 27;
    }
    for (size_t i = 0; i < digits; i++) {
        head[digits - i] = (uint8_t)(n >> 8 * i);
    }
    return append(w, head, 1 + digits);
}

/* Whether one more value may be put. */
static bool begin(insula_writer *w) {
    if (w->is_complete) {
        fail(w, INSULA_OVERFULL);
    }
    return w->status == INSULA_OK;
}

/* A value was put: so are the lists and maps that it was the last of. */
static void end(insula_writer *w) {
    w->is_tagged = false;
    while (w->depth > 0) {
        if (--w->open[w->depth - 1] > 0) {
            return;
        }
        w->depth -= 1;
    }
    w->is_complete = true;
}

static void put_head(insula_writer *w, unsigned major, uint64_t n) {
    if (begin(w) && append_head(w, major, n)) {
        end(w);
    }
}

static void put_string(insula_writer *w, unsigned major, const void *data, size_t length) {
    if (begin(w) && append_head(w, major, length) && append(w, data, length)) {
        end(w);
    }
}

static void put_items(insula_writer *w, unsigned major, uint64_t count, uint64_t items) {
    if (!begin(w)) {
        return;
    }
    uint64_t *open = grown(w->open, w->depth, &w->open_capacity, 1, sizeof *open);
    if (open == NULL) {
        fail(w, INSULA_OUT_OF_MEMORY);
        return;
    }
    w->open = open;
    if (!append_head(w, major, count)) {
        return;
    }
    if (items == 0) {
        end(w);
        return;
    }
    w->is_tagged = false;
    open[w->depth++] = items;
}

void insula_put_null(insula_writer *w) {
    put_head(w, 7, 22);
}

void insula_put_bool(insula_writer *w, bool value) {
    put_head(w, 7, value ? 21 : 20);
}

void insula_put_int(insula_writer *w, int64_t value) {
    if (value >= 0) {
        put_head(w, 0, (uint64_t)value);
    } else {
        put_head(w, 1, (uint64_t)(-1 - value));
    }
}

void insula_put_uint(insula_writer *w, uint64_t value) {
    put_head(w, 0, value);
}

/* Always 64 bits, whatever shorter form would do: NaN payloads survive. */
void insula_put_double(insula_writer *w, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint8_t nine[9] = {0xfb};
    for (size_t i = 0; i < 8; i++) {
        nine[8 - i] = (uint8_t)(bits >> 8 * i);
    }
    if (begin(w) && append(w, nine, sizeof nine)) {
        end(w);
    }
}

void insula_put_text(insula_writer *w, const char *text) {
    if (text == NULL) {
        fail(w, INSULA_NO_VALUE);
        return;
    }
    insula_put_text_of(w, (insula_text){text, strlen(text)});
}

void insula_put_text_of(insula_writer *w, insula_text text) {
    if (insula_utf8_end((const uint8_t *)text.data, text.length) < text.length) {
        fail(w, INSULA_NOT_UTF8);
        return;
    }
    put_string(w, 3, text.data, text.length);
}

void insula_put_bytes(insula_writer *w, const void *data, size_t length) {
    if (data == NULL && length > 0) {
        fail(w, INSULA_NO_VALUE);
        return;
    }
    put_string(w, 2, data, length);
}

void insula_put_list(insula_writer *w, size_t count) {
    put_items(w, 4, count, count);
}

void insula_put_map(insula_writer *w, size_t count) {
    put_items(w, 5, count, 2 * (uint64_t)count);
}

/* So many of the last ports are looked at for the same one: not all, or a message with
 * very many would take quadratic time. */
#define LOOK_BACK 32

/* The number of a port in the message, to which it is added if need be. */
static bool number_of(insula_writer *w, insula_port port, size_t *number) {
    size_t first = w->port_count > LOOK_BACK ? w->port_count - LOOK_BACK : 0;
    for (size_t i = w->port_count; i > first; i--) {
        if (w->ports[i - 1].handle == port.handle) {
            *number = i - 1;
            return true;
        }
    }
    insula_port *ports = grown(w->ports, w->port_count, &w->port_capacity, 1, sizeof *ports);
    if (ports == NULL) {
        fail(w, INSULA_OUT_OF_MEMORY);
        return false;
    }
    w->ports = ports;
    *number = w->port_count++;
    ports[*number] = port;
    return true;
}

void insula_put_port(insula_writer *w, insula_port port) {
    size_t number;
    if (port.handle == 0) {
        fail(w, INSULA_NO_VALUE);
    }
    if (begin(w) && number_of(w, port, &number) && append_head(w, 6, INSULA_TAG_PORT) &&
        append_head(w, 0, number)) {
        end(w);
    }
}

uint64_t insula_put_shared(insula_writer *w) {
    if (w->is_tagged) {
        fail(w, INSULA_OVERFULL);
    }
    if (begin(w) && append_head(w, 6, INSULA_TAG_SHAREABLE)) {
        w->is_tagged = true;
        return w->shared_count++;
    }
    return 0;
}

void insula_put_reference(insula_writer *w, uint64_t number) {
    if (number >= w->shared_count || w->is_tagged) {
        fail(w, INSULA_NOT_SHARED);
    }
    if (begin(w) && append_head(w, 6, INSULA_TAG_REFERENCE) && append_head(w, 0, number)) {
        end(w);
    }
}

insula_status insula_writer_status(const insula_writer *w) {
    if (w->status == INSULA_OK && !w->is_complete) {
        return INSULA_UNFINISHED;
    }
    return w->status;
}

void insula_writer_reset(insula_writer *w) {
    w->length = 0;
    w->port_count = 0;
    w->depth = 0;
    w->shared_count = 0;
    w->status = INSULA_OK;
    w->is_complete = false;
    w->is_tagged = false;
}

void insula_writer_free(insula_writer *w) {
    free(w->bytes);
    free(w->ports);
    free(w->open);
    *w = INSULA_WRITER;
}

/* A whole message into an empty writer, as it is. */
static void put_message(insula_writer *w, const insula_message *message) {
    size_t count = message->port_count;
    if (count > 0) {
        insula_port *ports = grown(w->ports, 0, &w->port_capacity, count, sizeof *ports);
        if (ports == NULL) {
            fail(w, INSULA_OUT_OF_MEMORY);
            return;
        }
        w->ports = ports;
        memcpy(ports, message->ports, count * sizeof *ports);
        w->port_count = count;
    }
    w->shared_count = message->shared_count;
    if (append(w, message->bytes, message->length)) {
        w->is_complete = true;
    }
}

/* Where to go on when a shared value was put in the place of a reference. */
typedef struct back {
    size_t at;
    size_t pending;
} back;

static void put_leaf(insula_writer *w, const insula_message *message, insula_head head) {
    const uint8_t *content = message->bytes + head.next;
    switch (head.major) {
    case 0:
    case 1:
        put_head(w, head.major, head.number);
        break;
    case 2:
    case 3:
        put_string(w, head.major, content, (size_t)head.number);
        break;
    case 6:
        insula_put_port(w, message->ports[insula_read_head(message, head.next).number]);
        break;
    default:
        if (head.info < 24) {
            put_head(w, 7, head.number);
        } else {
            insula_put_double(w, insula_read_double(head));
        }
        break;
    }
}

/* Value by value, without recursion. */
static void put_tree(insula_writer *w, insula_value value) {
    const insula_message *message = value.message;
    size_t at = value.at, pending = 1, depth = 0, capacity = 0;
    back *backs = NULL;
    while (w->status == INSULA_OK) {
        if (pending == 0) {
            if (depth == 0) {
                break;
            }
            depth -= 1;
            at = backs[depth].at;
            pending = backs[depth].pending;
            continue;
        }
        insula_head head = insula_read_head(message, at);
        bool is_tag = head.major == 6;
        if (is_tag && head.number == INSULA_TAG_SHAREABLE) {
            at = head.next;
            continue;
        }
        pending -= 1;
        if (is_tag && head.number == INSULA_TAG_REFERENCE) {
            back *bigger = grown(backs, depth, &capacity, 1, sizeof *bigger);
            if (bigger == NULL) {
                fail(w, INSULA_OUT_OF_MEMORY);
                break;
            }
            backs = bigger;
            insula_head index = insula_read_head(message, head.next);
            backs[depth++] = (back){index.next, pending};
            at = message->shared[index.number].start;
            pending = 1;
        } else if (head.major == 4 || head.major == 5) {
            size_t items = (size_t)head.number * (head.major == 5 ? 2 : 1);
            put_items(w, head.major, head.number, items);
            at = head.next;
            pending += items;
        } else {
            put_leaf(w, message, head);
            at = insula_item_end(message, at);
        }
    }
    free(backs);
}

void insula_put_value(insula_writer *w, insula_value value) {
    const insula_message *message = value.message;
    if (message == NULL) {
        fail(w, INSULA_NO_VALUE);
    }
    if (!begin(w)) {
        return;
    }
    bool is_whole = value.at == 0 && w->length == 0;
    if (is_whole && message->shared_count > 0) {
        put_message(w, message);
    } else if (message->is_tree) {
        put_tree(w, value);
    } else {
        fail(w, INSULA_CYCLIC);
    }
}
