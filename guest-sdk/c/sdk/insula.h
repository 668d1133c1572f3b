/* Isolates for programs in C that Insula runs.
 *
 * An isolate has its own heap and shares nothing. The only way in or out is a copied
 * message to a port. An isolate is started with a function, the entry; when that has
 * returned, the isolate lives on for as long as a port of it has a handler, or a timer
 * or a call is pending. Nothing in it ever blocks.
 *
 *     #include "insula.h"
 *     #include <stdio.h>
 *
 *     static void greet(void *context, const insula_message *message) {
 *         insula_text name;
 *         (void)context;
 *         if (insula_as_text(insula_root(message), &name)) {
 *             printf("hello, %.*s\n", (int)name.length, name.data);
 *         }
 *         insula_reply(message, NULL);
 *     }
 *
 *     INSULA_ENTRY(main) {
 *         insula_receive(insula_first_port(), greet, NULL);
 *     }
 *
 * OWNERSHIP
 *
 * - A message belongs to the library. It and all that is had from it (values, texts,
 *   ports, where to reply) are gone when the handler returns. What is to be kept is
 *   copied, a port with insula_port_clone, or the whole message is taken with
 *   insula_message_take, and later freed.
 * - A port or an isolate that a function leaves in a place of yours (`insula_port
 *   *out`) is yours: drop it once, when it is no longer used. Ports that are passed
 *   to a function stay yours. The host counts handles (10,000 unless it says
 *   otherwise), and tells who waits for an answer when the last one is dropped.
 * - Receivers, timers and calls are numbers that the library checks: one that is
 *   closed or over does nothing any more.
 * - `context` is handed to your function as it is; it has to live until the port is
 *   closed, the timer is due, or the call is over.
 *
 * Text is UTF-8. A text that is not, an empty place in `insula_port`, a receiver that
 * is closed: each is an answer. To drop a port that was copied and dropped already is
 * a broken contract with the host, which ends this isolate, and no other, and says so.
 *
 * A handler may do anything here: close its own port, give it another handler, spawn,
 * call. */

#ifndef INSULA_H
#define INSULA_H

#include "insula_status.h"
#include "insula_value.h"

/* ---- Entries ------------------------------------------------------------------ */

/* Makes a function an entry: something that an isolate can start with. The body
 * follows: `INSULA_ENTRY(worker) { ... }`. `main` is what runs when none is named. */
