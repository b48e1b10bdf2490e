#define _GNU_SOURCE
#include "ckernels_batches.h"
#include "kernels/vector.h"
#include "levels.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

// The same seed must give the same views on every processor: no fused multiply-adds.
#pragma STDC FP_CONTRACT OFF

// Streams 0 to 3 are those of ck_random_get; views have streams of their own under the key of the pass.
enum { FIRST_STREAM = 16 };

CK_INLINE double unit(uint64_t bits) { return (double)(bits >> 11) * 0x1p-53; }
CK_INLINE int64_t below(uint64_t bits, int64_t range) {
    return (int64_t)(((unsigned __int128)bits * (uint64_t)range) >> 64);
}

/// Number `draw` (0 or 1) for an example.
static uint64_t drawn(const ck_batch *batch, int64_t view, int64_t row, int draw) {
    uint64_t counter = 2 * (uint64_t)batch->examples[row] + (uint64_t)draw;
    return ck_random_bits(batch->key, (uint32_t)(FIRST_STREAM + view), counter);
}

static void crop(
    const float *x, float *out, int64_t channels, int64_t h, int64_t w, int64_t oh, int64_t ow, int64_t top,
    int64_t left) {
    int64_t from = left < 0 ? -left : 0, to = w - left < ow ? w - left : ow;
    if (from > ow) { from = ow; }
    if (to < from) { to = from; }
    for (int64_t c = 0; c < channels; c++) {
        for (int64_t y = 0; y < oh; y++) {
            float *line = out + (c * oh + y) * ow;
            int64_t source = y + top;
            if (source < 0 || source >= h) {
                memset(line, 0, (size_t)ow * sizeof(float));
                continue;
            }
            memset(line, 0, (size_t)from * sizeof(float));
            memcpy(line + from, x + (c * h + source) * w + left + from, (size_t)(to - from) * sizeof(float));
            memset(line + to, 0, (size_t)(ow - to) * sizeof(float));
        }
    }
}

static void flip(float *x, int64_t lines, int64_t w) {
    for (int64_t y = 0; y < lines; y++) {
        float *line = x + y * w;
        for (int64_t i = 0, j = w - 1; i < j; i++, j--) {
            float swapped = line[i];
            line[i] = line[j];
            line[j] = swapped;
        }
    }
}

void ck_rotate(const float *x, float *out, int64_t channels, int64_t h, int64_t w, double degrees) {
    float sine = (float)sin(degrees * 0.017453292519943295), cosine = (float)cos(degrees * 0.017453292519943295);
    float cy = (float)(h - 1) / 2, cx = (float)(w - 1) / 2;
    for (int64_t y = 0; y < h; y++) {
        for (int64_t i = 0; i < w; i++) {
            float dy = (float)y - cy, dx = (float)i - cx;
            float sx = cosine * dx - sine * dy + cx, sy = sine * dx + cosine * dy + cy;
            float fx = floorf(sx), fy = floorf(sy), ax = sx - fx, ay = sy - fy;
            int64_t x0 = (int64_t)fx, y0 = (int64_t)fy;
            for (int64_t c = 0; c < channels; c++) {
                const float *plane = x + c * h * w;
                float corner[4];
                for (int k = 0; k < 4; k++) {
                    int64_t px = x0 + (k & 1), py = y0 + (k >> 1);
                    corner[k] = px >= 0 && px < w && py >= 0 && py < h ? plane[py * w + px] : 0;
                }
                out[(c * h + y) * w + i] = (corner[0] * (1 - ax) + corner[1] * ax) * (1 - ay)
                    + (corner[2] * (1 - ax) + corner[3] * ax) * ay;
            }
        }
    }
}

static void cutout(float *x, int64_t channels, int64_t h, int64_t w, int64_t size, int64_t cy, int64_t cx) {
    int64_t top = cy - size / 2, left = cx - size / 2, bottom = top + size, right = left + size;
    top = top < 0 ? 0 : top;
    left = left < 0 ? 0 : left;
    bottom = bottom > h ? h : bottom;
    right = right > w ? w : right;
    for (int64_t c = 0; c < channels; c++) {
        for (int64_t y = top; y < bottom; y++) {
            memset(x + (c * h + y) * w + left, 0, (size_t)(right - left) * sizeof(float));
        }
    }
}

/// Whether the file gave all `size` bytes of a record.
static bool read_record(ck_batch *batch, int64_t record, void *into, size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t got = pread(
            batch->file, (char *)into + done, size - done, batch->offset + record * (int64_t)size + (int64_t)done);
        if (got < 0 && errno == EINTR) { continue; }
        if (got <= 0) {
            batch->failed_record = record;
            batch->failure = got < 0 ? errno : 0;
            return false;
        }
        done += (size_t)got;
    }
    return true;
}

static bool load(ck_batch *batch, float *out, uint8_t *bytes) {
    int64_t elements = batch->channels * batch->height * batch->width;
    for (int64_t row = 0; row < batch->count; row++) {
        int64_t record = batch->memory == NULL ? batch->records[row] : row;
        float *place = out + row * elements;
        if (batch->dtype == CK_UINT8) {
            const uint8_t *source = (const uint8_t *)batch->memory + record * elements;
            if (batch->memory == NULL) {
                if (!read_record(batch, record, bytes, (size_t)elements)) { return false; }
                source = bytes;
            }
            ck_level()->from_bytes(source, place, elements);
        } else if (batch->memory == NULL) {
            if (!read_record(batch, record, place, (size_t)elements * sizeof(float))) { return false; }
        } else {
            memcpy(place, (const float *)batch->memory + record * elements, (size_t)elements * sizeof(float));
        }
    }
    return true;
}

