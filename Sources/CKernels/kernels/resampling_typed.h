// Resampling and unfolding of one image of numbers of type T.

static void NAME(interpolate)(void *context, int64_t n) {
    const resampling_job *j = context;
    const ck_resampling *h = j->rows, *w = j->columns;
    int64_t c = j->c;
    const T *x = (const T *)j->x + n * h->in * w->in * c;
    T *out = (T *)j->out + n * h->out * w->out * c;
    for (int64_t oy = 0; oy < h->out; oy++) {
        for (int64_t ox = 0; ox < w->out; ox++, out += c) {
            const T *p = x + (h->low[oy] * w->in + w->low[ox]) * c, *q = x + (h->low[oy] * w->in + w->high[ox]) * c;
            const T *r = x + (h->high[oy] * w->in + w->low[ox]) * c, *s = x + (h->high[oy] * w->in + w->high[ox]) * c;
            T b = (T)h->weight[oy], a = 1 - b, v = (T)w->weight[ox], u = 1 - v;
            if (j->linear) {
                CK_CHANNELS { out[i] = a * (u * p[i] + v * q[i]) + b * (u * r[i] + v * s[i]); }
            } else {
                memcpy(out, p, (size_t)c * sizeof(T));
            }
        }
    }
}

static void NAME(interpolate_backward)(void *context, int64_t n) {
    const resampling_job *j = context;
    const ck_resampling *h = j->rows, *w = j->columns;
    int64_t c = j->c;
    T *gx = (T *)j->out + n * h->in * w->in * c;
    const T *g = (const T *)j->x + n * h->out * w->out * c;
    memset(gx, 0, (size_t)(h->in * w->in * c) * sizeof(T));
    for (int64_t oy = 0; oy < h->out; oy++) {
        for (int64_t ox = 0; ox < w->out; ox++, g += c) {
            T *p = gx + (h->low[oy] * w->in + w->low[ox]) * c, *q = gx + (h->low[oy] * w->in + w->high[ox]) * c;
            T *r = gx + (h->high[oy] * w->in + w->low[ox]) * c, *s = gx + (h->high[oy] * w->in + w->high[ox]) * c;
            T b = (T)h->weight[oy], a = 1 - b, v = (T)w->weight[ox], u = 1 - v;
            if (j->linear) {
                CK_CHANNELS { p[i] += a * u * g[i]; }
                CK_CHANNELS { q[i] += a * v * g[i]; }
                CK_CHANNELS { r[i] += b * u * g[i]; }
                CK_CHANNELS { s[i] += b * v * g[i]; }
            } else {
                CK_CHANNELS { p[i] += g[i]; }
            }
        }
    }
}

static void NAME(unfold)(void *context, int64_t index) {
    const resampling_job *j = context;
    const ck_convolution *c = j->patches;
    const T *x = (const T *)j->x + index * c->ih * c->iw;
    T *out = (T *)j->out + index * c->kh * c->kw * c->oh * c->ow;
    for (int64_t ky = 0; ky < c->kh; ky++) {
        for (int64_t kx = 0; kx < c->kw; kx++) {
            for (int64_t oy = 0; oy < c->oh; oy++) {
                int64_t y = oy * c->sh - c->ph + ky * c->dh;
                for (int64_t ox = 0; ox < c->ow; ox++) {
                    int64_t xx = ox * c->sw - c->pw + kx * c->dw;
                    bool there = y >= 0 && y < c->ih && xx >= 0 && xx < c->iw;
                    *out++ = there ? x[y * c->iw + xx] : 0;
                }
            }
        }
    }
}

static void NAME(fold)(void *context, int64_t index) {
    const resampling_job *j = context;
    const ck_convolution *c = j->patches;
    T *out = (T *)j->out + index * c->ih * c->iw;
    const T *g = (const T *)j->x + index * c->kh * c->kw * c->oh * c->ow;
    memset(out, 0, (size_t)(c->ih * c->iw) * sizeof(T));
    for (int64_t ky = 0; ky < c->kh; ky++) {
        for (int64_t kx = 0; kx < c->kw; kx++) {
            for (int64_t oy = 0; oy < c->oh; oy++) {
                int64_t y = oy * c->sh - c->ph + ky * c->dh;
                for (int64_t ox = 0; ox < c->ow; ox++, g++) {
                    int64_t xx = ox * c->sw - c->pw + kx * c->dw;
                    if (y >= 0 && y < c->ih && xx >= 0 && xx < c->iw) { out[y * c->iw + xx] += *g; }
                }
            }
        }
    }
}
