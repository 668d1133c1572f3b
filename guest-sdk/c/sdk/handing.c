/* Isolates in messages: handed on with the rights over them, or with fewer. */

#include "runtime.h"

/* One of the ports that an isolate is made of; no port where the host has none. */
static insula_status part(void (*import)(uint32_t, void *), uint32_t control, bool is_optional,
                          insula_port *out) {
    insula_result result;
    import(control, &result);
    insula_status status = insula_granted(&result);
    if (status != INSULA_OK) {
        return status;
    }
    if (!is_optional) {
        out->handle = result.as.handle;
    } else if (result.as.option.is_there) {
        out->handle = result.as.option.handle;
    }
    return INSULA_OK;
}

insula_status insula_split(const insula_isolate *isolate, insula_isolate_parts *out) {
    *out = (insula_isolate_parts){0};
    if (isolate->control == 0) {
        return INSULA_CLOSED;
    }
    uint32_t control = isolate->control;
    insula_status status =
        part(insula_import_control_isolate_control_port, control, false, &out->control);
    if (status == INSULA_OK) {
        status = part(insula_import_control_isolate_pause_capability, control, true, &out->pause);
    }
    if (status == INSULA_OK) {
        status = part(insula_import_control_isolate_terminate_capability, control, true,
                      &out->terminate);
    }
    if (status != INSULA_OK) {
        insula_parts_drop(out);
    }
    return status;
}

void insula_parts_drop(insula_isolate_parts *parts) {
    insula_port_drop(&parts->control);
    insula_port_drop(&parts->pause);
    insula_port_drop(&parts->terminate);
}

static void put_right(insula_writer *writer, const char *name, insula_port right) {
    insula_put_text(writer, name);
    if (right.handle != 0) {
        insula_put_port(writer, right);
    } else {
        insula_put_null(writer);
    }
}

void insula_put_isolate(insula_writer *writer, insula_port port,
                        const insula_isolate_parts *parts) {
    insula_put_map(writer, 2);
    insula_put_text(writer, "control");
    insula_put_map(writer, 3);
    insula_put_text(writer, "control");
    insula_put_port(writer, parts->control);
    put_right(writer, "pause", parts->pause);
    put_right(writer, "terminate", parts->terminate);
    insula_put_text(writer, "port");
    insula_put_port(writer, port);
}

insula_status insula_as_isolate(insula_value value, insula_isolate *out) {
    *out = (insula_isolate){0};
    insula_port control, pause = {0}, terminate = {0}, port = {0};
    insula_value parts = insula_field(value, "control");
    /* A `Control` by itself is the parts. */
    bool is_whole = insula_kind_of(parts) == INSULA_KIND_MAP;
    if (!is_whole) {
        parts = value;
    }
    if (!insula_as_port(insula_field(parts, "control"), &control) ||
        (is_whole && !insula_as_port(insula_field(value, "port"), &port))) {
        return INSULA_NO_VALUE;
    }
    insula_as_port(insula_field(parts, "pause"), &pause);
    insula_as_port(insula_field(parts, "terminate"), &terminate);
    insula_result result;
    insula_import_control_isolate_from_parts(control.handle, pause.handle != 0, pause.handle,
                                             terminate.handle != 0, terminate.handle, &result);
    insula_status status = insula_granted(&result);
    if (status != INSULA_OK) {
        return status;
    }
    out->control = result.as.handle;
    if (is_whole) {
        status = insula_port_clone(port, &out->port);
    }
    if (status != INSULA_OK) {
        insula_isolate_drop(out);
    }
    return status;
}
