/* Ports that everybody in the group can find. */

#include "runtime.h"

insula_status insula_register(const char *name, insula_port port) {
    if (!insula_is_utf8(name)) {
        return INSULA_NOT_UTF8;
    }
    if (port.handle == 0) {
        return INSULA_CLOSED;
    }
    insula_text text = insula_text_of(name);
    insula_result result;
    insula_import_names_register(text.data, text.length, port.handle, &result);
    return insula_granted(&result);
}

insula_status insula_lookup(const char *name, insula_port *out) {
    out->handle = 0;
    if (!insula_is_utf8(name)) {
        return INSULA_NOT_UTF8;
    }
    insula_text text = insula_text_of(name);
    insula_result result;
    insula_import_names_lookup(text.data, text.length, &result);
    insula_status status = insula_granted(&result);
    if (status == INSULA_OK && result.as.option.is_there) {
        out->handle = result.as.option.handle;
    }
    return status;
}

bool insula_unregister(const char *name) {
    if (!insula_is_utf8(name)) {
        return false;
    }
    insula_text text = insula_text_of(name);
    return insula_import_names_unregister(text.data, text.length) != 0;
}
