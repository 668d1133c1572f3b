/* What an operation came to. */

#ifndef INSULA_STATUS_H
#define INSULA_STATUS_H

/* Every function that can fail answers with one of these. What a program did wrong
 * itself (INSULA_UNFINISHED and below) is an answer too and never undefined. */
typedef enum insula_status {
    INSULA_OK = 0,

    /* Sending: nothing of the message has reached anybody. */
    INSULA_FULL,      /* the receiver's mailbox has no room now: try later */
    INSULA_TOO_LARGE, /* larger than a message may be */
    INSULA_CLOSED,    /* the port is closed, or its isolate has ended */

    /* The host refused; insula_refusal_text() says more. */
    INSULA_LIMIT,
    INSULA_NO_SUCH_ENTRY,
    INSULA_URI_NOT_GRANTED,
    INSULA_BAD_URI,
    INSULA_NO_SUCH_LIMIT,
    INSULA_NOT_CONTROL,
    INSULA_NAME_TAKEN,
    INSULA_PORT_CLOSED,
    INSULA_CAPABILITY_NOT_HELD,

    /* Calls. */
    INSULA_NO_ANSWER, /* nobody can answer any more */
    INSULA_TIMED_OUT,

    /* Writing a message. */
    INSULA_OUT_OF_MEMORY,
    INSULA_UNFINISHED, /* a list or map promised more than was put */
    INSULA_OVERFULL,   /* something was put behind the end of the message */
    INSULA_NOT_UTF8,   /* a text is not UTF-8: put bytes */
    INSULA_NOT_SHARED, /* a reference to a shared value that was not put before */
    INSULA_NO_VALUE,   /* a value that is not there was put */

    /* What bytes from another isolate may be instead of a message. */
    INSULA_TRUNCATED,
    INSULA_LENGTH_TOO_LONG,
    INSULA_TRAILING_BYTES,
    INSULA_INDEFINITE_LENGTH,
    INSULA_RESERVED,
    INSULA_SIMPLE_VALUE,
    INSULA_TEXT_NOT_UTF8,
    INSULA_UNKNOWN_TAG,
    INSULA_TAG_CONTENT,
    INSULA_DANGLING_REFERENCE,
    INSULA_CYCLIC,
    INSULA_UNFOLDS_TOO_LARGE,
    INSULA_PORT_OUT_OF_RANGE,
    INSULA_LOST_PORT,

    INSULA_STATUS_COUNT /* how many there are; never an answer */
} insula_status;

/* One line for people. Never NULL; it lives for ever. */
const char *insula_status_text(insula_status status);

/* As in `truncated`: what a status is called in wit/vectors. */
const char *insula_status_name(insula_status status);

#endif
