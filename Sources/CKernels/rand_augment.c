#define _GNU_SOURCE
#include "recipes.h"
#include <math.h>

// RandAugment (Cubuk et al., 2020) as torchvision has it: 14 changes of equal chance, one magnitude for all, x in 0…1.
#pragma STDC FP_CONTRACT OFF

/// out(x, y) = in at the nearest place of m · (x, y, 1), zeros outside.
static void warp(const float *x, float *out, int64_t channels, int64_t h, int64_t w, const double *m) {
    for (int64_t y = 0; y < h; y++) {
        for (int64_t i = 0; i < w; i++) {
            double px = (double)i + 0.5, py = (double)y + 0.5;
            int64_t sx = (int64_t)floor(m[0] * px + m[1] * py + m[2]);
            int64_t sy = (int64_t)floor(m[3] * px + m[4] * py + m[5]);
            bool inside = sx >= 0 && sx < w && sy >= 0 && sy < h;
            for (int64_t c = 0; c < channels; c++) {
                out[(c * h + y) * w + i] = inside ? x[(c * h + sy) * w + sx] : 0;
            }
        }
    }
}

/// Between a smoothed image (weights 1, in the middle 5) and the image, or beyond; the edge stays.
static void sharpen(const float *x, float *out, int64_t channels, int64_t h, int64_t w, float factor) {
    for (int64_t c = 0; c < channels; c++) {
        const float *in = x + c * h * w;
        for (int64_t y = 0; y < h; y++) {
            for (int64_t i = 0; i < w; i++) {
                float own = in[y * w + i], smooth = own;
                if (y > 0 && y < h - 1 && i > 0 && i < w - 1) {
                    float sum = 4 * own;
                    for (int64_t dy = -1; dy <= 1; dy++) {
                        for (int64_t dx = -1; dx <= 1; dx++) { sum += in[(y + dy) * w + i + dx]; }
                    }
                    smooth = sum / 13;
                }
                out[(c * h + y) * w + i] = ck_between(factor * own + (1 - factor) * smooth, 0, 1);
            }
        }
    }
}

CK_INLINE int byte(float x) { return (int)(ck_between(x, 0, 1) * 255 + 0.5f); }

static void posterize(float *x, int64_t n, int bits) {
    int mask = 255 & ~((1 << (8 - bits)) - 1);
    for (int64_t i = 0; i < n; i++) { x[i] = (float)(byte(x[i]) & mask) / 255; }
}

static void solarize(float *x, int64_t n, float threshold) {
    for (int64_t i = 0; i < n; i++) { x[i] = x[i] >= threshold ? 1 - x[i] : x[i]; }
}

static void stretch(float *x, int64_t plane) {
    float least = 1, most = 0;
    for (int64_t i = 0; i < plane; i++) {
        least = fminf(least, x[i]);
        most = fmaxf(most, x[i]);
    }
    if (most <= least) { return; }
    for (int64_t i = 0; i < plane; i++) { x[i] = (x[i] - least) / (most - least); }
}

static void equalize(float *x, int64_t plane) {
    int64_t counts[256] = {0}, last = 0;
    for (int64_t i = 0; i < plane; i++) { counts[byte(x[i])]++; }
    for (int k = 0; k < 256; k++) { last = counts[k] > 0 ? counts[k] : last; }
    int64_t step = (plane - last) / 255;
    if (step == 0) { return; }
    float table[256];
    int64_t before = 0;
    for (int k = 0; k < 256; k++) {
        int64_t level = k == 0 ? 0 : (before + step / 2) / step;
        table[k] = (float)(level > 255 ? 255 : level) / 255;
        before += counts[k];
    }
    for (int64_t i = 0; i < plane; i++) { x[i] = table[byte(x[i])]; }
}

void ck_rand_change(
    float *x, float *other, int64_t channels, int64_t h, int64_t w, int kind, double share, bool negative) {
    int64_t plane = h * w, n = channels * plane;
    double sign = negative ? -1 : 1;
    double m[6] = {1, 0, 0, 0, 1, 0};
    bool moves = false;
    switch (kind) {
    case 0: return;
    case 1: m[1] = sign * 0.3 * share, moves = true; break;
    case 2: m[3] = sign * 0.3 * share, moves = true; break;
    case 3: m[2] = -sign * trunc(150.0 / 331 * (double)w * share), moves = true; break;
    case 4: m[5] = -sign * trunc(150.0 / 331 * (double)h * share), moves = true; break;
    case 5: {
        // Counter-clockwise about the middle.
        double angle = sign * 30 * share * 0.017453292519943295, cy = (double)h / 2, cx = (double)w / 2;
        m[0] = m[4] = cos(angle), m[1] = -sin(angle), m[3] = sin(angle);
        m[2] = cx - m[0] * cx - m[1] * cy, m[5] = cy - m[3] * cx - m[4] * cy, moves = true;
        break;
    }
    case 6: ck_brighten(x, n, (float)(1 + sign * 0.9 * share)); break;
    case 7: if (channels == 3) { ck_saturate(x, plane, (float)(1 + sign * 0.9 * share)); } break;
    case 8: ck_contrast(x, channels, plane, (float)(1 + sign * 0.9 * share)); break;
    case 9:
        sharpen(x, other, channels, h, w, (float)(1 + sign * 0.9 * share));
        memcpy(x, other, (size_t)n * sizeof(float));
        break;
    case 10: posterize(x, n, 8 - (int)rint(share * 4)); break;
    case 11: solarize(x, n, (float)(1 - share)); break;
    case 12:
        for (int64_t c = 0; c < channels; c++) { stretch(x + c * plane, plane); }
        break;
    default:
        for (int64_t c = 0; c < channels; c++) { equalize(x + c * plane, plane); }
    }
    if (moves) {
        warp(x, other, channels, h, w, m);
        memcpy(x, other, (size_t)n * sizeof(float));
    }
}

void ck_rand_augment(
    float *x, float *other, int64_t channels, int64_t h, int64_t w, int64_t count, double share, uint64_t key) {
    ck_draws draw = {key, 0};
    for (int64_t i = 0; i < count; i++) {
        int kind = (int)ck_whole(&draw, 14);
        bool negative = ck_uniform(&draw, 0, 1) < 0.5;
        ck_rand_change(x, other, channels, h, w, kind, share, negative);
    }
}
