/* The isolate that asks. */

#include "runtime.h"

/* option<taken-message> */
typedef struct taken {
    uint8_t is_there;
    uint8_t *bytes;
    size_t length;
    insula_port *ports;
    size_t port_count;
    uint32_t lost_ports;
} taken;

_Static_assert(sizeof(taken) == 24, "the canonical ABI of wasm32");

static void tell(void (*import)(const void *, uint32_t, const void *, uint32_t), const char *text,
                 const char *place) {
    /* The contract takes nothing but UTF-8. */
    insula_text said = insula_text_of(insula_is_utf8(text) ? text : "(a text that is not UTF-8)");
    insula_text where = insula_text_of(insula_is_utf8(place) ? place : "");
    insula_flush();
    import(said.data, said.length, where.data, where.length);
}

void insula_panic_at(const char *text, const char *place) {
    tell(insula_import_self_fail, text, place);
    __builtin_trap();
}

void insula_fail_at(const char *text, const char *place) {
    tell(insula_import_self_uncaught, text, place);
}

void insula_exit(void) {
    insula_flush();
    insula_import_self_exit();
    __builtin_trap();
}

insula_message *insula_first_message(void) {
    taken taken;
    insula_import_self_first_message(&taken);
    if (!taken.is_there) {
        return NULL;
    }
    insula_message *message = insula_message_new((insula_message){
        .bytes = taken.bytes,
        .length = taken.length,
        .ports = taken.ports,
        .port_count = taken.port_count,
        .lost_ports = taken.lost_ports,
    });
    if (message == NULL) {
        insula_panic("there is no memory for the first message");
    }
    insula_problem problem = insula_check(message, false);
    if (problem.status != INSULA_OK) {
        insula_complain("the first message", problem);
        insula_panic(insula_status_text(problem.status));
    }
    message->is_taken = true;
    return message;
}

insula_status insula_return(const insula_writer *result) {
    static insula_optional waits;
    static bool was_asked;
    if (!was_asked) {
        insula_import_self_result_port(&waits);
        was_asked = true;
    }
    if (!waits.is_there) {
        return INSULA_CLOSED;
    }
    /* Who has the result may end the group: what was printed before is out by then. */
    insula_flush();
    insula_status status = insula_send((insula_port){waits.handle}, result);
    if (status == INSULA_OK || status == INSULA_CLOSED) {
        insula_exit();
    }
    return status;
}

insula_text insula_name(void) {
    static insula_text name;
    if (name.data == NULL) {
        insula_import_self_name(&name);
    }
    return name;
}

insula_text insula_entry_name(void) {
    static insula_text entry;
    if (entry.data == NULL) {
        insula_import_self_entry(&entry);
    }
    return entry;
}