#define INSULA_ENTRY(name)                                                              \
    static void insula_body_of_##name(void);                                            \
    INSULA_EXPORT("insula:entry/" #name) void insula_entry_##name(void);                \
    void insula_entry_##name(void) { insula_run(insula_body_of_##name); }               \
    static void insula_body_of_##name(void)

/* Says in another source or a header that there is such an entry, for insula_spawn. */
#define INSULA_DECLARE_ENTRY(name) void insula_entry_##name(void)

#define INSULA_EXPORT(name) __attribute__((export_name(name)))
#define INSULA_TEXT_OF_(x) #x
#define INSULA_TEXT_OF(x) INSULA_TEXT_OF_(x)
#define INSULA_PLACE __FILE__ ":" INSULA_TEXT_OF(__LINE__)

/* What an entry expands to a call of. */
void insula_run(void (*body)(void));

/* The message that this isolate was spawned with, the first time that it is asked for.
 * NULL where there is none. Yours: insula_message_free. One that is malformed ends the
 * isolate, as if it had panicked. */
insula_message *insula_first_message(void);

/* Gives what the entry came to to whoever runs it for its result, and ends the
 * isolate. Comes back with INSULA_CLOSED where nobody waits for a result, and where
 * it cannot be sent with the reason. */
insula_status insula_return(const insula_writer *result);

/* ---- This isolate ------------------------------------------------------------- */

/* For people; unique in the group. Lives for ever. */
insula_text insula_name(void);
/* The entry that it was spawned with. Lives for ever. */
insula_text insula_entry_name(void);

/* Ends the isolate in peace, as if it had nothing left to do. */
_Noreturn void insula_exit(void);

/* Ends the isolate as a panic: something is wrong with the program. */
#define insula_panic(text) insula_panic_at((text), INSULA_PLACE)
_Noreturn void insula_panic_at(const char *text, const char *place);

/* An error that nothing has caught. Who listens is told; it ends the isolate unless
 * its spawner has said that errors are not fatal. */
#define insula_fail(text) insula_fail_at((text), INSULA_PLACE)
void insula_fail_at(const char *text, const char *place);

/* Panics where the condition does not hold, and says which. */
#define INSULA_CHECK(condition)                                                         \
    ((condition) ? (void)0                                                              \
                 : insula_panic_at("it does not hold that " #condition, INSULA_PLACE))

/* Why the host refused the last thing that it has refused: one line that names the
 * limit, its value and the option that raises it. Lives until the next refusal. */
insula_text insula_refusal_text(void);

/* ---- Messages ----------------------------------------------------------------- */

/* Where the sender wants the answer; no port where it wants none. The message's. */
insula_port insula_reply_port(const insula_message *message);

/* Sends the answer (NULL: null). INSULA_CLOSED where none is wanted. */
insula_status insula_reply(const insula_message *message, const insula_writer *answer);

/* Keeps a message that a handler was given. Yours from then on: insula_message_free.
 * NULL where it was taken before. */
insula_message *insula_message_take(const insula_message *message);
/* Frees it, with its ports. NULL is fine. */
void insula_message_free(insula_message *message);

/* ---- Sending ------------------------------------------------------------------ */

/* Sends a copy of what was written (NULL: null). Never waits. */
insula_status insula_send(insula_port to, const insula_writer *message);

/* The same, and says where an answer is wanted. */
insula_status insula_send_with_reply(insula_port to, const insula_writer *message,
                                     insula_port reply);

/* Called once, with what became of it. */
typedef void insula_sent(void *context, insula_status status);

/* As insula_send, but where the mailbox is full the message waits in line for room.
 * On INSULA_OK `done` is called once, later; else never. */
insula_status insula_send_when_ready(insula_port to, const insula_writer *message,
                                     insula_sent *done, void *context);

/* A message of one value, without a writer. */
insula_status insula_send_text(insula_port to, const char *text);
insula_status insula_send_int(insula_port to, int64_t value);

/* One more handle to the same port, for you to drop. */
insula_status insula_port_clone(insula_port port, insula_port *out);
/* Gives the handle back and leaves no port in its place. No port is fine. */
void insula_port_drop(insula_port *port);
/* Whether both send to the same port. */
bool insula_port_same(insula_port a, insula_port b);
/* Whether nobody will ever receive what is sent there. False is no promise. */
bool insula_port_is_closed(insula_port port);
/* A token that cannot be forged: equal to its clones, and to nothing else. */
insula_status insula_capability(insula_port *out);

/* ---- Receiving ---------------------------------------------------------------- */

/* A receive port of this isolate. */
typedef struct insula_receiver {
    uint64_t id;
} insula_receiver;

/* Called with each message. One that is malformed is dropped, with a line on stderr. */
typedef void insula_handler(void *context, const insula_message *message);
typedef void insula_callback(void *context);

/* The port whose send port the spawner got. The same each time. */
insula_receiver insula_first_port(void);
/* One more port. */
insula_status insula_open(insula_receiver *out);

/* Calls `handler` with each message, also with those that wait already, in place of
 * the handler before it. While it has one the port keeps the isolate alive. NULL
 * takes the handler away: messages wait then. */
insula_status insula_receive(insula_receiver port, insula_handler *handler, void *context);
/* As insula_receive, for messages with cycles, or that share so much that copies would
 * be too large (insula_same tells what is shared). A value without an end is the
 * handler's to notice. */
insula_status insula_receive_graphs(insula_receiver port, insula_handler *handler,
                                    void *context);
/* Calls back each time that no send port for it is left anywhere. */
insula_status insula_on_unreachable(insula_receiver port, insula_callback *callback,
                                    void *context);
/* Whether the port keeps the isolate alive, as it does when it is new. */
insula_status insula_keep_alive(insula_receiver port, bool on);
/* The right to send to it. Yours. */
insula_status insula_sender(insula_receiver port, insula_port *out);
/* Closes the port and drops what waits in it. */
void insula_close(insula_receiver port);

/* ---- Calls -------------------------------------------------------------------- */

/* Called once: with INSULA_OK and the answer, or with why there is none and NULL. */
typedef void insula_answer(void *context, insula_status status,
                           const insula_message *answer);

/* Sends a message (NULL: null) along with a port for one answer. On INSULA_OK `done` is
 * called once, later: with the answer, with INSULA_NO_ANSWER when nobody can give one
 * any more, or with INSULA_TIMED_OUT. Else it is never called. `nanoseconds` is how
 * long to wait, INSULA_FOREVER for no end. */
insula_status insula_call(insula_port to, const insula_writer *message,
                          uint64_t nanoseconds, insula_answer *done, void *context);
#define INSULA_FOREVER UINT64_MAX

/* ---- Timers ------------------------------------------------------------------- */

typedef struct insula_timer {
    uint64_t id;
} insula_timer;

#define INSULA_MILLISECOND UINT64_C(1000000)
#define INSULA_SECOND (1000 * INSULA_MILLISECOND)

/* Calls back once, later. `out` may be NULL: then it cannot be cancelled. */
insula_status insula_after(uint64_t nanoseconds, insula_callback *callback, void *context,
                           insula_timer *out);
/* One that is over or cancelled already is fine. */
void insula_cancel(insula_timer timer);

/* ---- Isolates ----------------------------------------------------------------- */

/* An isolate that was spawned: drop both parts with insula_isolate_drop. It goes on. */
typedef struct insula_isolate {
    insula_port port; /* to its first port */
    uint32_t control; /* every right over it */
} insula_isolate;

typedef struct insula_limit {
    insula_text name; /* as in `memory`, see docs of the host */
    uint64_t value;
} insula_limit;

typedef struct insula_folder {
    insula_text path; /* one of the spawner's, or below, as the spawner calls it */
    insula_text name; /* as the new isolate calls it */
    bool is_writable;
} insula_folder;

typedef enum insula_clock {
    INSULA_CLOCK_USUAL,
    INSULA_CLOCK_SAME,
    INSULA_CLOCK_FROZEN,
    INSULA_CLOCK_OFF
} insula_clock;

/* What a new isolate may reach: each no more than its spawner may. */
typedef struct insula_capabilities {
    const insula_folder *folders;
    size_t folder_count;
    const insula_text *variables; /* of the environment, by name */
    size_t variable_count;
    const insula_text *programs; /* where it may spawn programs from */
    size_t program_count;
    bool has_arguments;
    insula_clock clock;
    bool has_random;
} insula_capabilities;

/* How an isolate is started. All zero but for the entry is the usual way. */
typedef struct insula_spawn_options {
    const char *entry;            /* of another program NULL is its default */
    const char *uri;              /* of another program; NULL is this one */
    const insula_writer *message; /* its first message; NULL for none */
    const char *name;             /* for people; NULL is its entry's name */
    bool is_paused;
    bool errors_are_not_fatal;
    insula_port on_exit;  /* is sent null when it ends */
    insula_port on_error; /* is sent its uncaught errors */
    insula_port result;   /* waits for what its entry returns */
    const insula_limit *limits;
    size_t limit_count;
    bool has_whole_reach;                    /* reaches what this isolate reaches */
    const insula_capabilities *capabilities; /* reaches this and nothing else */
} insula_spawn_options;

/* Starts an isolate, and answers at once; `out` is yours. */
insula_status insula_spawn_with(const insula_spawn_options *options, insula_isolate *out);

/* Starts one of this program. The entry has to be defined or declared above, or it does
 * not compile: `insula_spawn(worker, NULL, &isolate)`. */
#define insula_spawn(entry_name, first_message, out)                                    \
    ((void)insula_entry_##entry_name,                                                   \
     insula_spawn_with(&(insula_spawn_options){.entry = #entry_name,                    \
                                               .message = (first_message)},             \
                       (out)))

void insula_isolate_drop(insula_isolate *isolate);

/* Ends it; with `tree` all that it has spawned, too. INSULA_CLOSED where it cannot be,
 * as this isolate does not have the right. */
insula_status insula_kill(const insula_isolate *isolate, bool tree);
/* When this isolate or that one ends other than in peace, the other one ends too. */
insula_status insula_link(const insula_isolate *isolate);
/* Stops it after its current event; what is sent to it waits. Once more is no more. */
insula_status insula_pause(const insula_isolate *isolate);
/* Lets one go on that was paused so, or spawned paused. */
insula_status insula_start(const insula_isolate *isolate);

typedef enum insula_exit_kind {
    INSULA_EXIT_ENDED,
    INSULA_EXIT_EXITED,
    INSULA_EXIT_PANICKED,
    INSULA_EXIT_FAILED,
    INSULA_EXIT_TRAPPED,
    INSULA_EXIT_LIMIT,
    INSULA_EXIT_CONTRACT_BROKEN,
    INSULA_EXIT_NOT_STARTED,
    INSULA_EXIT_KILLED,
    INSULA_EXIT_LINKED,
    INSULA_EXIT_SHUT_DOWN,
    INSULA_EXIT_HOST_FAILED,
    INSULA_EXIT_UNKNOWN /* of a host that is newer than this library */
} insula_exit_kind;

/* Why an isolate ended. Gone when the callback returns. */
typedef struct insula_exit_reason {
    insula_exit_kind kind;
    insula_text text;    /* what was said of it: the panic, the error, the limit's name.. */
    insula_value whole;  /* all that is known */
} insula_exit_reason;

typedef void insula_ended(void *context, const insula_exit_reason *reason);

/* Calls back once, when it ends; also where it has ended already. */
insula_status insula_monitor(const insula_isolate *isolate, insula_ended *ended,
                             void *context);

/* What an isolate is in a message: what names it, and the rights over it; no port where
 * a right is not handed on. */
typedef struct insula_isolate_parts {
    insula_port control;
    insula_port pause;
    insula_port terminate;
} insula_isolate_parts;

/* The parts of an isolate, with the rights that this handle has; drop them with
 * insula_parts_drop. To hand on fewer, drop one of them before. */
insula_status insula_split(const insula_isolate *isolate, insula_isolate_parts *out);
void insula_parts_drop(insula_isolate_parts *parts);
/* Puts an isolate, as Rust's `Isolate` is. The ports are borrowed until it was sent. */
void insula_put_isolate(insula_writer *writer, insula_port port,
                        const insula_isolate_parts *parts);
/* An isolate that came: Rust's `Isolate`, or its `Control`, which has no port. Yours.
 * INSULA_NO_VALUE where the value is none. */
insula_status insula_as_isolate(insula_value value, insula_isolate *out);

/* ---- Names -------------------------------------------------------------------- */

/* Gives a port a name that everybody in the group can find. */
insula_status insula_register(const char *name, insula_port port);
/* The port of that name, which is yours; no port where there is none. */
insula_status insula_lookup(const char *name, insula_port *out);
/* Whether there was such a name. */
bool insula_unregister(const char *name);

#endif
