/* Jobs that are shared out among isolates. */

#ifndef POOL_H
#define POOL_H

#include <stdint.h>

#include "insula.h"

/* Counts the primes in `ranges` ranges of `width` numbers each, from 0 on, and calls
 * `done` with the sum. One at a time. */
void count_in_pool(uint64_t ranges, uint64_t width, void (*done)(uint64_t sum));

#endif