/// Applies one view to all rows of x; the result is in x or in `other`, and is given back.
static float *apply(const ck_batch *batch, int64_t number, float *x, float *other, int64_t h, int64_t w) {
    const ck_view *view = &batch->views[number];
    int64_t channels = batch->channels, plane = h * w, size = channels * plane;
    int64_t new_size = channels * view->height * view->width;
    for (int64_t row = 0; row < batch->count; row++) {
        float *own = x + row * size, *next = other + row * new_size;
        uint64_t first = drawn(batch, number, row, 0), second = drawn(batch, number, row, 1);
        switch (view->kind) {
        case CK_VIEW_CROP: {
            int64_t padding = (int64_t)view->amount;
            int64_t top = below(first, h + 2 * padding - view->height + 1) - padding;
            int64_t left = below(second, w + 2 * padding - view->width + 1) - padding;
            crop(own, next, channels, h, w, view->height, view->width, top, left);
            break;
        }
        case CK_VIEW_FLIP:
            if (unit(first) < view->amount) { flip(own, channels * h, w); }
            break;
        case CK_VIEW_ROTATE:
            ck_rotate(own, next, channels, h, w, (2 * unit(first) - 1) * view->amount);
            break;
        case CK_VIEW_NOISE:
            ck_random_normal(CK_FLOAT32, first, (uint32_t)(FIRST_STREAM + number), 0, next, size);
            ck_level()->add_noise(own, next, (float)view->amount, size);
            break;
        case CK_VIEW_CUTOUT:
            cutout(own, channels, h, w, (int64_t)view->amount, below(first, h), below(second, w));
            break;
        case CK_VIEW_MIXUP:
            ck_level()->mix(own, x + view->partners[row] * size, next, (float)view->share, size);
            break;
        case CK_VIEW_RESIZED:
            ck_resized_crop(own, next, channels, h, w, view->height, view->width, view->range, first);
            break;
        case CK_VIEW_ERASE: ck_erase(own, channels, h, w, view->amount, view->range, first); break;
        case CK_VIEW_RANDOM:
            ck_rand_augment(own, next, channels, h, w, (int64_t)view->amount, view->range[0], first);
            break;
        case CK_VIEW_JITTER: ck_colour_jitter(own, channels, plane, view->range, first); break;
        case CK_VIEW_CUTMIX: {
            const float *partner = x + view->partners[row] * size;
            memcpy(next, own, (size_t)size * sizeof(float));
            for (int64_t line = 0; line < channels * h; line++) {
                int64_t y = line % h, start = line * w + view->left;
                if (y < view->top || y >= view->bottom) { continue; }
                memcpy(next + start, partner + start, (size_t)(view->right - view->left) * sizeof(float));
            }
            break;
        }
        }
    }
    switch (view->kind) {
    case CK_VIEW_FLIP:
    case CK_VIEW_NOISE:
    case CK_VIEW_CUTOUT:
    case CK_VIEW_ERASE:
    case CK_VIEW_RANDOM:
    case CK_VIEW_JITTER: return x;
    default: return other;
    }
}

static void finish(const ck_batch *batch, const float *x, int64_t plane) {
    int64_t size = batch->channels * plane;
    if (batch->statistics == 0) {
        if (x != batch->out) { memcpy(batch->out, x, (size_t)(batch->count * size) * sizeof(float)); }
        return;
    }
    for (int64_t row = 0; row < batch->count; row++) {
        for (int64_t c = 0; c < batch->channels; c++) {
            int64_t place = row * size + c * plane, own = batch->statistics == 1 ? 0 : c;
            ck_level()->standardise(x + place, batch->out + place, batch->mean[own], batch->std[own], plane);
        }
    }
}

int ck_batch_make(ck_batch *batch) {
    batch->failed_record = -1;
    batch->failure = 0;
    int64_t largest = batch->height * batch->width;
    for (int64_t i = 0; i < batch->view_count; i++) {
        int64_t plane = batch->views[i].height * batch->views[i].width;
        if (plane > largest) { largest = plane; }
    }
    size_t row = (size_t)(batch->channels * batch->height * batch->width);
    size_t bytes = (size_t)batch->count * (size_t)(batch->channels * largest) * sizeof(float);
    uint8_t *record = batch->memory == NULL ? malloc(row > 0 ? row : 1) : NULL;
    float *x = batch->view_count > 0 ? malloc(bytes > 0 ? bytes : 1) : batch->out;
    float *other = batch->view_count > 0 ? malloc(bytes > 0 ? bytes : 1) : NULL;
    bool fine = x != NULL && (batch->view_count == 0 || other != NULL) && (batch->memory != NULL || record != NULL);
    if (!fine) { batch->failure = ENOMEM; }
    if (fine) { fine = load(batch, x, record); }
    if (fine) {
        float *now = x;
        int64_t h = batch->height, w = batch->width;
        for (int64_t i = 0; i < batch->view_count; i++) {
            now = apply(batch, i, now, now == x ? other : x, h, w);
            h = batch->views[i].height;
            w = batch->views[i].width;
        }
        finish(batch, now, h * w);
    }
    if (batch->view_count > 0) {
        free(x);
        free(other);
    }
    free(record);
    return fine;
}

void ck_byte_counts(const uint8_t *x, int64_t rows, int64_t channels, int64_t inner, int64_t *counts) {
    memset(counts, 0, (size_t)(channels * 256) * sizeof(int64_t));
    for (int64_t row = 0; row < rows; row++) {
        for (int64_t c = 0; c < channels; c++) {
            const uint8_t *part = x + (row * channels + c) * inner;
            int64_t *own = counts + c * 256;
            for (int64_t i = 0; i < inner; i++) { own[part[i]]++; }
        }
    }
}
