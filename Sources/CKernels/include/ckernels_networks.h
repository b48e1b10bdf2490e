// Convolution, pooling, normalisation and what else networks need, on channels-last arrays [n, h, w, c].
// Where a function takes a dtype, it is CK_FLOAT32 or CK_FLOAT64.
#pragma once
#include "ckernels.h"

// MARK: Layout (layout.c)

/// out[n, s, c] = x[n, c, s]: from the order users see to channels-last; `item` is the element size in bytes.
void ck_channels_last(size_t item, const void *x, void *out, int64_t n, int64_t c, int64_t s);
/// out[n, c, s] = x[n, s, c]: the way back.
void ck_channels_first(size_t item, const void *x, void *out, int64_t n, int64_t c, int64_t s);

// MARK: Convolution (convolution.c, winograd.c, onednn.c, kernels/convolution_plain.h)

/// The geometry of a convolution of [n, ih, iw, ci] to [n, oh, ow, co] with weights [co, ci / g, kh, kw].
typedef struct {
    int64_t n, g, ci, co, ih, iw, oh, ow, kh, kw;
    int64_t sh, sw, ph, pw, dh, dw;
} ck_convolution;

typedef enum { CK_CONV_FORWARD, CK_CONV_BACKWARD_DATA, CK_CONV_BACKWARD_WEIGHTS } ck_conv_pass;
/// What follows a convolution at once: y = act(conv(x) + bias + residual); `bias` and `residual` may be NULL.
typedef struct {
    const float *bias;
    const float *residual;
    bool relu;
} ck_conv_epilogue;

/// Whether oneDNN could be loaded; without it every convolution takes the plain path.
bool ck_conv_available(void);
/// oneDNN's version such as "2.6.3", or "none".
const char *ck_conv_version(void);
/// Bytes of the weights in the form a pass wants them, or 0 when the pass must take the plain path.
size_t ck_conv_packed_bytes(const ck_convolution *c, ck_conv_pass pass);
/// Brings weights [co, ci / g, kh, kw], each output channel times `scale[co]` unless NULL, into that form.
bool ck_conv_pack(const ck_convolution *c, ck_conv_pass pass, const float *w, const float *scale, void *packed);
bool ck_conv_forward(
    const ck_convolution *c, const float *x, const void *packed, const ck_conv_epilogue *epilogue, float *y);
bool ck_conv_backward_data(const ck_convolution *c, const float *g, const void *packed, float *out);
/// Gradients of the weights and, unless NULL, of the bias.
bool ck_conv_backward_weights(const ck_convolution *c, const float *x, const float *g, float *weights, float *bias);

/// The plain path: straight loops, any dtype. The same arguments, with weights as the user has them; false when memory is
/// short.
bool ck_conv_plain_forward(
    ck_dtype dtype, const ck_convolution *c, const void *x, const void *w, const void *bias, void *y);
bool ck_conv_plain_backward_data(ck_dtype dtype, const ck_convolution *c, const void *g, const void *w, void *out);
bool ck_conv_plain_backward_weights(
    ck_dtype dtype, const ck_convolution *c, const void *x, const void *g, void *weights, void *bias);
/// y += bias (over rows), y += residual, y = max(y, 0), each if asked for, in one pass.
void ck_conv_finish(
    ck_dtype dtype, const void *bias, const void *residual, bool relu, void *y, int64_t rows, int64_t channels);

/// Winograd's F(4×4, 3×3) for stride 1 and channels in multiples of 16 (AVX-512) or 8 (AVX2); 0 bytes where it does not
/// apply.
size_t ck_winograd_bytes(const ck_convolution *c, ck_conv_pass pass);
void ck_winograd_pack(const ck_convolution *c, ck_conv_pass pass, const float *w, const float *scale, void *packed);
/// False when memory is short.
bool ck_winograd_run(
    const ck_convolution *c, ck_conv_pass pass, const float *x, const void *packed, const ck_conv_epilogue *epilogue,
    float *y);
/// The gradient of the weights in the same way; false where it does not apply or memory is short.
bool ck_winograd_gradient(const ck_convolution *c, const float *x, const float *g, float *weights);

/// The slots of ck_scratch by what lies in them.
enum {
    /// Of a worker: Winograd's points, or filters being packed.
    CK_SCRATCH_POINTS,
    /// What a library asks for.
    CK_SCRATCH_LIBRARY,
    /// Of the caller: sums of the pieces, to be joined.
    CK_SCRATCH_SUMS,
    /// Rows or filters of a pass in another form.
    CK_SCRATCH_ROWS,
    /// Packed rows of a product.
    CK_SCRATCH_PANEL,
    CK_SCRATCH_SLOTS
};
/// A buffer of the calling thread that lives until the next call with the same slot, or NULL when the process may not have
/// so much.
void *ck_scratch(int slot, size_t bytes);
/// The bytes that ck_scratch last refused.
size_t ck_refused_scratch(void);

