/* What the parts of this program share. */

#ifndef PEER_H
#define PEER_H

#include "insula.h"

/* An answer that is given later, or that has been begun. */
typedef struct later {
    insula_port reply;
    insula_isolate isolate;
} later;

/* Keeps where the sender wants the answer. */
later *later_for(const insula_message *message);
/* Sends the answer, and frees both. */
void later_answer(later *later, insula_writer *answer);

/* Spawns {"uri": .., "entry": ..}, calls it with "message", and answers with what it has
 * answered and with why it ended. */
void spawn_other(const insula_message *message, insula_value content);
/* Calls {"port": ..} with "message" within "milliseconds", and answers with the list of
 * how that went and of what it has answered. */
void call_back(const insula_message *message, insula_value content);

#endif
