/* What has nothing to do with isolates. */

#ifndef PRIMES_H
#define PRIMES_H

#include <stdint.h>

/* How many primes there are from `start` to before `end`. */
uint64_t count_primes(uint64_t start, uint64_t end);

#endif
