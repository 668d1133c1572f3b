/* The words for what can go wrong. */

#include "insula_status.h"

typedef struct words {
    const char *name;
    const char *text;
} words;

static const words table[INSULA_STATUS_COUNT] = {
    [INSULA_OK] = {"ok", "it is done"},
    [INSULA_FULL] = {"full", "the receiver's mailbox is full: try later"},
    [INSULA_TOO_LARGE] = {"too_large", "the message is larger than a message may be"},
    [INSULA_CLOSED] = {"closed", "the port is closed, or its isolate has ended"},
    [INSULA_LIMIT] = {"limit", "a limit of the isolate or of its group is used up"},
    [INSULA_NO_SUCH_ENTRY] = {"no_such_entry", "the program has no entry of that name"},
    [INSULA_URI_NOT_GRANTED] = {"uri_not_granted", "the host has not granted this URI"},
    [INSULA_BAD_URI] = {"bad_uri", "the text names no program"},
    [INSULA_NO_SUCH_LIMIT] = {"no_such_limit", "there is no limit of that name"},
    [INSULA_NOT_CONTROL] = {"not_control", "the port is no isolate's control port"},
    [INSULA_NAME_TAKEN] = {"name_taken", "the name belongs to another port"},
    [INSULA_PORT_CLOSED] = {"port_closed", "a port of the request is closed"},
    [INSULA_CAPABILITY_NOT_HELD] = {"capability_not_held",
                                    "the spawner lacks what it wants to hand on"},
    [INSULA_NO_ANSWER] = {"no_answer", "nobody can answer the call any more"},
    [INSULA_TIMED_OUT] = {"timed_out", "no answer came in time"},
    [INSULA_OUT_OF_MEMORY] = {"out_of_memory", "there is no memory left"},
    [INSULA_UNFINISHED] = {"unfinished", "a list or map promised more than was put into it"},
    [INSULA_OVERFULL] = {"overfull", "something was put behind the end of the message"},
    [INSULA_NOT_UTF8] = {"not_utf8", "a text to be sent is not UTF-8: send it as bytes"},
    [INSULA_NOT_SHARED] = {"not_shared", "a reference to a shared value that was not put before"},
    [INSULA_NO_VALUE] = {"no_value", "the value to be sent is not there"},
    [INSULA_TRUNCATED] = {"truncated", "the message ends inside a value"},
    [INSULA_LENGTH_TOO_LONG] = {"length_too_long",
                                "a length says more than the message has left"},
    [INSULA_TRAILING_BYTES] = {"trailing_bytes", "bytes follow the end of the message"},
    [INSULA_INDEFINITE_LENGTH] = {"indefinite_length", "indefinite lengths are not accepted"},
    [INSULA_RESERVED] = {"reserved", "a byte starts no CBOR value: its form is reserved"},
    [INSULA_SIMPLE_VALUE] = {"simple_value",
                             "a simple value that is neither false, true nor null"},
    [INSULA_TEXT_NOT_UTF8] = {"text_not_utf8", "a text of the message is not UTF-8"},
    [INSULA_UNKNOWN_TAG] = {"unknown_tag", "a tag that messages do not use"},
    [INSULA_TAG_CONTENT] = {"tag_content", "a tag around something that it does not apply to"},
    [INSULA_DANGLING_REFERENCE] = {"dangling_reference",
                                   "a reference to a shared value that did not come before"},
    [INSULA_CYCLIC] = {"cyclic", "a list or map contains itself"},
    [INSULA_UNFOLDS_TOO_LARGE] = {"unfolds_too_large",
                                  "shared parts are too large when each use is a copy"},
    [INSULA_PORT_OUT_OF_RANGE] = {"port_out_of_range",
                                  "the message names a port that did not come with it"},
    [INSULA_LOST_PORT] = {"lost_port",
                          "a port of the message was lost, as this isolate has no handle left"},
};

static const words *words_of(insula_status status) {
    static const words unknown = {"unknown", "a status that does not exist"};
    unsigned number = (unsigned)status;
    return number < INSULA_STATUS_COUNT ? &table[number] : &unknown;
}

const char *insula_status_text(insula_status status) {
    return words_of(status)->text;
}

const char *insula_status_name(insula_status status) {
    return words_of(status)->name;
}
