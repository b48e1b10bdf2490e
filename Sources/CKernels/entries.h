// Every kernel that callers outside see: ENTRY(result, name, parameters, arguments) is expanded into the table of a level
// (levels.h), a level's own table (kernels/all.h) and the functions that callers call (dispatch.c).

// elementwise.h
ENTRY(
    ck_status, binary,
    (ck_binary_op op, ck_dtype dtype, const void *a, int64_t sa, const void *b, int64_t sb, void *out, int64_t count),
    (op, dtype, a, sa, b, sb, out, count))
ENTRY(
    ck_status, binary_broadcast,
    (ck_binary_op op, ck_dtype dtype, const void *a, const int64_t *sa, const void *b, const int64_t *sb, void *out,
     int rank, const int64_t *sizes),
    (op, dtype, a, sa, b, sb, out, rank, sizes))
ENTRY(
    void, compare_broadcast,
    (ck_compare_op op, ck_dtype dtype, const void *a, const int64_t *sa, const void *b, const int64_t *sb,
     uint8_t *out, int rank, const int64_t *sizes),
    (op, dtype, a, sa, b, sb, out, rank, sizes))
ENTRY(
    void, where_broadcast,
    (size_t item, const uint8_t *condition, const int64_t *sc, const void *a, const int64_t *sa, const void *b,
     const int64_t *sb, void *out, int rank, const int64_t *sizes),
    (item, condition, sc, a, sa, b, sb, out, rank, sizes))
ENTRY(void, axpy, (ck_dtype dtype, double alpha, const void *x, void *y, int64_t count), (dtype, alpha, x, y, count))
ENTRY(
    void, affine,
    (ck_dtype dtype, double alpha, double beta, const void *x, void *out, int64_t count),
    (dtype, alpha, beta, x, out, count))
ENTRY(
    void, mul3,
    (ck_dtype dtype, const void *g, const void *a, const void *b, void *out, int64_t count),
    (dtype, g, a, b, out, count))
ENTRY(
    void, fill,
    (ck_dtype dtype, double real, int64_t integer, void *out, int64_t count),
    (dtype, real, integer, out, count))
ENTRY(
    void, arange,
    (ck_dtype dtype, double start, double step, int64_t istart, int64_t istep, void *out, int64_t count),
    (dtype, start, step, istart, istep, out, count))
ENTRY(void, cast, (ck_dtype from, const void *x, ck_dtype to, void *out, int64_t count), (from, x, to, out, count))
ENTRY(
    int64_t, count_unequal,
    (ck_dtype dtype, const void *a, const void *b, double rtol, double atol, bool equal_nan, int64_t count),
    (dtype, a, b, rtol, atol, equal_nan, count))

// pointwise.h
ENTRY(
    void, unary,
    (ck_unary_op op, ck_dtype dtype, double p, double q, const void *x, void *out, int64_t count),
    (op, dtype, p, q, x, out, count))
ENTRY(
    void, unary_backward,
    (ck_unary_op op, ck_dtype dtype, double p, double q, const void *g, const void *v, void *out, int64_t count),
    (op, dtype, p, q, g, v, out, count))
ENTRY(
    void, classify,
    (ck_classify_op op, ck_dtype dtype, const void *x, uint8_t *out, int64_t count),
    (op, dtype, x, out, count))

// strided.h
ENTRY(
    void, copy,
    (size_t item, int rank, const int64_t *sizes, const void *src, const int64_t *ss, void *dst, const int64_t *sd),
    (item, rank, sizes, src, ss, dst, sd))
ENTRY(
    void, add_strided,
    (ck_dtype dtype, int rank, const int64_t *sizes, const void *src, const int64_t *ss, void *dst, const int64_t *sd),
    (dtype, rank, sizes, src, ss, dst, sd))
ENTRY(
    void, take,
    (size_t item, int64_t outer, int64_t n, int64_t inner, const void *x, const int64_t *index, int64_t count,
     void *out),
    (item, outer, n, inner, x, index, count, out))
ENTRY(
    void, put,
    (size_t item, int64_t outer, int64_t n, int64_t inner, void *x, const int64_t *index, int64_t count,
     const void *src),
    (item, outer, n, inner, x, index, count, src))
ENTRY(
    void, take_add,
    (ck_dtype dtype, int64_t outer, int64_t n, int64_t inner, const void *g, const int64_t *index, int64_t count,
     void *out),
    (dtype, outer, n, inner, g, index, count, out))
ENTRY(
    int64_t, wrap_indices,
    (const int64_t *index, int64_t limit, int64_t *out, int64_t count),
    (index, limit, out, count))
ENTRY(int64_t, positions, (const uint8_t *mask, int64_t *out, int64_t count), (mask, out, count))
ENTRY(
    void, gather,
    (size_t item, int64_t outer, int64_t n, int64_t m, int64_t inner, const void *x, const int64_t *index, void *out),
    (item, outer, n, m, inner, x, index, out))
ENTRY(
    void, scatter,
    (size_t item, int64_t outer, int64_t n, int64_t m, int64_t inner, const void *src, const int64_t *index,
     void *out),
    (item, outer, n, m, inner, src, index, out))
