// How fast the processor can be, measured: what products and convolutions are compared with.
#include "levels.h"
#include <time.h>

enum { MOST_THREADS = 256 };
typedef struct {
    int64_t rounds;
    float sums[MOST_THREADS];
} effort;

static void work(void *context, int64_t index) {
    effort *own = context;
    own->sums[index] = ck_level()->peak(own->rounds);
}

double ck_measured_peak(void) {
    if (!ck_level()->peak) { return 0; }
    int64_t threads = ck_threads() < MOST_THREADS ? ck_threads() : MOST_THREADS;
    effort all = {.rounds = 100000};
    double best = 0, operations = (double)threads * (double)all.rounds * 12 * 2 * ck_level()->lanes;
    for (int attempt = 0; attempt < 20; attempt++) {
        struct timespec start, end;
        clock_gettime(CLOCK_MONOTONIC, &start);
        ck_parallel(threads, work, &all);
        clock_gettime(CLOCK_MONOTONIC, &end);
        double seconds = (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
        if (seconds > 0 && operations / seconds > best) { best = operations / seconds; }
    }
    return best;
}
