#define _GNU_SOURCE
#include "kernels/vector.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

// Workers wait on a condition after a short spin: layers follow each other within microseconds during a step,
// but an idle session must cost nothing.
enum { MAX_THREADS = 64, SPINS = 4000 };

static pthread_mutex_t busy = PTHREAD_MUTEX_INITIALIZER;   // held by the caller that owns the pool
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;   // guards `started`, waiting and waking
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static int wanted_threads, started;
static atomic_int sleepers;
static atomic_long generation, next_index;
static atomic_int open_job;                                 // whether workers may join the current job
static atomic_int inside;                                   // workers that look at the current job
static int64_t job_count;
static int job_workers;
static void (*job_body)(void *, int64_t);
static void *job_context;

static inline void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("yield");
#endif
}

static void drain(void) {
    for (;;) {
        int64_t index = atomic_fetch_add_explicit(&next_index, 1, memory_order_relaxed);
        if (index >= job_count) { return; }
        job_body(job_context, index);
    }
}

// `seen` is the generation at birth: a worker that starts late must not mistake a finished job for a new one.
static struct worker { int number; long seen; } workers[MAX_THREADS];

static void *work(void *argument) {
    int number = ((struct worker *)argument)->number;
    long seen = ((struct worker *)argument)->seen;
    for (;;) {
        for (int i = 0; i < SPINS && atomic_load_explicit(&generation, memory_order_acquire) == seen; i++) {
            pause_briefly();
        }
        if (atomic_load_explicit(&generation, memory_order_acquire) == seen) {
            pthread_mutex_lock(&gate);
            atomic_fetch_add(&sleepers, 1);
            while (atomic_load(&generation) == seen) { pthread_cond_wait(&wake, &gate); }
            atomic_fetch_sub(&sleepers, 1);
            pthread_mutex_unlock(&gate);
        }
        seen = atomic_load_explicit(&generation, memory_order_acquire);
        // A worker that the system runs too late finds the job closed and leaves; nobody waits for it.
        atomic_fetch_add(&inside, 1);
        if (atomic_load(&open_job) && number < job_workers) { drain(); }
        atomic_fetch_sub(&inside, 1);
    }
    return NULL;
}

int ck_threads(void) {
    if (wanted_threads == 0) {
        cpu_set_t set;
        int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
        wanted_threads = count < 1 ? 1 : count > 16 ? 16 : count;
    }
    return wanted_threads;
}

void ck_set_threads(int count) { wanted_threads = count < 1 ? 1 : count > MAX_THREADS ? MAX_THREADS : count; }

static void start_workers(int count) {
    while (started < count) {
        pthread_t thread;
        workers[started] = (struct worker){started, atomic_load(&generation)};
        if (pthread_create(&thread, NULL, work, &workers[started]) != 0) { return; }
        pthread_detach(thread);
        started++;
    }
}

void ck_parallel(int64_t count, void (*body)(void *, int64_t), void *context) {
    int helpers = ck_threads() - 1;
    if (helpers > count - 1) { helpers = (int)count - 1; }
    if (helpers <= 0 || pthread_mutex_trylock(&busy) != 0) {
        for (int64_t i = 0; i < count; i++) { body(context, i); }
        return;
    }
    start_workers(helpers);
    job_body = body;
    job_context = context;
    job_count = count;
    job_workers = helpers;
    atomic_store(&next_index, 0);
    atomic_store(&open_job, 1);
    atomic_fetch_add(&generation, 1);
    if (atomic_load(&sleepers) > 0) {
        pthread_mutex_lock(&gate);
        pthread_cond_broadcast(&wake);
        pthread_mutex_unlock(&gate);
    }
    drain();
    atomic_store(&open_job, 0);
    while (atomic_load(&inside) > 0) { pause_briefly(); }
    pthread_mutex_unlock(&busy);
}

void ck_run_piece(void *argument, int64_t index) {
    const ck_pieces *pieces = argument;
    int64_t from = index * pieces->grain, to = from + pieces->grain;
    pieces->body(pieces->context, from, to < pieces->count ? to : pieces->count);
}
