#include "CJPEG.h"
#include <math.h>
#include <stdlib.h>

// Source: Pillow, src/libImaging/Resample.c (the method: a triangle of the reduction's width, normalised, in 22-bit fixed
// point, rows before columns, 8 bits between).
enum { PRECISION = 22 };

typedef struct {
    size_t taps;
    size_t *first;
    size_t *counts;
    int32_t *weights;
} window_list;

static void release(window_list *windows) {
    free(windows->first);
    free(windows->counts);
    free(windows->weights);
}

static int prepare(window_list *windows, size_t size, size_t new_size) {
    double scale = (double)size / (double)new_size, widened = scale < 1 ? 1 : scale;
    windows->taps = (size_t)ceil(widened) * 2 + 1;
    windows->first = malloc(new_size * sizeof(size_t));
    windows->counts = malloc(new_size * sizeof(size_t));
    windows->weights = malloc(new_size * windows->taps * sizeof(int32_t));
    double *exact = malloc(windows->taps * sizeof(double));
    if (windows->first == NULL || windows->counts == NULL || windows->weights == NULL || exact == NULL) {
        free(exact);
        return -1;
    }
    for (size_t i = 0; i < new_size; i++) {
        double centre = ((double)i + 0.5) * scale;
        long start = (long)(centre - widened + 0.5), end = (long)(centre + widened + 0.5);
        if (start < 0) start = 0;
        if (end > (long)size) end = (long)size;
        size_t count = (size_t)(end - start);
        double sum = 0;
        for (size_t k = 0; k < count; k++) {
            double distance = fabs(((double)k + (double)start - centre + 0.5) / widened);
            exact[k] = distance < 1 ? 1 - distance : 0;
            sum += exact[k];
        }
        for (size_t k = 0; k < count; k++) {
            windows->weights[i * windows->taps + k] = (int32_t)(0.5 + exact[k] / sum * (1 << PRECISION));
        }
        windows->first[i] = (size_t)start;
        windows->counts[i] = count;
    }
    free(exact);
    return 0;
}

// Each of new_size positions of a line is a weighted sum of positions `step` bytes apart.
static void line(const window_list *windows, const uint8_t *in, uint8_t *out, size_t new_size, size_t step, size_t channels) {
    for (size_t i = 0; i < new_size; i++) {
        const int32_t *weights = windows->weights + i * windows->taps;
        for (size_t c = 0; c < channels; c++) {
            const uint8_t *p = in + windows->first[i] * step + c;
            int32_t sum = 1 << (PRECISION - 1);
            for (size_t k = 0; k < windows->counts[i]; k++) sum += p[k * step] * weights[k];
            int32_t value = sum >> PRECISION;
            out[i * step + c] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
        }
    }
}

int cimage_resample(
    const uint8_t *pixels, size_t height, size_t width, size_t channels, uint8_t *result, size_t new_height,
    size_t new_width) {
    window_list across = {0}, down = {0};
    uint8_t *between = malloc(height * new_width * channels);
    int status = between == NULL ? -1 : 0;
    if (status == 0) status = prepare(&across, width, new_width);
    if (status == 0) status = prepare(&down, height, new_height);
    if (status == 0) {
        for (size_t y = 0; y < height; y++) {
            line(&across, pixels + y * width * channels, between + y * new_width * channels, new_width, channels, channels);
        }
        size_t step = new_width * channels;
        for (size_t x = 0; x < step; x++) line(&down, between + x, result + x, new_height, step, 1);
    }
    release(&across);
    release(&down);
    free(between);
    return status;
}
