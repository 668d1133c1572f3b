/* What the parts of the library that talk to the host share. */

#ifndef INSULA_RUNTIME_H
#define INSULA_RUNTIME_H

#include "imports.h"
#include "insula.h"
#include "message.h"

/* ---- Answers of the host, as the canonical ABI lays them out ------------------- */

/* result<T, refusal> and result<option<T>, refusal>, for handles. */
typedef struct insula_refused {
    uint8_t kind;
    insula_text text;
} insula_refused;

typedef struct insula_result {
    uint8_t is_refused;
    union {
        uint32_t handle;
        struct {
            uint32_t first;
            uint32_t second;
        } two;
        struct {
            uint8_t is_there;
            uint32_t handle;
        } option;
        uint8_t is_true;
        insula_refused refused;
    } as;
} insula_result;

/* option<handle> */
typedef struct insula_optional {
    uint8_t is_there;
    uint32_t handle;
} insula_optional;

_Static_assert(sizeof(insula_result) == 16 && sizeof(insula_optional) == 8,
               "the canonical ABI of wasm32");

/* INSULA_OK, or why the host refused. Keeps the text. */
insula_status insula_granted(const insula_result *result);

/* ---- What waits for events ----------------------------------------------------- */

typedef enum insula_slot_kind {
    INSULA_SLOT_FREE,
    INSULA_SLOT_RECEIVER,
    INSULA_SLOT_CALL,
    INSULA_SLOT_MONITOR,
    INSULA_SLOT_TIMER,
    INSULA_SLOT_SEND
} insula_slot_kind;

typedef struct insula_slot {
    uint32_t generation;
    insula_slot_kind kind;
    uint32_t port;  /* a receive port of the host's; 0 is none */
    uint32_t timer; /* 0 is none */
    uint32_t wait;  /* 0 is none */
    bool keeps_sharing;
    union {
        insula_handler *message;
        insula_answer *answer;
        insula_ended *ended;
        insula_callback *due;
        insula_sent *sent;
    } call;
    void *context;
    insula_callback *unreachable;
    void *unreachable_context;
    uint32_t next_free;
} insula_slot;

/* A new slot; 0 where there is no memory. The number is the token of its events, and
 * means nothing any more when the slot was freed. */
uint64_t insula_slot_new(insula_slot_kind kind);
/* NULL where it was freed. Moves when a slot is made: not to be kept. */
insula_slot *insula_slot_find(uint64_t id);
/* Drops the handles that it holds. */
void insula_slot_free(uint64_t id);

/* A slot with a receive port of its own. */
insula_status insula_slot_open(insula_slot_kind kind, uint64_t *id);

/* ---- Messages ------------------------------------------------------------------ */

/* What is sent where there is no writer: null. */
typedef struct insula_outgoing {
    const uint8_t *bytes;
    size_t length;
    const insula_port *ports;
    size_t port_count;
} insula_outgoing;

/* INSULA_OK, and what to send. */
insula_status insula_outgoing_of(const insula_writer *writer, insula_outgoing *out);

/* A message on the heap, from one that owns what it holds. NULL without memory. */
insula_message *insula_message_new(insula_message parts);

/* Says on stderr that a message was dropped. */
void insula_complain(const char *what, insula_problem problem);

/* Lets out what was printed. */
void insula_flush(void);

insula_text insula_text_of(const char *text);
bool insula_is_utf8(const char *text);

/* Why an isolate ended, from what its monitor was sent. */
insula_exit_reason insula_exit_reason_of(insula_value notice);

#endif
