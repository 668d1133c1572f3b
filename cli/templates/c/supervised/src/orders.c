#include "orders.h"

#include <stddef.h>
#include <string.h>

bool price_of(const char *order, int64_t *price) {
    static const struct {
        const char *name;
        int64_t price;
    } sold[] = {{"bread", 2}, {"wine", 7}};
    for (size_t i = 0; i < sizeof sold / sizeof *sold; i++) {
        if (strcmp(order, sold[i].name) == 0) {
            *price = sold[i].price;
            return true;
        }
    }
    return false;
}
