/// The functions in C that a network is made of. A file has those that it calls.
enum CFunction: String, CaseIterable {
    case maximum, minimum, clamp, remainder, quotient
    case dot, linear
    case matrixProduct = "matmul"
    case convolution = "conv2d"
    case transposedConvolution = "conv_transpose2d"
    case maxPool = "max_pool2d"
    case averagePool = "avg_pool2d"
    case adaptiveAveragePool = "adaptive_avg_pool2d"
    case batchNorm = "batch_norm"
    case layerNorm = "layer_norm"
    case softmax
    case logSoftmax = "log_softmax"
    case cumulativeSum = "cumsum"

    /// The names that nothing else may have.
    static let names = Set(
        allCases.map(\.rawValue) + ["predict", "predict_with", "buffer", "predict_", "main"])

    /// What it calls itself.
    var needs: [CFunction] { self == .linear ? [.dot] : self == .quotient ? [.remainder] : [] }

    /// The definition, with names that begin with a prefix.
    func source(_ prefix: String) -> String { text.replacing("$", with: prefix) }

    private var text: String {
        switch self {
        case .maximum:
            "static float $_maximum(float a, float b) { return isnan(a) || a > b ? a : b; }"
        case .minimum:
            "static float $_minimum(float a, float b) { return isnan(a) || a < b ? a : b; }"
        case .clamp:
            """
            static float $_clamp(float a, float low, float high)
            {
                if (a < low) a = low;
                return a > high ? high : a;
            }
            """
        case .remainder:
            """
            static float $_remainder(float a, float b)
            {
                const float r = fmodf(a, b);
                return r != 0 && (r < 0) != (b < 0) ? r + b : r;
            }
            """
        case .quotient:
            """
            static float $_quotient(float a, float b)
            {
                if (b == 0) return a / b;
                const float q = roundf((a - $_remainder(a, b)) / b);
                return q == 0 ? copysignf(0, a / b) : q;
            }
            """
        case .dot:
            """
            static float $_dot(const float *a, const float *b, long n)
            {
                float s[8] = {0, 0, 0, 0, 0, 0, 0, 0};
                const long whole = n - n % 8;
                for (long i = 0; i < whole; i += 8)
                    for (long j = 0; j < 8; j++) s[j] += a[i + j] * b[i + j];
                for (long i = whole; i < n; i++) s[i - whole] += a[i] * b[i];
                return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
            }
            """
        case .linear:
            """
            static void $_linear(const float *a, const float *weight, const float *bias, float *restrict r,
                long rows, long inputs, long outputs, int relu)
            {
                for (long i = 0; i < rows; i++)
                    for (long j = 0; j < outputs; j++) {
                        float s = $_dot(a + i * inputs, weight + j * inputs, inputs);
                        if (bias) s += bias[j];
                        r[i * outputs + j] = relu && s < 0 ? 0 : s;
                    }
            }
            """
        case .matrixProduct:
            """
            static void $_matmul(const float *a, const float *b, float *restrict r, long m, long k, long n)
            {
                for (long i = 0; i < m; i++) {
                    for (long j = 0; j < n; j++) r[i * n + j] = 0;
                    for (long l = 0; l < k; l++) {
                        const float f = a[i * k + l];
                        for (long j = 0; j < n; j++) r[i * n + j] += f * b[l * n + j];
                    }
                }
            }
            """
        case .convolution:
            """
            static void $_conv2d(const float *a, const float *weight, const float *bias, float *restrict r,
                long count, long channels, long height, long width, long outputs, long rows, long columns,
                long kernel_h, long kernel_w, long stride_h, long stride_w, long pad_h, long pad_w,
                long step_h, long step_w, long groups)
            {
                const long in = channels / groups, out = outputs / groups;
                for (long n = 0; n < count; n++)
                    for (long o = 0; o < outputs; o++) {
                        float *restrict t = r + (n * outputs + o) * rows * columns;
                        for (long i = 0; i < rows * columns; i++) t[i] = bias ? bias[o] : 0;
                        for (long c = 0; c < in; c++) {
                            const float *p = a + (n * channels + o / out * in + c) * height * width;
                            const float *w = weight + (o * in + c) * kernel_h * kernel_w;
                            for (long u = 0; u < kernel_h; u++)
                                for (long v = 0; v < kernel_w; v++) {
                                    /* The columns whose window has an element here: 0 <= j * stride_w + shift < width. */
                                    const float f = w[u * kernel_w + v];
                                    const long shift = v * step_w - pad_w;
                                    const long first = shift < 0 ? (stride_w - 1 - shift) / stride_w : 0;
                                    long end = shift < width ? (width - 1 - shift) / stride_w + 1 : 0;
                                    if (end > columns) end = columns;
                                    for (long i = 0; i < rows; i++) {
                                        const long row = i * stride_h + u * step_h - pad_h;
                                        if (row < 0 || row >= height) continue;
                                        for (long j = first; j < end; j++)
                                            t[i * columns + j] += f * p[row * width + j * stride_w + shift];
                                    }
                                }
                        }
                    }
            }
            """
        case .transposedConvolution:
            """
            static void $_conv_transpose2d(const float *a, const float *weight, const float *bias, float *restrict r,
                long count, long channels, long height, long width, long outputs, long rows, long columns,
                long kernel_h, long kernel_w, long stride_h, long stride_w, long pad_h, long pad_w,
                long step_h, long step_w, long groups)
            {
                const long in = channels / groups, out = outputs / groups;
                for (long n = 0; n < count; n++)
                    for (long o = 0; o < outputs; o++) {
                        float *restrict t = r + (n * outputs + o) * rows * columns;
                        for (long i = 0; i < rows * columns; i++) t[i] = bias ? bias[o] : 0;
                        for (long c = o / out * in; c < (o / out + 1) * in; c++) {
                            const float *p = a + (n * channels + c) * height * width;
                            const float *w = weight + (c * out + o % out) * kernel_h * kernel_w;
                            for (long i = 0; i < height; i++)
                                for (long j = 0; j < width; j++)
                                    for (long u = 0; u < kernel_h; u++) {
                                        const long row = i * stride_h + u * step_h - pad_h;
                                        if (row < 0 || row >= rows) continue;
                                        for (long v = 0; v < kernel_w; v++) {
                                            const long column = j * stride_w + v * step_w - pad_w;
                                            if (column < 0 || column >= columns) continue;
                                            t[row * columns + column] += p[i * width + j] * w[u * kernel_w + v];
                                        }
                                    }
                        }
                    }
            }
            """
        case .maxPool:
            """
            static void $_max_pool2d(const float *a, float *restrict r,
                long planes, long height, long width, long rows, long columns,
                long kernel_h, long kernel_w, long stride_h, long stride_w, long pad_h, long pad_w,
                long step_h, long step_w)
            {
                for (long n = 0; n < planes; n++)
                    for (long i = 0; i < rows; i++)
                        for (long j = 0; j < columns; j++) {
                            float s = -INFINITY;
                            for (long u = 0; u < kernel_h; u++)
                                for (long v = 0; v < kernel_w; v++) {
                                    const long row = i * stride_h + u * step_h - pad_h;
                                    const long column = j * stride_w + v * step_w - pad_w;
                                    if (row < 0 || row >= height || column < 0 || column >= width) continue;
                                    const float t = a[(n * height + row) * width + column];
                                    if (t > s || isnan(t)) s = t;
                                }
                            r[(n * rows + i) * columns + j] = s;
                        }
            }
            """
        case .averagePool:
            """
            static void $_avg_pool2d(const float *a, float *restrict r,
                long planes, long height, long width, long rows, long columns,
                long kernel_h, long kernel_w, long stride_h, long stride_w, long pad_h, long pad_w,
                int counts_padding, long divisor)
            {
                for (long n = 0; n < planes; n++)
                    for (long i = 0; i < rows; i++)
                        for (long j = 0; j < columns; j++) {
                            long top = i * stride_h - pad_h, left = j * stride_w - pad_w;
                            long bottom = top + kernel_h, right = left + kernel_w;
                            if (bottom > height + pad_h) bottom = height + pad_h;
                            if (right > width + pad_w) right = width + pad_w;
                            long size = (bottom - top) * (right - left);
                            if (top < 0) top = 0;
                            if (left < 0) left = 0;
                            if (bottom > height) bottom = height;
                            if (right > width) right = width;
                            if (!counts_padding) size = (bottom - top) * (right - left);
                            if (divisor) size = divisor;
                            float s = 0;
                            for (long u = top; u < bottom; u++)
                                for (long v = left; v < right; v++) s += a[(n * height + u) * width + v];
                            r[(n * rows + i) * columns + j] = s / (float)size;
                        }
            }
            """
        case .adaptiveAveragePool:
            """
            static void $_adaptive_avg_pool2d(const float *a, float *restrict r,
                long planes, long height, long width, long rows, long columns)
            {
                for (long n = 0; n < planes; n++)
                    for (long i = 0; i < rows; i++)
                        for (long j = 0; j < columns; j++) {
                            const long top = i * height / rows, bottom = ((i + 1) * height + rows - 1) / rows;
                            const long left = j * width / columns, right = ((j + 1) * width + columns - 1) / columns;
                            double s = 0;
                            for (long u = top; u < bottom; u++)
                                for (long v = left; v < right; v++) s += a[(n * height + u) * width + v];
                            r[(n * rows + i) * columns + j] = (float)(s / ((bottom - top) * (right - left)));
                        }
            }
            """
        case .batchNorm:
            """
            static void $_batch_norm(const float *a, const float *mean, const float *factor, const float *bias,
                float *restrict r, long count, long channels, long size)
            {
                for (long n = 0; n < count * channels; n++) {
                    const long c = n % channels;
                    for (long i = n * size; i < (n + 1) * size; i++) r[i] = (a[i] - mean[c]) * factor[c] + bias[c];
                }
            }
            """
        case .layerNorm:
            """
            static void $_layer_norm(const float *a, const float *weight, const float *bias, float *restrict r,
                long rows, long size, float eps)
            {
                for (long n = 0; n < rows; n++) {
                    const float *p = a + n * size;
                    double mean = 0, square = 0;
                    for (long i = 0; i < size; i++) mean += p[i];
                    mean /= size;
                    for (long i = 0; i < size; i++) square += (p[i] - mean) * (p[i] - mean);
                    const double factor = 1 / sqrt(square / size + eps);
                    for (long i = 0; i < size; i++) {
                        float t = (float)((p[i] - mean) * factor);
                        if (weight) t *= weight[i];
                        r[n * size + i] = bias ? t + bias[i] : t;
                    }
                }
            }
            """
        case .softmax:
            """
            static void $_softmax(const float *a, float *restrict r, long outer, long n, long inner)
            {
                for (long o = 0; o < outer; o++)
                    for (long i = 0; i < inner; i++) {
                        const float *p = a + o * n * inner + i;
                        float *t = r + o * n * inner + i;
                        float top = -INFINITY, s = 0;
                        for (long j = 0; j < n; j++)
                            if (p[j * inner] > top) top = p[j * inner];
                        for (long j = 0; j < n; j++) s += t[j * inner] = expf(p[j * inner] - top);
                        for (long j = 0; j < n; j++) t[j * inner] /= s;
                    }
            }
            """
        case .logSoftmax:
            """
            static void $_log_softmax(const float *a, float *restrict r, long outer, long n, long inner)
            {
                for (long o = 0; o < outer; o++)
                    for (long i = 0; i < inner; i++) {
                        const float *p = a + o * n * inner + i;
                        float *t = r + o * n * inner + i;
                        float top = -INFINITY, s = 0;
                        for (long j = 0; j < n; j++)
                            if (p[j * inner] > top) top = p[j * inner];
                        for (long j = 0; j < n; j++) s += expf(p[j * inner] - top);
                        s = logf(s);
                        for (long j = 0; j < n; j++) t[j * inner] = p[j * inner] - top - s;
                    }
            }
            """
        case .cumulativeSum:
            """
            static void $_cumsum(const float *a, float *restrict r, long outer, long n, long inner)
            {
                for (long o = 0; o < outer; o++)
                    for (long i = 0; i < inner; i++) {
                        double s = 0;
                        for (long j = 0; j < n; j++) {
                            s += a[(o * n + j) * inner + i];
                            r[(o * n + j) * inner + i] = (float)s;
                        }
                    }
            }
            """
        }
    }
}
