#include "primes.h"

#include <stdbool.h>

static bool is_prime(uint64_t number) {
    for (uint64_t divisor = 2; divisor * divisor <= number; divisor++) {
        if (number % divisor == 0) {
            return false;
        }
    }
    return number >= 2;
}

uint64_t count_primes(uint64_t start, uint64_t end) {
    uint64_t count = 0;
    for (uint64_t number = start; number < end; number++) {
        count += is_prime(number);
    }
    return count;
}
