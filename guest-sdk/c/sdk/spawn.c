/* Starting isolates. */

#include "runtime.h"

typedef struct optional_text {
    uint8_t is_there;
    insula_text text;
} optional_text;

typedef struct list {
    const void *data;
    size_t length;
} list;

/* spawn-request */
typedef struct request {
    optional_text uri;
    insula_text entry;
    struct {
        uint8_t is_there;
        insula_outgoing message;
    } message;
    optional_text name;
    uint8_t is_paused;
    uint8_t errors_are_fatal;
    insula_optional on_exit;
    insula_optional on_error;
    insula_optional result;
    list limits;
    uint8_t reach;
    list folders;
    list variables;
    list programs;
    uint8_t has_arguments;
    uint8_t clock;
    uint8_t has_random;
} request;

_Static_assert(sizeof(request) == 120 && sizeof(insula_folder) == 20 && sizeof(insula_limit) == 16,
               "the canonical ABI of wasm32");

enum { REACH_USUAL, REACH_WHOLE, REACH_ONLY };

static optional_text text(const char *given) {
    if (given == NULL) {
        return (optional_text){0};
    }
    return (optional_text){1, insula_text_of(given)};
}

static insula_optional port(insula_port given) {
    return (insula_optional){given.handle != 0, given.handle};
}

static bool are_utf8(const insula_text *texts, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (insula_utf8_end((const uint8_t *)texts[i].data, texts[i].length) < texts[i].length) {
            return false;
        }
    }
    return true;
}

static bool is_sayable(const insula_capabilities *given) {
    for (size_t i = 0; i < given->folder_count; i++) {
        insula_text texts[2] = {given->folders[i].path, given->folders[i].name};
        if (!are_utf8(texts, 2)) {
            return false;
        }
    }
    return are_utf8(given->variables, given->variable_count) &&
           are_utf8(given->programs, given->program_count);
}

static bool set_reach(request *request, const insula_spawn_options *options) {
    const insula_capabilities *only = options->capabilities;
    request->reach = options->has_whole_reach ? REACH_WHOLE : REACH_USUAL;
    if (only == NULL) {
        return true;
    }
    request->reach = REACH_ONLY;
    request->folders = (list){only->folders, only->folder_count};
    request->variables = (list){only->variables, only->variable_count};
    request->programs = (list){only->programs, only->program_count};
    request->has_arguments = only->has_arguments;
    request->clock = (uint8_t)only->clock;
    request->has_random = only->has_random;
    return is_sayable(only);
}

static bool set_limits(request *request, const insula_spawn_options *options) {
    for (size_t i = 0; i < options->limit_count; i++) {
        if (!are_utf8(&options->limits[i].name, 1)) {
            return false;
        }
    }
    request->limits = (list){options->limits, options->limit_count};
    return true;
}

insula_status insula_spawn_with(const insula_spawn_options *options, insula_isolate *out) {
    *out = (insula_isolate){0};
    request request = {
        .uri = text(options->uri),
        .entry = insula_text_of(options->entry ? options->entry : ""),
        .name = text(options->name),
        .is_paused = options->is_paused,
        .errors_are_fatal = !options->errors_are_not_fatal,
        .on_exit = port(options->on_exit),
        .on_error = port(options->on_error),
        .result = port(options->result),
    };
    insula_text texts[3] = {request.uri.text, request.entry, request.name.text};
    bool is_good = are_utf8(texts, 3);
    if (!set_reach(&request, options) || !set_limits(&request, options) || !is_good) {
        return INSULA_NOT_UTF8;
    }
    if (options->message != NULL) {
        insula_status status = insula_outgoing_of(options->message, &request.message.message);
        if (status != INSULA_OK) {
            return status;
        }
        request.message.is_there = 1;
    }
    insula_result result;
    insula_import_isolates_spawn(&request, &result);
    insula_status status = insula_granted(&result);
    if (status == INSULA_OK) {
        out->control = result.as.two.first;
        out->port.handle = result.as.two.second;
    }
    return status;
}
