#include "shop.h"

#include <stdio.h>
#include <string.h>

#include "insula.h"
#include "orders.h"

/* ---- The till adds up orders. One that nobody knows is a failure, and ends it. ---- */

static int64_t sum;

static void ring_up(void *context, const insula_message *message) {
    (void)context;
    insula_text order;
    char name[20] = "";
    int64_t price;
    if (insula_as_text(insula_root(message), &order) && order.length < sizeof name) {
        memcpy(name, order.data, order.length);
    }
    if (!price_of(name, &price)) {
        char why[50];
        snprintf(why, sizeof why, "nobody sells %s", name);
        insula_fail(why);
        return;
    }
    sum += price;
    insula_writer answer = INSULA_WRITER;
    insula_put_int(&answer, sum);
    insula_reply(message, &answer);
    insula_writer_free(&answer);
}

INSULA_ENTRY(till) {
    insula_receive(insula_first_port(), ring_up, NULL);
}

/* ---- Who keeps it open --------------------------------------------------------- */

enum { RESTARTS = 3 };

static struct {
    insula_isolate till;
    bool is_open;
    int restarts;
    shop_failed *failed;
    shop_ordered *ordered;
} shop;

static void start_till(void);

static void till_ended(void *context, const insula_exit_reason *reason) {
    (void)context;
    char why[100];
    if (!shop.is_open) {
        return;
    }
    insula_isolate_drop(&shop.till);
    snprintf(why, sizeof why, "%.*s", (int)reason->text.length, reason->text.data);
    shop.failed(why);
    if (++shop.restarts > RESTARTS) {
        insula_fail("the till fails again and again");
        shop.is_open = false;
        return;
    }
    start_till();
    if (shop.ordered != NULL) {
        shop_ordered *ordered = shop.ordered;
        shop.ordered = NULL;
        ordered(false, 0);
    }
}

static void start_till(void) {
    INSULA_CHECK(insula_spawn(till, NULL, &shop.till) == INSULA_OK);
    INSULA_CHECK(insula_monitor(&shop.till, till_ended, NULL) == INSULA_OK);
}

void shop_open(shop_failed *failed) {
    shop.is_open = true;
    shop.restarts = 0;
    shop.failed = failed;
    shop.ordered = NULL;
    start_till();
}

/* Of a till that has failed there is no answer: `till_ended` says so, when there is
 * another one. */
static void answered(void *context, insula_status status, const insula_message *answer) {
    (void)context;
    int64_t taken;
    if (status == INSULA_OK && insula_as_int(insula_root(answer), &taken)) {
        shop_ordered *ordered = shop.ordered;
        shop.ordered = NULL;
        ordered(true, taken);
    }
}

void shop_order(const char *what, shop_ordered *ordered) {
    shop.ordered = ordered;
    insula_writer order = INSULA_WRITER;
    insula_put_text(&order, what);
    INSULA_CHECK(insula_call(shop.till.port, &order, INSULA_FOREVER, answered, NULL) ==
                 INSULA_OK);
    insula_writer_free(&order);
}

void shop_close(void) {
    shop.is_open = false;
    insula_kill(&shop.till, false);
    insula_isolate_drop(&shop.till);
}
