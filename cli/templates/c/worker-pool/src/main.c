/* Work that is shared out among isolates: each worker asks for the next job when it is
 * done with one, so that slow jobs hold back no others. */

#include <inttypes.h>
#include <stdio.h>

#include "insula.h"
#include "pool.h"

static void tell(uint64_t sum) {
    printf("%" PRIu64 " primes below 20000\n", sum);
}

INSULA_ENTRY(main) {
    count_in_pool(20, 1000, tell);
}
