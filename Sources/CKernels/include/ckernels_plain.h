// The plain way of computing: every kernel once more as scalar loops in `plain/`, against which the quick ones are checked.
#pragma once
#include "ckernels_networks.h"

/// What the process does unless a thread says otherwise; the environment variable DISTILL_PLAIN=1 sets it at start.
extern bool ck_plain_process;
/// What this thread does: 1 plainly, -1 quickly, 0 as the process.
extern _Thread_local int8_t ck_plain_thread;

static inline bool ck_plain(void) { return ck_plain_thread != 0 ? ck_plain_thread > 0 : ck_plain_process; }
static inline void ck_set_plain_process(bool on) { ck_plain_process = on; }
static inline int8_t ck_get_plain_thread(void) { return ck_plain_thread; }
static inline void ck_set_plain_thread(int8_t choice) { ck_plain_thread = choice; }

/// Unless 0, every number that a plain kernel of this thread reads or stores is off by a few units in its last place, at
/// random from this seed; the first CK_PLAIN_GRIDS seeds round them to grids instead. How far results move by it is how far
/// rounding may move them.
enum { CK_PLAIN_GRIDS = 2 };
extern _Thread_local uint64_t ck_plain_noise;
static inline void ck_set_plain_noise(uint64_t seed) { ck_plain_noise = seed; }

enum { CK_MOST_SHORTCUTS = 32 };
/// Whether a shortcut may be taken, which is counted: never when this thread computes plainly.
bool ck_take_shortcut(int number);
/// How often it was taken by the process.
uint64_t ck_shortcut_count(int number);

// MARK: Images as users see them, [n, c, h, w]: the quick kernels want channels innermost, the plain ones do not

/// x with w [co, ci / g, kh, kw]; `bias` may be NULL. Images are [n, c, h, w], or [n, h, w, c].
void ckp_convolution_forward(
    ck_dtype dtype, bool channels_last, const ck_convolution *c, const void *x, const void *w, const void *bias, void *y);
void ckp_convolution_backward_data(
    ck_dtype dtype, bool channels_last, const ck_convolution *c, const void *g, const void *w, void *gx);
/// `bias` may be NULL.
void ckp_convolution_backward_weights(
    ck_dtype dtype, bool channels_last, const ck_convolution *c, const void *x, const void *g, void *weights,
    void *bias);

/// As ck_column_moments and the others of its kind, for the channels of [n, c, inner].
void ckp_channel_moments(
    ck_dtype dtype, const void *x, int64_t n, int64_t c, int64_t inner, double *mean, double *squares);
void ckp_scale_channels(
    ck_dtype dtype, const void *x, const double *scale, const double *shift, const void *residual, bool relu, void *out,
    int64_t n, int64_t c, int64_t inner);
void ckp_channel_products(
    ck_dtype dtype, const void *g, const void *x, const void *y, const double *mean, int64_t n, int64_t c,
    int64_t inner, double *sum, double *product);
void ckp_combine_channels(
    ck_dtype dtype, const void *g, const void *x, const void *y, const double *mean, const double *a, const double *b,
    const double *d, void *out, void *masked, int64_t n, int64_t c, int64_t inner);
