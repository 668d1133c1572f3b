/* Reads messages and writes them again, for message/tests/c.rs, which compares what comes
 * out with what the crate insula-message makes of the same bytes.
 *
 * A line of input is a message: `t` or `g` (as a tree, or as a graph), how many ports came,
 * how many were lost, and the bytes in hex (`-` for none). A line of output is its
 * outcome: `error NAME OFFSET`, or `ok`, the bytes of a copy, the numbers of its ports in
 * the message, and what it says as JSON. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

enum { DEPTH = 100, PORTS = 1000 };

static void print_text(insula_text text) {
    putchar('"');
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < 0x20 || c == '"' || c == '\\') {
            printf("\\u%04x", c);
        } else {
            putchar(c);
        }
    }
    putchar('"');
}

static void print_hex(const uint8_t *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        printf("%02x", bytes[i]);
    }
}

static void print(insula_value value, int depth);

static void print_list(insula_value value, int depth) {
    insula_cursor cursor = insula_iterate(value);
    insula_value element;
    const char *comma = "";
    putchar('[');
    while (insula_next(&cursor, &element)) {
        fputs(comma, stdout);
        print(element, depth + 1);
        comma = ",";
    }
    putchar(']');
}

static void print_map(insula_value value, int depth) {
    insula_cursor cursor = insula_iterate(value);
    insula_value key, content;
    const char *comma = "";
    fputs("{\"map\":[", stdout);
    while (insula_next_pair(&cursor, &key, &content)) {
        fputs(comma, stdout);
        putchar('[');
        print(key, depth + 1);
        putchar(',');
        print(content, depth + 1);
        putchar(']');
        comma = ",";
    }
    fputs("]}", stdout);
}

static void print_int(insula_value value) {
    int64_t number;
    uint64_t large;
    if (insula_as_int(value, &number)) {
        printf("{\"int\":\"%lld\"}", (long long)number);
    } else if (insula_as_uint(value, &large)) {
        printf("{\"int\":\"%llu\"}", (unsigned long long)large);
    } else {
        /* Below the smallest that either of them holds. */
        fputs("{\"int\":\"small\"}", stdout);
    }
}

static void print(insula_value value, int depth) {
    static size_t printed;
    /* What unfolds without an end was to be refused. */
    if (++printed > 50000000) {
        abort();
    }
    bool is_true;
    double number;
    uint64_t bits;
    insula_text text;
    insula_bytes bytes;
    insula_port port;
    switch (insula_kind_of(value)) {
    case INSULA_KIND_NULL:
        fputs("null", stdout);
        break;
    case INSULA_KIND_BOOL:
        fputs(insula_as_bool(value, &is_true) && is_true ? "true" : "false", stdout);
        break;
    case INSULA_KIND_INT:
        print_int(value);
        break;
    case INSULA_KIND_DOUBLE:
        insula_as_double(value, &number);
        memcpy(&bits, &number, sizeof bits);
        printf("{\"double\":\"%016llx\"}", (unsigned long long)bits);
        break;
    case INSULA_KIND_TEXT:
        insula_as_text(value, &text);
        print_text(text);
        break;
    case INSULA_KIND_BYTES:
        insula_as_bytes(value, &bytes);
        fputs("{\"bytes\":\"", stdout);
        print_hex(bytes.data, bytes.length);
        fputs("\"}", stdout);
        break;
    case INSULA_KIND_LIST:
    case INSULA_KIND_MAP:
        if (depth == DEPTH) {
            fputs("\"deeper\"", stdout);
        } else if (insula_kind_of(value) == INSULA_KIND_LIST) {
            print_list(value, depth);
        } else {
            print_map(value, depth);
        }
        break;
    case INSULA_KIND_PORT:
        insula_as_port(value, &port);
        printf("{\"port\":%u}", port.handle - 1);
        break;
    default:
        fputs("\"nothing\"", stdout);
        break;
    }
}

/* A copy of what it says. In a list, as a whole message would keep its sharing. */
static void print_copy(insula_value value) {
    insula_writer writer = INSULA_WRITER;
    insula_put_list(&writer, 1);
    insula_put_value(&writer, value);
    insula_status status = insula_writer_status(&writer);
    if (status == INSULA_OK) {
        print_hex(writer.bytes + 1, writer.length - 1);
        fputs(" [", stdout);
        for (size_t i = 0; i < writer.port_count; i++) {
            printf("%s%u", i > 0 ? "," : "", writer.ports[i].handle - 1);
        }
        putchar(']');
    } else {
        printf("%s []", insula_status_name(status));
    }
    insula_writer_free(&writer);
}

static void outcome(insula_message *message, bool is_graph) {
    insula_problem problem = insula_check(message, is_graph);
    insula_value root = insula_root(message);
    if (problem.status != INSULA_OK) {
        printf("error %s %zu\n", insula_status_name(problem.status), problem.offset);
        return;
    }
    fputs("ok ", stdout);
    print_copy(root);
    putchar(' ');
    /* A cycle would be printed for ever. */
    if (message->is_tree) {
        print(root, 0);
    } else {
        fputs("\"graph\"", stdout);
    }
    putchar('\n');
}

/* Each message on a piece of heap that ends where it does, so that a byte too much is
 * noticed. */
static void read_line(char *line) {
    char *rest;
    bool is_graph = line[0] == 'g';
    size_t came = strtoul(line + 1, &rest, 10);
    size_t lost = strtoul(rest, &rest, 10);
    rest += strspn(rest, " ");
    size_t length = strcspn(rest, "\n") / 2;
    insula_port ports[PORTS];
    insula_message message = {.lost_ports = lost, .ports = ports};
    message.port_count = came < PORTS ? came : PORTS;
    for (size_t i = 0; i < message.port_count; i++) {
        ports[i].handle = (uint32_t)i + 1;
    }
    if (length > 0) {
        message.bytes = malloc(length);
        message.length = length;
        for (size_t i = 0; i < length; i++) {
            char digits[3] = {rest[2 * i], rest[2 * i + 1], 0};
            message.bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
        }
    }
    outcome(&message, is_graph);
    free(message.bytes);
    free(message.shared);
}

/* A line of any length; NULL at the end of the input. */
static char *next_line(char **line, size_t *capacity) {
    size_t length = 0;
    for (int c = getchar(); c != EOF && c != '\n'; c = getchar()) {
        if (length + 2 > *capacity) {
            *capacity = *capacity ? *capacity * 2 : 256;
            *line = realloc(*line, *capacity);
            if (*line == NULL) {
                abort();
            }
        }
        (*line)[length++] = (char)c;
    }
    if (length == 0) {
        return NULL;
    }
    (*line)[length] = 0;
    return *line;
}

int main(void) {
    char *line = NULL;
    size_t capacity = 0;
    while (next_line(&line, &capacity) != NULL) {
        read_line(line);
    }
    free(line);
    return 0;
}
