/* An isolate that is started again when it has failed, and who does that. */

#include <inttypes.h>
#include <stdio.h>

#include "insula.h"
#include "shop.h"

static const char *const orders[] = {"bread", "wine", "a horse", "bread"};
static size_t next;

static void told_of_failure(const char *why) {
    printf("the till has failed: %s\n", why);
}

static void ordered(bool is_sold, int64_t sum) {
    if (is_sold) {
        printf("%s: that makes %" PRId64 "\n", orders[next], sum);
    } else {
        printf("%s: the till is empty again\n", orders[next]);
    }
    next += 1;
    if (next < sizeof orders / sizeof *orders) {
        shop_order(orders[next], ordered);
    } else {
        shop_close();
    }
}

INSULA_ENTRY(main) {
    shop_open(told_of_failure);
    shop_order(orders[0], ordered);
}
