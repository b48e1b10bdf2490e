// Vector loops, memory, threads and per-thread state for `Tensors`: everything that wants C.
// All arrays are contiguous unless strides are given; strides count elements. Nothing here throws or exits.
#pragma once
#include "ckernels_state.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { CK_FLOAT32, CK_FLOAT64, CK_INT64, CK_UINT8, CK_BOOL } ck_dtype;
#define CK_MAX_RANK 8

// MARK: Memory (memory.c)
// A per-thread cache of freed blocks in size classes, so that a step of training allocates nothing after its first pass.

/// A 64-byte aligned block of at least `bytes`, or NULL when the machine cannot spare it.
void *ck_allocate(size_t bytes);
/// Gives a block back to the cache of the calling thread. `bytes` is what was asked for.
void ck_release(void *block, size_t bytes);
/// Blocks fetched from the system by this thread so far: constant while a loop lives off the cache.
int64_t ck_system_allocations(void);
/// Returns this thread's cached blocks to the system.
void ck_trim(void);
/// Bytes that could be allocated now without driving the machine out of memory, or the process beyond its limit.
size_t ck_available_memory(void);
/// Bytes of memory that the process occupies.
size_t ck_resident_memory(void);
/// The most bytes that the process may occupy; negative, as at the start, is no limit.
void ck_set_memory_limit(int64_t bytes);
int64_t ck_memory_limit(void);

// MARK: Threads (threads.c)
// One pool for the process. A call made while the pool is busy runs on the calling thread, so nesting is harmless.

/// Runs `body(context, index)` for index 0 ..< count, spread over the pool.
void ck_parallel(int64_t count, void (*body)(void *context, int64_t index), void *context);
/// The number of threads `ck_parallel` uses (at least 1); the default is the processors this process may run on.
void ck_set_threads(int count);
int ck_threads(void);

// MARK: Random numbers (random.c)
// Philox 4x32-10: element i depends on seed, stream and counter + i / lanes only.

/// Counters used up by `count` elements of a fill of the given dtype (float32: 4 a counter, else 2).
uint64_t ck_random_cost(ck_dtype dtype, int64_t count);
/// Uniform in [0, 1).
void ck_random_uniform(ck_dtype dtype, uint64_t seed, uint32_t stream, uint64_t counter, void *out, int64_t count);
/// Standard normal (Box-Muller).
void ck_random_normal(ck_dtype dtype, uint64_t seed, uint32_t stream, uint64_t counter, void *out, int64_t count);
/// 64 random bits.
uint64_t ck_random_bits(uint64_t seed, uint32_t stream, uint64_t counter);
/// Integers uniform in low ..< high.
void ck_random_integers(
    uint64_t seed, uint32_t stream, uint64_t counter, int64_t low, int64_t high, int64_t *out, int64_t count);
/// A uniform permutation of 0 ..< count; uses `count` counters.
void ck_random_permutation(uint64_t seed, uint32_t stream, uint64_t counter, int64_t *out, int64_t count);
/// out = keep ? x · scale : 0 with keep drawn with probability 1 - p; `mask` gets keep (bytes).
void ck_dropout(
    ck_dtype dtype, uint64_t seed, uint32_t stream, uint64_t counter, double p, const void *x, void *out, uint8_t *mask,
    int64_t count);

// MARK: Elementwise (kernels/elementwise.h)

typedef enum {
    CK_ADD, CK_SUB, CK_MUL, CK_DIV, CK_FLOOR_DIVIDE, CK_REMAINDER, CK_POW, CK_MAXIMUM, CK_MINIMUM,
    CK_AND, CK_OR, CK_XOR
} ck_binary_op;
typedef enum { CK_EQ, CK_NE, CK_LT, CK_LE, CK_GT, CK_GE } ck_compare_op;
typedef enum { CK_OK, CK_ZERO_DIVISOR } ck_status;

/// out[i] = a[i·sa] op b[i·sb]; sa and sb are 0 (one value for all) or 1.
ck_status ck_binary(
    ck_binary_op op, ck_dtype dtype, const void *a, int64_t sa, const void *b, int64_t sb, void *out, int64_t count);
/// The same with broadcasting: strides are those of the operands seen with the shape of the result.
ck_status ck_binary_broadcast(
    ck_binary_op op, ck_dtype dtype, const void *a, const int64_t *sa, const void *b, const int64_t *sb, void *out,
    int rank, const int64_t *sizes);
