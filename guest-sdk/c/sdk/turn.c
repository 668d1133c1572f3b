/* A turn: from when the host calls until nothing is left to do. */

#include <stdlib.h>

#include "runtime.h"

/* option<event> of the contract. */
typedef struct event {
    uint8_t is_there;
    uint8_t padding[7];
    uint8_t which;
    union {
        struct {
            uint64_t token;
            uint8_t *bytes;
            size_t length;
            insula_port *ports;
            size_t port_count;
            insula_optional reply;
            uint32_t lost_ports;
            uint8_t is_last;
        } message;
        uint64_t token;
        struct {
            uint64_t token;
            uint8_t status;
        } settled;
    } as;
} event;

enum { EVENT_MESSAGE, EVENT_UNREACHABLE, EVENT_TIMER, EVENT_SETTLED };

_Static_assert(sizeof(event) == 56 && sizeof(((event *)0)->as) == 40,
               "the canonical ABI of wasm32");

static insula_message *arrived(const event *event) {
    bool has_reply = event->as.message.reply.is_there;
    return insula_message_new((insula_message){
        .bytes = event->as.message.bytes,
        .length = event->as.message.length,
        .ports = event->as.message.ports,
        .port_count = event->as.message.port_count,
        .lost_ports = event->as.message.lost_ports,
        .reply = {has_reply ? event->as.message.reply.handle : 0},
    });
}

/* The slot is copied first, as whatever is called may change it. */
static void deliver(uint64_t token, const insula_slot *slot, insula_message *message) {
    insula_problem problem = insula_check(message, slot->keeps_sharing);
    bool is_good = problem.status == INSULA_OK;
    switch (slot->kind) {
    case INSULA_SLOT_RECEIVER:
        if (!is_good) {
            insula_complain("a message", problem);
        } else if (slot->call.message != NULL) {
            slot->call.message(slot->context, message);
        }
        break;
    case INSULA_SLOT_CALL:
        insula_slot_free(token);
        slot->call.answer(slot->context, problem.status, is_good ? message : NULL);
        break;
    case INSULA_SLOT_MONITOR: {
        /* What the host itself has written. */
        insula_value notice = is_good ? insula_root(message) : (insula_value){NULL, 0};
        insula_exit_reason reason = insula_exit_reason_of(insula_element(notice, 1));
        insula_slot_free(token);
        slot->call.ended(slot->context, &reason);
        break;
    }
    default:
        break;
    }
    if (!message->is_taken) {
        insula_message_free(message);
    }
}

static void handle_message(const event *event) {
    insula_message *message = arrived(event);
    insula_slot *slot = insula_slot_find(event->as.message.token);
    if (message == NULL) {
        insula_complain("a message", (insula_problem){INSULA_OUT_OF_MEMORY, 0});
    } else if (slot == NULL) {
        insula_message_free(message);
    } else {
        insula_slot copy = *slot;
        deliver(event->as.message.token, &copy, message);
    }
}

static void handle_unreachable(uint64_t token) {
    insula_slot *slot = insula_slot_find(token);
    if (slot == NULL) {
        return;
    }
    insula_slot copy = *slot;
    if (copy.kind == INSULA_SLOT_CALL) {
        insula_slot_free(token);
        copy.call.answer(copy.context, INSULA_NO_ANSWER, NULL);
    } else if (copy.unreachable != NULL) {
        copy.unreachable(copy.unreachable_context);
    }
}

static void handle_timer(uint64_t token) {
    insula_slot *slot = insula_slot_find(token);
    if (slot == NULL) {
        return;
    }
    insula_slot copy = *slot;
    insula_slot_free(token);
    if (copy.kind == INSULA_SLOT_CALL) {
        copy.call.answer(copy.context, INSULA_TIMED_OUT, NULL);
    } else if (copy.kind == INSULA_SLOT_TIMER) {
        copy.call.due(copy.context);
    }
}

static void handle_settled(uint64_t token, insula_status status) {
    insula_slot *slot = insula_slot_find(token);
    if (slot == NULL || slot->kind != INSULA_SLOT_SEND) {
        return;
    }
    insula_slot copy = *slot;
    insula_slot_free(token);
    copy.call.sent(copy.context, status);
}

INSULA_EXPORT("wake") void insula_wake(void);
void insula_wake(void) {
    for (;;) {
        event event;
        insula_import_ports_receive(&event);
        if (!event.is_there) {
            break;
        }
        switch (event.which) {
        case EVENT_MESSAGE:
            handle_message(&event);
            break;
        case EVENT_UNREACHABLE:
            handle_unreachable(event.as.token);
            break;
        case EVENT_TIMER:
            handle_timer(event.as.token);
            break;
        default:
            /* send-status begins as insula_status does. */
            handle_settled(event.as.settled.token, (insula_status)event.as.settled.status);
            break;
        }
        /* What comes after the last one wakes the isolate again. */
        if (event.which == EVENT_MESSAGE && event.as.message.is_last) {
            break;
        }
    }
    insula_flush();
}

void insula_run(void (*body)(void)) {
    body();
    insula_flush();
}
