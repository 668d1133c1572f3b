/* What has nothing to do with isolates. */

#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

/* Makes capitals of the letters in `text`, and puts `!` and a zero behind it: there has to
 * be room for two more. */
void louder(char *text, size_t length);

#endif
