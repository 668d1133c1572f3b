/* What has nothing to do with isolates. */

#ifndef ORDERS_H
#define ORDERS_H

#include <stdbool.h>
#include <stdint.h>

/* The price of what is ordered; false where nobody sells it. */
bool price_of(const char *order, int64_t *price);

#endif