ENTRY(
    void, scatter_add,
    (ck_dtype dtype, int64_t outer, int64_t n, int64_t m, int64_t inner, const void *src, const int64_t *index,
     void *out),
    (dtype, outer, n, m, inner, src, index, out))

// reduce.h
ENTRY(
    void, extreme,
    (bool maximum, ck_dtype dtype, const void *x, void *out, int64_t *where, int64_t outer, int64_t n, int64_t inner),
    (maximum, dtype, x, out, where, outer, n, inner))
ENTRY(
    void, reduce,
    (ck_reduce_op op, ck_dtype dtype, const void *x, void *out, int64_t outer, int64_t n, int64_t inner),
    (op, dtype, x, out, outer, n, inner))
ENTRY(
    void, cumsum,
    (ck_dtype dtype, bool reverse, const void *x, void *out, int64_t outer, int64_t n, int64_t inner),
    (dtype, reverse, x, out, outer, n, inner))
ENTRY(
    void, moments,
    (ck_dtype dtype, const void *x, void *mean, void *squares, int64_t outer, int64_t n, int64_t inner),
    (dtype, x, mean, squares, outer, n, inner))
ENTRY(
    bool, sort,
    (ck_dtype dtype, bool descending, const void *x, void *out, int64_t *where, int64_t outer, int64_t n),
    (dtype, descending, x, out, where, outer, n))

// epilogue.h
ENTRY(
    void, relu_bias_backward,
    (ck_dtype dtype, const void *g, const void *y, void *out, void *bias, int64_t rows, int64_t columns),
    (dtype, g, y, out, bias, rows, columns))

// softmax.h
ENTRY(
    void, softmax,
    (ck_dtype dtype, bool logarithm, const void *x, void *out, int64_t outer, int64_t n, int64_t inner),
    (dtype, logarithm, x, out, outer, n, inner))
ENTRY(
    void, softmax_backward,
    (ck_dtype dtype, bool logarithm, const void *g, const void *y, void *out, int64_t outer, int64_t n, int64_t inner),
    (dtype, logarithm, g, y, out, outer, n, inner))
ENTRY(
    void, logsumexp,
    (ck_dtype dtype, const void *x, void *out, int64_t outer, int64_t n, int64_t inner),
    (dtype, x, out, outer, n, inner))

// losses.h
ENTRY(
    int64_t, cross_entropy,
    (ck_dtype dtype, const void *x, const int64_t *y, const void *w, double smoothing, int64_t ignore, void *losses,
     void *weights, void *gradient, int64_t rows, int64_t n),
    (dtype, x, y, w, smoothing, ignore, losses, weights, gradient, rows, n))
ENTRY(
    int64_t, distillation,
    (ck_dtype dtype, const void *s, const void *t, const int64_t *y, double temperature, double soft, double hard,
     double losses[2], void *gradient, int64_t rows, int64_t n),
    (dtype, s, t, y, temperature, soft, hard, losses, gradient, rows, n))

// optimizers.h
ENTRY(
    void, sgd,
    (ck_parameters run, double lr, double momentum, double dampening, double weight_decay, bool nesterov,
     bool maximize, bool first),
    (run, lr, momentum, dampening, weight_decay, nesterov, maximize, first))
ENTRY(
    void, adam,
    (ck_parameters run, double lr, double beta1, double beta2, double epsilon, double weight_decay, bool decoupled,
     bool maximize, int64_t step),
    (run, lr, beta1, beta2, epsilon, weight_decay, decoupled, maximize, step))
ENTRY(
    void, adaptive,
    (ck_parameters run, double beta1, double beta2, double epsilon, double weight_decay, double shrink, bool maximize,
     double of_gradient, double of_mean, double scale),
    (run, beta1, beta2, epsilon, weight_decay, shrink, maximize, of_gradient, of_mean, scale))
ENTRY(
    void, rmsprop,
    (ck_parameters run, double lr, double alpha, double epsilon, double weight_decay, double momentum, bool maximize),
    (run, lr, alpha, epsilon, weight_decay, momentum, maximize))
ENTRY(
    void, adagrad, (ck_parameters run, double lr, double epsilon, double weight_decay, bool maximize),
    (run, lr, epsilon, weight_decay, maximize))
ENTRY(
    void, adadelta, (ck_parameters run, double lr, double rho, double epsilon, double weight_decay, bool maximize),
    (run, lr, rho, epsilon, weight_decay, maximize))
ENTRY(
    void, lion, (ck_parameters run, double lr, double beta1, double beta2, double weight_decay, bool maximize),
    (run, lr, beta1, beta2, weight_decay, maximize))

// normalization.h
ENTRY(
    bool, column_moments,
    (ck_dtype dtype, const void *x, int64_t rows, int64_t c, double *mean, double *squares),
    (dtype, x, rows, c, mean, squares))
ENTRY(
    bool, column_products,
    (ck_dtype dtype, const void *g, const void *x, const void *y, const double *mean, int64_t rows, int64_t c,
     double *sum, double *product),
    (dtype, g, x, y, mean, rows, c, sum, product))