void ck_compare_broadcast(
    ck_compare_op op, ck_dtype dtype, const void *a, const int64_t *sa, const void *b, const int64_t *sb, uint8_t *out,
    int rank, const int64_t *sizes);
/// out = condition ? a : b, with broadcasting.
void ck_where_broadcast(
    size_t item, const uint8_t *condition, const int64_t *sc, const void *a, const int64_t *sa, const void *b,
    const int64_t *sb, void *out, int rank, const int64_t *sizes);
/// y += alpha · x
void ck_axpy(ck_dtype dtype, double alpha, const void *x, void *y, int64_t count);
/// out = alpha · x + beta (floating dtypes)
void ck_affine(ck_dtype dtype, double alpha, double beta, const void *x, void *out, int64_t count);
void ck_fill(ck_dtype dtype, double real, int64_t integer, void *out, int64_t count);
/// out[i] = start + i · step (`real` for floating dtypes, `integer` for the others)
void ck_arange(ck_dtype dtype, double start, double step, int64_t istart, int64_t istep, void *out, int64_t count);
void ck_cast(ck_dtype from, const void *x, ck_dtype to, void *out, int64_t count);
/// out = (g · a · b) in one pass; used by derivatives.
void ck_mul3(ck_dtype dtype, const void *g, const void *a, const void *b, void *out, int64_t count);

// Pointwise functions of one operand (kernels/pointwise.h). `p` and `q` are the function's parameters.
typedef enum {
    CK_NEG, CK_ABS, CK_SIGN, CK_SQUARE, CK_RELU, CK_CLAMP, CK_ROUND, CK_FLOOR, CK_CEIL, CK_RECIPROCAL, CK_EXP, CK_LOG,
    CK_LOG1P, CK_EXPM1, CK_SQRT, CK_RSQRT, CK_SIN, CK_COS, CK_TANH, CK_SIGMOID, CK_ERF, CK_LEAKY_RELU, CK_ELU, CK_GELU,
    CK_GELU_TANH, CK_SILU, CK_SOFTPLUS, CK_HARDTANH
} ck_unary_op;
void ck_unary(ck_unary_op op, ck_dtype dtype, double p, double q, const void *x, void *out, int64_t count);
/// out = g · f'(v), where v is the input, or the output for CK_EXP EXPM1 SQRT RSQRT RECIPROCAL TANH SIGMOID RELU.
void ck_unary_backward(
    ck_unary_op op, ck_dtype dtype, double p, double q, const void *g, const void *v, void *out, int64_t count);
typedef enum { CK_ISNAN, CK_ISINF, CK_ISFINITE } ck_classify_op;
void ck_classify(ck_classify_op op, ck_dtype dtype, const void *x, uint8_t *out, int64_t count);
/// The number of i with not |a - b| <= atol + rtol·|b|.
int64_t ck_count_unequal(
    ck_dtype dtype, const void *a, const void *b, double rtol, double atol, bool equal_nan, int64_t count);

// MARK: Moving (kernels/strided.h)

/// dst[i · sd] = src[i · ss] over all indices i of `sizes`; `item` is the element size in bytes.
void ck_copy(
    size_t item, int rank, const int64_t *sizes, const void *src, const int64_t *ss, void *dst, const int64_t *sd);
/// dst[i · sd] += src[i · ss]
void ck_add_strided(
    ck_dtype dtype, int rank, const int64_t *sizes, const void *src, const int64_t *ss, void *dst, const int64_t *sd);
/// out[o, j, :] = x[o, index[j], :] for o < outer, j < count; rows of `inner` elements; x has `n` rows.
void ck_take(
    size_t item, int64_t outer, int64_t n, int64_t inner, const void *x, const int64_t *index, int64_t count, void *out);
/// x[o, index[j], :] = src[o, j, :], in order of j
void ck_put(
    size_t item, int64_t outer, int64_t n, int64_t inner, void *x, const int64_t *index, int64_t count, const void *src);
/// out[o, index[j], :] += g[o, j, :]
void ck_take_add(
    ck_dtype dtype, int64_t outer, int64_t n, int64_t inner, const void *g, const int64_t *index, int64_t count,
    void *out);
