/* A message that came, as the library keeps it. Builds on any machine, so that it
 * can be tested on one with sanitizers. */

#ifndef INSULA_MESSAGE_H
#define INSULA_MESSAGE_H

#include "insula_value.h"

#define INSULA_TAG_SHAREABLE 28
#define INSULA_TAG_REFERENCE 29
#define INSULA_TAG_PORT 47110

/* A value that can be referred to. */
typedef struct insula_shared {
    size_t start; /* of the value, behind its tag */
    size_t end;   /* 0 while it is being read */
    /* While it is being read: it is complete when so many items are pending, what
     * had been unfolded when it began, and the next one outside of it. Then: what
     * the references in it unfold to. */
    size_t complete;
    uint64_t unfolded;
    size_t outer;
} insula_shared;

struct insula_message {
    uint8_t *bytes; /* NULL where there are none */
    size_t length;
    insula_port *ports;
    size_t port_count;
    size_t lost_ports; /* how many more the sender named */
    insula_port reply;
    insula_shared *shared;
    size_t shared_count;
    size_t shared_capacity;
    bool is_tree; /* no cycle, and sharing may be unfolded */
    bool is_taken; /* the program keeps it */
};

/* What is wrong with a message, and where. */
typedef struct insula_problem {
    insula_status status;
    size_t offset;
} insula_problem;

/* Looks through a message, whose bytes and ports are set, once. Takes time and memory
 * in proportion to its length, and no stack. With `keeps_sharing` cycles are no
 * problem, nor is what unfolds to too much. */
insula_problem insula_check(insula_message *message, bool keeps_sharing);

/* The first byte that is no UTF-8; `length` where all are. */
size_t insula_utf8_end(const uint8_t *bytes, size_t length);

/* The head of an item of a message that was checked. */
typedef struct insula_head {
    uint8_t major;
    uint8_t info;
    uint64_t number;
    size_t next; /* what follows the head */
} insula_head;

insula_head insula_read_head(const insula_message *message, size_t at);
/* Where the item ends, with all that is in it. */
size_t insula_item_end(const insula_message *message, size_t at);
/* What a double says that has this head. */
double insula_read_double(insula_head head);

#endif