ENTRY(
    bool, scale_columns,
    (ck_dtype dtype, const void *x, const double *scale, const double *shift, const void *residual, bool relu,
     void *out, int64_t rows, int64_t c),
    (dtype, x, scale, shift, residual, relu, out, rows, c))
ENTRY(
    bool, combine_columns,
    (ck_dtype dtype, const void *g, const void *x, const void *y, const double *mean, const double *a,
     const double *b, const double *d, void *out, void *masked, int64_t rows, int64_t c),
    (dtype, g, x, y, mean, a, b, d, out, masked, rows, c))
ENTRY(
    void, layer_norm,
    (ck_dtype dtype, const void *x, const void *w, const void *b, double epsilon, void *out, void *mean,
     void *inverse, int64_t rows, int64_t n),
    (dtype, x, w, b, epsilon, out, mean, inverse, rows, n))
ENTRY(
    bool, layer_norm_backward,
    (ck_dtype dtype, const void *g, const void *x, const void *w, const void *mean, const void *inverse, void *gx,
     void *gw, void *gb, int64_t rows, int64_t n),
    (dtype, g, x, w, mean, inverse, gx, gw, gb, rows, n))

// pooling.h
ENTRY(
    void, max_pool,
    (ck_dtype dtype, const ck_windows *rows, const ck_windows *columns, int64_t n, int64_t c, const void *x,
     void *out, int32_t *tap),
    (dtype, rows, columns, n, c, x, out, tap))
ENTRY(
    void, max_pool_backward,
    (ck_dtype dtype, const ck_windows *rows, const ck_windows *columns, int64_t n, int64_t c, const void *g,
     const int32_t *tap, void *out),
    (dtype, rows, columns, n, c, g, tap, out))
ENTRY(
    void, avg_pool,
    (ck_dtype dtype, const ck_windows *rows, const ck_windows *columns, int64_t override, int64_t n, int64_t c,
     const void *x, void *out),
    (dtype, rows, columns, override, n, c, x, out))
ENTRY(
    void, avg_pool_backward,
    (ck_dtype dtype, const ck_windows *rows, const ck_windows *columns, int64_t override, int64_t n, int64_t c,
     const void *g, void *out),
    (dtype, rows, columns, override, n, c, g, out))

// resampling.h
ENTRY(
    void, interpolate,
    (ck_dtype dtype, bool linear, const ck_resampling *rows, const ck_resampling *columns, int64_t n, int64_t c,
     const void *x, void *out),
    (dtype, linear, rows, columns, n, c, x, out))
ENTRY(
    void, interpolate_backward,
    (ck_dtype dtype, bool linear, const ck_resampling *rows, const ck_resampling *columns, int64_t n, int64_t c,
     const void *g, void *out),
    (dtype, linear, rows, columns, n, c, g, out))
ENTRY(void, unfold, (ck_dtype dtype, const ck_convolution *c, const void *x, void *out), (dtype, c, x, out))
ENTRY(void, fold, (ck_dtype dtype, const ck_convolution *c, const void *g, void *out), (dtype, c, g, out))

// lstm.h
ENTRY(
    void, lstm_cell,
    (ck_dtype dtype, void *gates, const void *previous, void *cell, void *hidden, int64_t rows, int64_t h),
    (dtype, gates, previous, cell, hidden, rows, h))
ENTRY(
    void, lstm_cell_backward,
    (ck_dtype dtype, const void *ghidden, const void *gcell, const void *gates, const void *previous,
     const void *cell, void *ggates, void *gprevious, int64_t rows, int64_t h),
    (dtype, ghidden, gcell, gates, previous, cell, ggates, gprevious, rows, h))

// convolution_plain.h
ENTRY(
    bool, conv_plain_forward,
    (ck_dtype dtype, const ck_convolution *c, const void *x, const void *w, const void *bias, void *y),
    (dtype, c, x, w, bias, y))
ENTRY(
    bool, conv_plain_backward_data,
    (ck_dtype dtype, const ck_convolution *c, const void *g, const void *w, void *out),
    (dtype, c, g, w, out))
ENTRY(
    bool, conv_plain_backward_weights,
    (ck_dtype dtype, const ck_convolution *c, const void *x, const void *g, void *weights, void *bias),
    (dtype, c, x, g, weights, bias))
ENTRY(
    void, conv_finish,
    (ck_dtype dtype, const void *bias, const void *residual, bool relu, void *y, int64_t rows, int64_t channels),
    (dtype, bias, residual, relu, y, rows, channels))

// embedding.h
ENTRY(void, affinities, (const float *distances, int64_t n, double perplexity, float *p), (distances, n, perplexity, p))
ENTRY(
    double, tsne_forces,
    (const float *p, const float *y, int64_t n, int dimensions, float *attraction, float *repulsion, double *scratch),
    (p, y, n, dimensions, attraction, repulsion, scratch))
ENTRY(
    double, tsne_divergence,
    (const float *p, const float *y, int64_t n, int dimensions, double normalizer, double *scratch),
    (p, y, n, dimensions, normalizer, scratch))

#undef ENTRY
