#include "text.h"

#include <ctype.h>

void louder(char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        text[i] = (char)toupper((unsigned char)text[i]);
    }
    text[length] = '!';
    text[length + 1] = 0;
}
