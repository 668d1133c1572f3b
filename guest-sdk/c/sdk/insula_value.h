/* What messages say: values that came, and writers for those to be sent.
 *
 * A message is one value: null, bool, int, double, text, bytes, list, map or send
 * port. A value that came is looked at where it lies, in its message: nothing is
 * copied or allocated, and every function here is safe on every value. A message
 * is checked as a whole when it arrives, so that nothing in it can be malformed
 * later on; what is left to go wrong is that it says something else than was
 * expected, and then a function answers false and leaves its place as it was.
 *
 * OWNERSHIP. A value, and every text, bytes and port that is had from it, belongs to
 * its message and is gone with it. What is put into a writer is copied, but for
 * ports: they have to live until the writer was sent. */

#ifndef INSULA_VALUE_H
#define INSULA_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "insula_status.h"

/* The right to send to one receive port; a number that means something in this
 * isolate only. Zero (`(insula_port){0}`) is no port. See insula.h for who owns
 * one. */
typedef struct insula_port {
    uint32_t handle;
} insula_port;

/* UTF-8, without a zero at its end: print it with
 * `printf("%.*s", (int)text.length, text.data)`. */
typedef struct insula_text {
    const char *data;
    size_t length;
} insula_text;

typedef struct insula_bytes {
    const uint8_t *data;
    size_t length;
} insula_bytes;

typedef struct insula_message insula_message;

/* One value of a message that came. */
typedef struct insula_value {
    const insula_message *message; /* NULL: no value at all */
    size_t at;
} insula_value;

typedef enum insula_kind {
    INSULA_KIND_NONE, /* no value: there was no such field or element */
    INSULA_KIND_NULL,
    INSULA_KIND_BOOL,
    INSULA_KIND_INT, /* an insula_as_int or an insula_as_uint */
    INSULA_KIND_DOUBLE,
    INSULA_KIND_TEXT,
    INSULA_KIND_BYTES,
    INSULA_KIND_LIST,
    INSULA_KIND_MAP,
    INSULA_KIND_PORT
} insula_kind;

/* What a message says. */
insula_value insula_root(const insula_message *message);

insula_kind insula_kind_of(insula_value value);
bool insula_is_null(insula_value value);
bool insula_as_bool(insula_value value, bool *out);
bool insula_as_int(insula_value value, int64_t *out);
bool insula_as_uint(insula_value value, uint64_t *out);
/* Takes an int too, where nothing is lost by it. */
bool insula_as_double(insula_value value, double *out);
bool insula_as_text(insula_value value, insula_text *out);
/* Takes an empty list too: other languages cannot always tell it from no bytes. */
bool insula_as_bytes(insula_value value, insula_bytes *out);
/* The port stays the message's: see insula_port_clone. */
bool insula_as_port(insula_value value, insula_port *out);

/* Whether it is this text. */
bool insula_is_text(insula_value value, const char *text);

/* How many elements a list has, or pairs a map, or bytes a text or bytes. 0 for
 * others. */
size_t insula_length(insula_value value);

/* The element of a list. No value where it is no list or has fewer. Takes time in
 * proportion to what comes before: to go through a list there is insula_next. */
insula_value insula_element(insula_value list, size_t index);

/* What a map says at a key that is a text; the first, where it is there twice. */
insula_value insula_field(insula_value map, const char *key);

/* Going through a list or a map. Of other values there is nothing to go through. */
typedef struct insula_cursor {
    insula_value next;
    size_t left; /* elements or pairs */
    bool is_map;
} insula_cursor;

insula_cursor insula_iterate(insula_value list_or_map);
/* The next element of a list. False at its end, and for a map. */
bool insula_next(insula_cursor *cursor, insula_value *element);
/* The next pair of a map. False at its end, and for a list. */
bool insula_next_pair(insula_cursor *cursor, insula_value *key, insula_value *value);

/* Whether both are the same place of the same message, as where a list is shared. */
bool insula_same(insula_value a, insula_value b);

/* A message to be. Begin with `insula_writer writer = INSULA_WRITER;`, put one value,
 * send it as often as you like, and free it. After a failure nothing is put any more,
 * and to send it answers why, so that one check at the end is enough.
 *
 *     insula_writer writer = INSULA_WRITER;
 *     insula_put_map(&writer, 2);
 *     insula_put_text(&writer, "name");
 *     insula_put_text(&writer, "cat.png");
 *     insula_put_text(&writer, "size");
 *     insula_put_list(&writer, 2);
 *     insula_put_int(&writer, 64);
 *     insula_put_int(&writer, 48);
 *     insula_status status = insula_send(port, &writer);
 *     insula_writer_free(&writer);
 */
typedef struct insula_writer {
    /* None of these is for you. */
    uint8_t *bytes;
    size_t length;
    size_t capacity;
    insula_port *ports;
    size_t port_count;
    size_t port_capacity;
    uint64_t *open; /* how much each open list or map still waits for */
    size_t depth;
    size_t open_capacity;
    uint64_t shared_count;
    insula_status status;
    bool is_complete;
    bool is_tagged; /* a shared value is to be put next */
} insula_writer;

#define INSULA_WRITER ((insula_writer){0})

void insula_put_null(insula_writer *writer);
void insula_put_bool(insula_writer *writer, bool value);
void insula_put_int(insula_writer *writer, int64_t value);
void insula_put_uint(insula_writer *writer, uint64_t value);
void insula_put_double(insula_writer *writer, double value);
/* UTF-8 that ends with a zero. */
void insula_put_text(insula_writer *writer, const char *text);
void insula_put_text_of(insula_writer *writer, insula_text text);
void insula_put_bytes(insula_writer *writer, const void *data, size_t length);
/* `count` values are put next. */
void insula_put_list(insula_writer *writer, size_t count);
/* `count` pairs are put next: each a key, mostly a text, and a value. */
void insula_put_map(insula_writer *writer, size_t count);
/* Borrows the port until the writer was sent. */
void insula_put_port(insula_writer *writer, insula_port port);
/* A copy of what came; its ports are borrowed from its message. What is shared in it
 * is copied for each place, but where a whole message is put into an empty writer. */
void insula_put_value(insula_writer *writer, insula_value value);

/* The value that is put next can be referred to. Answers with its number. */
uint64_t insula_put_shared(insula_writer *writer);
/* The shared value of that number once more; also from inside of it, as a cycle. */
void insula_put_reference(insula_writer *writer, uint64_t number);

/* INSULA_OK when it holds a message that can be sent. */
insula_status insula_writer_status(const insula_writer *writer);
/* Empties it, and keeps its memory. */
void insula_writer_reset(insula_writer *writer);
void insula_writer_free(insula_writer *writer);

#endif
