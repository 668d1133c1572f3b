#include <string.h>

#include "insula_test.h"
#include "orders.h"
#include "shop.h"

INSULA_TEST(what_is_sold_has_a_price) {
    int64_t price;
    INSULA_CHECK(price_of("wine", &price) && price == 7);
    INSULA_CHECK(!price_of("a horse", &price));
}

static void no_failure(const char *why) {
    insula_panic(why);
}

static void second_is_nine(bool is_sold, int64_t sum) {
    INSULA_CHECK(is_sold && sum == 9);
    shop_close();
    insula_test_passed();
}

static void first_is_two(bool is_sold, int64_t sum) {
    INSULA_CHECK(is_sold && sum == 2);
    shop_order("wine", second_is_nine);
}

INSULA_TEST_LATER(a_till_adds_up) {
    shop_open(no_failure);
    shop_order("bread", first_is_two);
}

static int failures;

static void horse(const char *why) {
    INSULA_CHECK(strcmp(why, "nobody sells a horse") == 0);
    failures += 1;
}

static void is_empty_again(bool is_sold, int64_t sum) {
    INSULA_CHECK(is_sold && sum == 2);
    INSULA_CHECK(failures == 1);
    shop_close();
    insula_test_passed();
}

static void has_failed(bool is_sold, int64_t sum) {
    (void)sum;
    INSULA_CHECK(!is_sold);
    shop_order("bread", is_empty_again);
}

static void had_seven(bool is_sold, int64_t sum) {
    INSULA_CHECK(is_sold && sum == 7);
    shop_order("a horse", has_failed);
}

INSULA_TEST_LATER(a_till_that_fails_is_opened_again_and_is_empty) {
    shop_open(horse);
    shop_order("wine", had_seven);
}
