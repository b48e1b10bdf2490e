#define _GNU_SOURCE
#include "recipes.h"
#include <math.h>

// Views of the published training recipes. The same seed must give the same on every processor: no fused multiply-adds.
#pragma STDC FP_CONTRACT OFF

// A triangle as wide as the reduction, normalised: Pillow's antialiased bilinear filter, in floats.
static void resample(
    const float *x, float *out, int64_t channels, int64_t h, int64_t w, int64_t oh, int64_t ow, int64_t top,
    int64_t left, int64_t height, int64_t width) {
    double scale_y = (double)height / (double)oh, scale_x = (double)width / (double)ow;
    double reach_y = scale_y < 1 ? 1 : scale_y, reach_x = scale_x < 1 ? 1 : scale_x;
    for (int64_t oy = 0; oy < oh; oy++) {
        double cy = ((double)oy + 0.5) * scale_y;
        int64_t y0 = (int64_t)(cy - reach_y + 0.5), y1 = (int64_t)(cy + reach_y + 0.5);
        y0 = y0 < 0 ? 0 : y0;
        y1 = y1 > height ? height : y1;
        for (int64_t ox = 0; ox < ow; ox++) {
            double cx = ((double)ox + 0.5) * scale_x;
            int64_t x0 = (int64_t)(cx - reach_x + 0.5), x1 = (int64_t)(cx + reach_x + 0.5);
            x0 = x0 < 0 ? 0 : x0;
            x1 = x1 > width ? width : x1;
            for (int64_t c = 0; c < channels; c++) {
                const float *plane = x + c * h * w;
                double sum = 0, weight = 0;
                for (int64_t y = y0; y < y1; y++) {
                    double wy = 1 - fabs(((double)y - cy + 0.5) / reach_y);
                    if (wy <= 0) { continue; }
                    for (int64_t i = x0; i < x1; i++) {
                        double wx = 1 - fabs(((double)i - cx + 0.5) / reach_x);
                        if (wx <= 0) { continue; }
                        sum += wy * wx * plane[(y + top) * w + i + left];
                        weight += wy * wx;
                    }
                }
                out[(c * oh + oy) * ow + ox] = weight > 0 ? (float)(sum / weight) : 0;
            }
        }
    }
}

void ck_resized_crop(
    const float *x, float *out, int64_t channels, int64_t h, int64_t w, int64_t oh, int64_t ow, const double *range,
    uint64_t key) {
    ck_draws draw = {key, 0};
    int64_t top = 0, left = 0, height = h, width = w;
    double low = log(range[2]), high = log(range[3]);
    bool found = false;
    for (int attempt = 0; attempt < 10 && !found; attempt++) {
        double area = (double)(h * w) * ck_uniform(&draw, range[0], range[1]), ratio = exp(ck_uniform(&draw, low, high));
        width = (int64_t)rint(sqrt(area * ratio));
        height = (int64_t)rint(sqrt(area / ratio));
        found = width > 0 && width <= w && height > 0 && height <= h;
        if (found) {
            top = ck_whole(&draw, h - height + 1);
            left = ck_whole(&draw, w - width + 1);
        }
    }
    if (!found) {
        // The largest window in the middle whose proportions are allowed.
        double ratio = (double)w / (double)h;
        width = ratio > range[3] ? (int64_t)rint((double)h * range[3]) : w;
        height = ratio < range[2] ? (int64_t)rint((double)w / range[2]) : h;
        top = (h - height) / 2;
        left = (w - width) / 2;
    }
    resample(x, out, channels, h, w, oh, ow, top, left, height, width);
}

