/* An isolate that is started again when it has failed. */

#ifndef SHOP_H
#define SHOP_H

#include <stdbool.h>
#include <stdint.h>

/* Told of each failure of the till, with why. */
typedef void shop_failed(const char *why);
/* Told what the till has taken with an order; false where it has failed. */
typedef void shop_ordered(bool is_sold, int64_t sum);

/* Opens the shop. It is closed when the till has failed more than 3 times. */
void shop_open(shop_failed *failed);
/* Orders something. One order at a time. */
void shop_order(const char *what, shop_ordered *ordered);
void shop_close(void);

#endif
