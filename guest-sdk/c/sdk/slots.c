/* What waits for events: receive ports, calls, timers. Each has a token, by which the
 * host names it, and which the program has in place of a pointer. */

#include <stdlib.h>

#include "runtime.h"

static insula_slot *slots;
static uint32_t slot_count;
static uint32_t slot_capacity;
/* The first free slot, counted from 1; 0 is none. */
static uint32_t first_free;

static bool make_room(void) {
    if (slot_count < slot_capacity) {
        return true;
    }
    uint32_t capacity = slot_capacity ? slot_capacity * 2 : 8;
    insula_slot *grown = realloc(slots, capacity * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    slots = grown;
    slot_capacity = capacity;
    return true;
}

uint64_t insula_slot_new(insula_slot_kind kind) {
    uint32_t place = first_free;
    uint32_t generation = 0;
    if (place != 0) {
        first_free = slots[place - 1].next_free;
        generation = slots[place - 1].generation;
    } else {
        if (!make_room()) {
            return 0;
        }
        place = ++slot_count;
    }
    slots[place - 1] = (insula_slot){.generation = generation, .kind = kind};
    return (uint64_t)generation << 32 | place;
}

insula_slot *insula_slot_find(uint64_t id) {
    uint32_t place = (uint32_t)id;
    if (place == 0 || place > slot_count) {
        return NULL;
    }
    insula_slot *slot = &slots[place - 1];
    bool is_it = slot->kind != INSULA_SLOT_FREE && slot->generation == id >> 32;
    return is_it ? slot : NULL;
}

void insula_slot_free(uint64_t id) {
    insula_slot *slot = insula_slot_find(id);
    if (slot == NULL) {
        return;
    }
    insula_slot old = *slot;
    *slot = (insula_slot){.generation = old.generation + 1, .next_free = first_free};
    first_free = (uint32_t)id;
    if (old.port != 0) {
        insula_import_ports_receive_port_drop(old.port);
    }
    if (old.timer != 0) {
        insula_import_timers_timer_drop(old.timer);
    }
    if (old.wait != 0) {
        insula_import_ports_wait_drop(old.wait);
    }
}

insula_status insula_slot_open(insula_slot_kind kind, uint64_t *id) {
    uint64_t slot = insula_slot_new(kind);
    if (slot == 0) {
        return INSULA_OUT_OF_MEMORY;
    }
    insula_result result;
    insula_import_ports_receive_port_open(slot, &result);
    insula_status status = insula_granted(&result);
    if (status != INSULA_OK) {
        insula_slot_free(slot);
        return status;
    }
    insula_slot_find(slot)->port = result.as.handle;
    *id = slot;
    return INSULA_OK;
}