/// The first position whose index is outside -limit ..< limit, or -1; negative ones are made positive in `out`.
int64_t ck_wrap_indices(const int64_t *index, int64_t limit, int64_t *out, int64_t count);
/// Writes the positions of non-zero bytes, returns how many. `out` may be NULL.
int64_t ck_positions(const uint8_t *mask, int64_t *out, int64_t count);
/// out[o, j, i] = x[o, index[o, j, i], i] (gather) with x of n and index of m along the middle.
void ck_gather(
    size_t item, int64_t outer, int64_t n, int64_t m, int64_t inner, const void *x, const int64_t *index, void *out);
void ck_scatter_add(
    ck_dtype dtype, int64_t outer, int64_t n, int64_t m, int64_t inner, const void *src, const int64_t *index,
    void *out);
void ck_scatter(
    size_t item, int64_t outer, int64_t n, int64_t m, int64_t inner, const void *src, const int64_t *index, void *out);

// MARK: Reductions over the middle of [outer, n, inner] (kernels/reduce.h)

typedef enum { CK_SUM, CK_PROD, CK_MAX, CK_MIN, CK_ANY, CK_ALL, CK_SUM_SQUARES, CK_SUM_ABS } ck_reduce_op;
void ck_reduce(ck_reduce_op op, ck_dtype dtype, const void *x, void *out, int64_t outer, int64_t n, int64_t inner);
/// Extreme values (out may be NULL) and their first positions. NaN counts as extreme.
void ck_extreme(
    bool maximum, ck_dtype dtype, const void *x, void *out, int64_t *where, int64_t outer, int64_t n, int64_t inner);
void ck_cumsum(ck_dtype dtype, bool reverse, const void *x, void *out, int64_t outer, int64_t n, int64_t inner);
/// Sum of (x - mean)² along the middle, and the mean (both [outer, inner]).
void ck_moments(
    ck_dtype dtype, const void *x, void *mean, void *squares, int64_t outer, int64_t n, int64_t inner);
/// Stable positions that sort each row of [outer, n] (NaN last, or first when descending) and the sorted values;
/// false when memory is short.
bool ck_sort(ck_dtype dtype, bool descending, const void *x, void *out, int64_t *where, int64_t outer, int64_t n);

// MARK: Softmax family over the middle of [outer, n, inner] (kernels/softmax.h)

void ck_softmax(ck_dtype dtype, bool logarithm, const void *x, void *out, int64_t outer, int64_t n, int64_t inner);
/// softmax: y (g - Σ g y); log-softmax: g - exp(y) Σ g
void ck_softmax_backward(
    ck_dtype dtype, bool logarithm, const void *g, const void *y, void *out, int64_t outer, int64_t n, int64_t inner);
void ck_logsumexp(ck_dtype dtype, const void *x, void *out, int64_t outer, int64_t n, int64_t inner);

// MARK: Losses of rows with their gradients (kernels/losses.h)

/// What these return when there is no memory for a row.
enum { CK_NO_MEMORY = -2 };
/// Cross entropy of rows [rows, n] against class indices, in one pass with its gradient.
/// losses[r] = w[y]·((1-s)·(-lp[y])) + s/n · Σ_c w[c]·(-lp[c]); weights[r] = w[y]; ignored rows give 0 in both.
/// `gradient` (may be NULL) is d losses[r] / d x[r, :]. `w` may be NULL. Returns the first row with a bad class, or -1.
int64_t ck_cross_entropy(
    ck_dtype dtype, const void *x, const int64_t *y, const void *w, double smoothing, int64_t ignore, void *losses,
    void *weights, void *gradient, int64_t rows, int64_t n);
/// Distillation in one pass: with p = softmax(t/T), losses[0] = Σ_r KL(p_r || softmax(s_r/T)) and losses[1] = Σ_r CE(s_r, y_r)
/// (0 without y); gradient = soft·dKL/ds + hard·dCE/ds, where `soft` and `hard` carry T², 1/rows and the weights.
/// Returns the first row with a bad class, or -1.
int64_t ck_distillation(
    ck_dtype dtype, const void *s, const void *t, const int64_t *y, double temperature, double soft, double hard,
    double losses[2], void *gradient, int64_t rows, int64_t n);

// MARK: Products (product.c)

/// C[m, n] = alpha · op(A) op(B) + beta · C, row-major and contiguous (leading dimensions are those of A and B as stored).
void ck_gemm(
    ck_dtype dtype, bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, double alpha, const void *a,
    const void *b, double beta, void *c);
/// `batch` products; a stride of 0 uses one operand for all.
void ck_gemm_batched(
    ck_dtype dtype, bool transpose_a, bool transpose_b, int64_t batch, int64_t m, int64_t n, int64_t k, const void *a,
    int64_t stride_a, const void *b, int64_t stride_b, double beta, void *c);
