// Pooling of one image of numbers of type T.

static void NAME(max_pool)(void *context, int64_t n) {
    const pooling_job *j = context;
    const ck_windows *h = j->rows, *w = j->columns;
    int64_t c = j->c;
    const T *x = (const T *)j->x + n * h->in * w->in * c;
    for (int64_t oy = 0; oy < h->out; oy++) {
        for (int64_t ox = 0; ox < w->out; ox++) {
            int64_t to = ((n * h->out + oy) * w->out + ox) * c;
            T *out = (T *)j->out + to;
            int32_t *tap = j->tap ? j->tap + to : NULL, number = 0;
            for (int64_t y = h->first[oy]; y < h->last[oy]; y += h->step) {
                for (int64_t xx = w->first[ox]; xx < w->last[ox]; xx += w->step) {
                    const T *in = x + (y * w->in + xx) * c;
                    if (number == 0) {
                        memcpy(out, in, (size_t)c * sizeof(T));
                        if (tap) { memset(tap, 0, (size_t)c * sizeof *tap); }
                    } else if (tap) {
                        CK_CHANNELS {
                            bool more = (in[i] > out[i]) | (in[i] != in[i]);
                            out[i] = more ? in[i] : out[i];
                            tap[i] = more ? number : tap[i];
                        }
                    } else {
                        CK_CHANNELS { out[i] = ((in[i] > out[i]) | (in[i] != in[i])) ? in[i] : out[i]; }
                    }
                    number++;
                }
            }
            // A window may lie in the padding altogether, where nothing wins.
            if (number == 0) {
                for (int64_t i = 0; i < c; i++) { out[i] = -(T)INFINITY; }
                if (tap) { memset(tap, 0, (size_t)c * sizeof *tap); }
            }
        }
    }
}

static void NAME(max_pool_backward)(void *context, int64_t n) {
    const pooling_job *j = context;
    const ck_windows *h = j->rows, *w = j->columns;
    int64_t c = j->c;
    T *gx = (T *)j->out + n * h->in * w->in * c;
    bool once = windows_tile(h) && windows_tile(w);
    if (!once) { memset(gx, 0, (size_t)(h->in * w->in * c) * sizeof(T)); }
    for (int64_t oy = 0; oy < h->out; oy++) {
        for (int64_t ox = 0; ox < w->out; ox++) {
            int64_t from = ((n * h->out + oy) * w->out + ox) * c;
            const T *g = (const T *)j->x + from;
            const int32_t *tap = j->taken + from;
            int32_t number = 0;
            for (int64_t y = h->first[oy]; y < h->last[oy]; y += h->step) {
                for (int64_t xx = w->first[ox]; xx < w->last[ox]; xx += w->step) {
                    T *to = gx + (y * w->in + xx) * c;
                    if (once) {
                        CK_CHANNELS { to[i] = tap[i] == number ? g[i] : 0; }
                    } else {
                        CK_CHANNELS { to[i] += tap[i] == number ? g[i] : 0; }
                    }
                    number++;
                }
            }
        }
    }
}

static void NAME(avg_pool)(void *context, int64_t n) {
    const pooling_job *j = context;
    const ck_windows *h = j->rows, *w = j->columns;
    int64_t c = j->c;
    const T *x = (const T *)j->x + n * h->in * w->in * c;
    for (int64_t oy = 0; oy < h->out; oy++) {
        for (int64_t ox = 0; ox < w->out; ox++) {
            T *out = (T *)j->out + ((n * h->out + oy) * w->out + ox) * c;
            memset(out, 0, (size_t)c * sizeof(T));
            for (int64_t y = h->first[oy]; y < h->last[oy]; y++) {
                for (int64_t xx = w->first[ox]; xx < w->last[ox]; xx++) {
                    const T *in = x + (y * w->in + xx) * c;
                    CK_CHANNELS { out[i] += in[i]; }
                }
            }
            T divisor = (T)(j->override ? j->override : h->divisor[oy] * w->divisor[ox]);
            CK_CHANNELS { out[i] /= divisor; }
        }
    }
}

static void NAME(avg_pool_backward)(void *context, int64_t n) {
    const pooling_job *j = context;
    const ck_windows *h = j->rows, *w = j->columns;
    int64_t c = j->c;
    T *gx = (T *)j->out + n * h->in * w->in * c;
    memset(gx, 0, (size_t)(h->in * w->in * c) * sizeof(T));
    for (int64_t oy = 0; oy < h->out; oy++) {
        for (int64_t ox = 0; ox < w->out; ox++) {
            const T *g = (const T *)j->x + ((n * h->out + oy) * w->out + ox) * c;
            T divisor = (T)(j->override ? j->override : h->divisor[oy] * w->divisor[ox]);
            for (int64_t y = h->first[oy]; y < h->last[oy]; y++) {
                for (int64_t xx = w->first[ox]; xx < w->last[ox]; xx++) {
                    T *to = gx + (y * w->in + xx) * c;
                    CK_CHANNELS { to[i] += g[i] / divisor; }
                }
            }
        }
    }
}
