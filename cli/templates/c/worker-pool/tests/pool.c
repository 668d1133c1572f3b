#include "insula_test.h"
#include "pool.h"
#include "primes.h"

INSULA_TEST(primes_are_counted) {
    INSULA_CHECK(count_primes(0, 2) == 0);
    INSULA_CHECK(count_primes(2, 3) == 1);
    INSULA_CHECK(count_primes(0, 100) == 25);
}

static void ten(uint64_t sum) {
    INSULA_CHECK(sum == 10);
    insula_test_passed();
}

INSULA_TEST_LATER(every_range_is_counted_once) {
    count_in_pool(3, 10, ten);
}

static void none(uint64_t sum) {
    INSULA_CHECK(sum == 0);
    insula_test_passed();
}

INSULA_TEST_LATER(no_work_is_done_at_once) {
    count_in_pool(0, 10, none);
}

static void many(uint64_t sum) {
    INSULA_CHECK(sum == 168);
    insula_test_passed();
}

INSULA_TEST_LATER(workers_come_back_for_more) {
    count_in_pool(100, 10, many);
}