void ck_erase(float *x, int64_t channels, int64_t h, int64_t w, double p, const double *range, uint64_t key) {
    ck_draws draw = {key, 0};
    if (ck_uniform(&draw, 0, 1) >= p) { return; }
    double low = log(range[2]), high = log(range[3]);
    for (int attempt = 0; attempt < 10; attempt++) {
        double area = (double)(h * w) * ck_uniform(&draw, range[0], range[1]), ratio = exp(ck_uniform(&draw, low, high));
        int64_t height = (int64_t)rint(sqrt(area * ratio)), width = (int64_t)rint(sqrt(area / ratio));
        if (height >= h || width >= w) { continue; }
        int64_t top = ck_whole(&draw, h - height + 1), left = ck_whole(&draw, w - width + 1);
        for (int64_t line = 0; line < channels * height; line++) {
            int64_t c = line / height, y = top + line % height;
            memset(x + (c * h + y) * w + left, 0, (size_t)width * sizeof(float));
        }
        return;
    }
}

CK_INLINE float luminance(const float *x, int64_t plane, int64_t i) {
    return 0.2989f * x[i] + 0.587f * x[plane + i] + 0.114f * x[2 * plane + i];
}

void ck_brighten(float *x, int64_t n, float factor) {
    for (int64_t i = 0; i < n; i++) { x[i] = ck_between(x[i] * factor, 0, 1); }
}

void ck_contrast(float *x, int64_t channels, int64_t plane, float factor) {
    double sum = 0;
    for (int64_t i = 0; i < plane; i++) { sum += channels == 3 ? luminance(x, plane, i) : x[i]; }
    float mean = (float)(sum / (double)(plane > 0 ? plane : 1));
    for (int64_t i = 0; i < channels * plane; i++) { x[i] = ck_between(factor * x[i] + (1 - factor) * mean, 0, 1); }
}

void ck_saturate(float *x, int64_t plane, float factor) {
    for (int64_t i = 0; i < plane; i++) {
        float grey = luminance(x, plane, i);
        for (int64_t c = 0; c < 3; c++) {
            x[c * plane + i] = ck_between(factor * x[c * plane + i] + (1 - factor) * grey, 0, 1);
        }
    }
}

static void turn_hue(float *x, int64_t plane, float turn) {
    for (int64_t i = 0; i < plane; i++) {
        float r = x[i], g = x[plane + i], b = x[2 * plane + i];
        float most = fmaxf(r, fmaxf(g, b)), least = fminf(r, fminf(g, b)), spread = most - least;
        if (spread <= 0) { continue; }
        float hue = most == r ? (g - b) / spread : most == g ? 2 + (b - r) / spread : 4 + (r - g) / spread;
        hue = hue / 6 + turn;
        hue = (hue - floorf(hue)) * 6;
        int sector = (int)hue % 6;
        float part = hue - floorf(hue), falling = most - spread * part, rising = most - spread * (1 - part);
        const float table[6][3] = {{most, rising, least}, {falling, most, least}, {least, most, rising},
                                   {least, falling, most}, {rising, least, most}, {most, least, falling}};
        for (int64_t c = 0; c < 3; c++) { x[c * plane + i] = table[sector][c]; }
    }
}

void ck_colour_jitter(float *x, int64_t channels, int64_t plane, const double *range, uint64_t key) {
    ck_draws draw = {key, 0};
    int order[4] = {0, 1, 2, 3};
    for (int i = 3; i > 0; i--) {
        int j = (int)ck_whole(&draw, i + 1), swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
    }
    float factors[4];
    for (int i = 0; i < 3; i++) { factors[i] = (float)ck_uniform(&draw, fmax(0, 1 - range[i]), 1 + range[i]); }
    factors[3] = (float)ck_uniform(&draw, -range[3], range[3]);
    for (int i = 0; i < 4; i++) {
        float factor = factors[order[i]];
        if (range[order[i]] == 0) { continue; }
        switch (order[i]) {
        case 0: ck_brighten(x, channels * plane, factor); break;
        case 1: ck_contrast(x, channels, plane, factor); break;
        case 2: if (channels == 3) { ck_saturate(x, plane, factor); } break;
        default: if (channels == 3) { turn_hue(x, plane, factor); } break;
        }
    }
}
