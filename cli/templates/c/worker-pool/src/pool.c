#include "pool.h"

#include "primes.h"

enum { WORKERS = 4 };

/* ---- A worker: it asks for a job and tells what came of it, until there is none. ---- */

static insula_port jobs;

static void work(void *context, insula_status status, const insula_message *job);

static void ask(const insula_writer *done) {
    INSULA_CHECK(insula_call(jobs, done, INSULA_FOREVER, work, NULL) == INSULA_OK);
}

static void work(void *context, insula_status status, const insula_message *job) {
    (void)context;
    uint64_t start, end;
    INSULA_CHECK(status == INSULA_OK);
    insula_value range = insula_root(job);
    if (!insula_as_uint(insula_element(range, 0), &start) ||
        !insula_as_uint(insula_element(range, 1), &end)) {
        return; /* Nothing is left to do, and nothing to wait for. */
    }
    insula_writer done = INSULA_WRITER;
    insula_put_uint(&done, count_primes(start, end));
    ask(&done);
    insula_writer_free(&done);
}

INSULA_ENTRY(worker) {
    insula_port port;
    insula_message *first = insula_first_message();
    INSULA_CHECK(first != NULL && insula_as_port(insula_root(first), &port));
    INSULA_CHECK(insula_port_clone(port, &jobs) == INSULA_OK);
    insula_message_free(first);
    ask(NULL);
}

/* ---- Who has the jobs ---------------------------------------------------------- */

static struct {
    insula_receiver port;
    uint64_t next, ranges, width, sum;
    void (*done)(uint64_t sum);
} pool;

/* A worker asks for a job, and says what came of the last one, if there was one. */
static void give(void *context, const insula_message *message) {
    (void)context;
    uint64_t count = 0;
    insula_as_uint(insula_root(message), &count);
    pool.sum += count;
    insula_writer job = INSULA_WRITER;
    if (pool.next < pool.ranges) {
        insula_put_list(&job, 2);
        insula_put_uint(&job, pool.next * pool.width);
        insula_put_uint(&job, (pool.next + 1) * pool.width);
        pool.next += 1;
    } else {
        insula_put_null(&job);
    }
    insula_reply(message, &job);
    insula_writer_free(&job);
}

/* No worker has the port any more: all have ended. */
static void finish(void *context) {
    (void)context;
    insula_close(pool.port);
    pool.done(pool.sum);
}

void count_in_pool(uint64_t ranges, uint64_t width, void (*done)(uint64_t sum)) {
    insula_port port;
    pool.next = pool.sum = 0;
    pool.ranges = ranges;
    pool.width = width;
    pool.done = done;
    INSULA_CHECK(insula_open(&pool.port) == INSULA_OK);
    INSULA_CHECK(insula_sender(pool.port, &port) == INSULA_OK);
    insula_receive(pool.port, give, NULL);
    insula_on_unreachable(pool.port, finish, NULL);

    insula_writer first = INSULA_WRITER;
    insula_put_port(&first, port);
    for (int i = 0; i < WORKERS; i++) {
        insula_isolate isolate;
        INSULA_CHECK(insula_spawn(worker, &first, &isolate) == INSULA_OK);
        insula_isolate_drop(&isolate);
    }
    insula_writer_free(&first);
    insula_port_drop(&port);
}
