// Rows are split over the pool when there is enough work for it.
#define TYPED "softmax_typed.h"
#include "for_reals.h"

typedef struct {
    ck_dtype dtype;
    bool logarithm, backward;
    const char *x, *y;
    char *out;
    int64_t n, inner;
} softmax_job;

static void softmax_piece(void *context, int64_t from, int64_t to) {
    const softmax_job *job = context;
    int64_t at = from * job->n * job->inner * (int64_t)ck_item(job->dtype), outer = to - from;
    const void *x = job->x + at, *y = job->y + at;
    void *out = job->out + at;
    if (job->dtype == CK_FLOAT32) {
        if (job->backward) { softmax_back_f(job->logarithm, x, y, out, outer, job->n, job->inner); }
        else { softmax_f(job->logarithm, x, out, outer, job->n, job->inner); }
    } else {
        if (job->backward) { softmax_back_d(job->logarithm, x, y, out, outer, job->n, job->inner); }
        else { softmax_d(job->logarithm, x, out, outer, job->n, job->inner); }
    }
}

static void softmax_split(const softmax_job *job, int64_t outer) {
    int64_t row = job->n * job->inner;
    if (row == 0 || outer == 0) { return; }
    int64_t grain = (1 << 15) / row;
    ck_split(outer, grain < 1 ? 1 : grain, softmax_piece, (void *)job);
}

static void LEVELLED(softmax)(ck_dtype dtype, bool logarithm, const void *x, void *out, int64_t outer, int64_t n, int64_t inner) {
    softmax_job job = {dtype, logarithm, false, x, x, out, n, inner};
    softmax_split(&job, outer);
}

static void LEVELLED(softmax_backward)(
    ck_dtype dtype, bool logarithm, const void *g, const void *y, void *out, int64_t outer, int64_t n, int64_t inner) {
    softmax_job job = {dtype, logarithm, true, g, y, out, n, inner};
    softmax_split(&job, outer);
}

static void LEVELLED(logsumexp)(ck_dtype dtype, const void *x, void *out, int64_t outer, int64_t n, int64_t inner) {
    if (dtype == CK_FLOAT32) { logsumexp_f(x, out, outer, n, inner); } else { logsumexp_d(x, out, outer, n, inner); }
}