// MARK: Pooling (kernels/pooling.h)

/// Windows of a pooling along one axis, clipped to the image: `first[o]` ..< `last[o]` with `step` between taps, and
/// the number of positions that an average divides by.
typedef struct {
    const int64_t *first, *last;
    const int64_t *divisor;
    int64_t step, in, out;
} ck_windows;

/// The largest value of each window and, unless NULL, which tap it was (the first of equals; NaN counts as largest).
void ck_max_pool(
    ck_dtype dtype, const ck_windows *rows, const ck_windows *columns, int64_t n, int64_t c, const void *x, void *out,
    int32_t *tap);
void ck_max_pool_backward(
    ck_dtype dtype, const ck_windows *rows, const ck_windows *columns, int64_t n, int64_t c, const void *g,
    const int32_t *tap, void *out);
/// Means of windows, divided by `divisor` of both axes, or by `override` if that is not 0.
void ck_avg_pool(
    ck_dtype dtype, const ck_windows *rows, const ck_windows *columns, int64_t override, int64_t n, int64_t c,
    const void *x, void *out);
void ck_avg_pool_backward(
    ck_dtype dtype, const ck_windows *rows, const ck_windows *columns, int64_t override, int64_t n, int64_t c,
    const void *g, void *out);

// MARK: Interpolation and unfolding (kernels/resampling.h)

/// Every output position is a mean of two input positions: (1 - weight)·x[low] + weight·x[high].
typedef struct {
    const int64_t *low, *high;
    const double *weight;
    int64_t in, out;
} ck_resampling;

/// `linear` false takes x[low] alone.
void ck_interpolate(
    ck_dtype dtype, bool linear, const ck_resampling *rows, const ck_resampling *columns, int64_t n, int64_t c,
    const void *x, void *out);
void ck_interpolate_backward(
    ck_dtype dtype, bool linear, const ck_resampling *rows, const ck_resampling *columns, int64_t n, int64_t c,
    const void *g, void *out);
/// Patches of x [n, ci, ih, iw] as out [n, ci·kh·kw, oh·ow]; both in the order users see.
void ck_unfold(ck_dtype dtype, const ck_convolution *c, const void *x, void *out);
/// The sum of overlapping patches: the gradient of `ck_unfold`.
void ck_fold(ck_dtype dtype, const ck_convolution *c, const void *g, void *out);

// MARK: Normalisation (kernels/normalization.h): false when memory is short

/// Mean and Σ(x - mean)² of every column of x [rows, c].
bool ck_column_moments(ck_dtype dtype, const void *x, int64_t rows, int64_t c, double *mean, double *squares);
/// out = act(x·scale + shift + residual) for every column; `residual` may be NULL.
bool ck_scale_columns(
    ck_dtype dtype, const void *x, const double *scale, const double *shift, const void *residual, bool relu, void *out,
    int64_t rows, int64_t c);
/// Σ g and Σ g·(x - mean) of every column; where `y` is not NULL, g counts only where y > 0.
bool ck_column_products(
    ck_dtype dtype, const void *g, const void *x, const void *y, const double *mean, int64_t rows, int64_t c,
    double *sum, double *product);
/// out = g·a + (x - mean)·b + d for every column, g masked by y > 0 as above; `x` may be NULL. The masked g goes to `masked`
/// unless NULL.
bool ck_combine_columns(
    ck_dtype dtype, const void *g, const void *x, const void *y, const double *mean, const double *a, const double *b,
    const double *d, void *out, void *masked, int64_t rows, int64_t c);

/// y = (x - mean)·inverse·w + b for every row of x [rows, n]; `w` and `b` may be NULL; mean and inverse are kept.
void ck_layer_norm(
    ck_dtype dtype, const void *x, const void *w, const void *b, double epsilon, void *out, void *mean, void *inverse,
    int64_t rows, int64_t n);
/// Gradients of x, w and b; the last two may be NULL.
bool ck_layer_norm_backward(
    ck_dtype dtype, const void *g, const void *x, const void *w, const void *mean, const void *inverse, void *gx,
    void *gw, void *gb, int64_t rows, int64_t n);

// MARK: Recurrence (kernels/lstm.h)

/// One step: gates [rows, 4h] (input, forget, cell, output; before their activations, which replace them), previous
/// cell [rows, h] → cell and hidden.
void ck_lstm_cell(
    ck_dtype dtype, void *gates, const void *previous, void *cell, void *hidden, int64_t rows, int64_t h);
/// Gradients of the gates before activation and of the previous cell. `gcell` is that of the cell, `ghidden` that of
/// the hidden state.
void ck_lstm_cell_backward(
    ck_dtype dtype, const void *ghidden, const void *gcell, const void *gates, const void *previous, const void *cell,
    void *ggates, void *gprevious, int64_t rows, int64_t h);