/// out[m, n] = x[m, k] w[n, k]ᵀ + bias, then relu if asked. `bias` may be NULL.
void ck_linear(
    ck_dtype dtype, int64_t m, int64_t n, int64_t k, const void *x, const void *w, const void *bias, bool relu,
    void *out);
/// g · (y > 0) into `out` and its column sums added into `bias` (may be NULL).
void ck_relu_bias_backward(
    ck_dtype dtype, const void *g, const void *y, void *out, void *bias, int64_t rows, int64_t columns);

// MARK: Optimizers (kernels/optimizers.h): one pass over a run of parameters, in place

/// Neighbouring parameters with their gradients and with what a rule remembers of them; NULL is a state that it has not.
typedef struct {
    ck_dtype dtype;
    int64_t count;
    void *parameters;
    const void *gradients;
    void *states[3];
} ck_parameters;

/// g += wd·p; buffer = first ? g : momentum·buffer + (1-dampening)·g; g = nesterov ? g + momentum·buffer : buffer; p -= lr·g.
/// State: the buffer.
void ck_sgd(
    ck_parameters run, double lr, double momentum, double dampening, double weight_decay, bool nesterov, bool maximize,
    bool first);
/// Adam (weight decay added to the gradient) and AdamW (`decoupled`). `step` counts from 1. States: running means m of g and
/// v of g²; the largest v with amsgrad.
void ck_adam(
    ck_parameters run, double lr, double beta1, double beta2, double epsilon, double weight_decay, bool decoupled,
    bool maximize, int64_t step);
/// The running means m of g and v of g², then p = shrink·p - (of_gradient·g + of_mean·m) / (√v·scale + eps), or without the
/// denominator where scale is 0. States: m, v.
void ck_adaptive(
    ck_parameters run, double beta1, double beta2, double epsilon, double weight_decay, double shrink, bool maximize,
    double of_gradient, double of_mean, double scale);
/// States: v; the mean of g when centered; the buffer of the momentum.
void ck_rmsprop(
    ck_parameters run, double lr, double alpha, double epsilon, double weight_decay, double momentum, bool maximize);
/// State: the sum of g².
void ck_adagrad(ck_parameters run, double lr, double epsilon, double weight_decay, bool maximize);
/// States: running means of g² and of the squared steps.
void ck_adadelta(ck_parameters run, double lr, double rho, double epsilon, double weight_decay, bool maximize);
/// State: the running mean of g.
void ck_lion(ck_parameters run, double lr, double beta1, double beta2, double weight_decay, bool maximize);

// MARK: Factorisations (factorisations.c): LAPACK on row-major matrices; 0 or LAPACK's code of failure

/// a[m, n] = u[m, r] diag(s[r]) vt[r, n] with r = min(m, n), or square u and vt when `full`. `a` is overwritten.
int ck_svd(bool full, int64_t m, int64_t n, double *a, double *u, double *s, double *vt);
/// Symmetric a[n, n] (one triangle is read) becomes the eigenvectors in its columns; eigenvalues ascend in `w`.
int ck_eigh(bool upper, int64_t n, double *a, double *w);
/// a[n, n] becomes its inverse.
int ck_inverse(int64_t n, double *a);

// MARK: Embeddings (kernels/embedding.h): points y are [dimensions, n] with 1 to 3 dimensions, affinities p are [n, n]

/// Row i of p: Gaussian affinities of the squared distances [n, n], the width chosen so that exp(entropy) = perplexity.
void ck_affinities(const float *distances, int64_t n, double perplexity, float *p);
/// attraction_i = Σ_j p_ij w_ij (y_i − y_j), repulsion_i = Σ_j w_ij² (y_i − y_j), w = 1/(1 + |y_i − y_j|²); gives Σ_{i≠j} w.
/// `scratch` has room for n.
double ck_tsne_forces(
    const float *p, const float *y, int64_t n, int dimensions, float *attraction, float *repulsion, double *scratch);
/// Σ_{i≠j} p log(p / (w / normalizer)).
double ck_tsne_divergence(const float *p, const float *y, int64_t n, int dimensions, double normalizer, double *scratch);

/// A 64-bit mark of some bytes: equal bytes have equal marks, others almost surely not. Not for adversaries.
uint64_t ck_fingerprint(const void *bytes, size_t count, uint64_t seed);

#include "ckernels_batches.h"
