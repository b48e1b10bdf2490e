// How examples become a batch: read, turned into numbers, changed at random, normalised. And work on a second thread.
#pragma once
#include "ckernels.h"

// MARK: Batches (batches.c)

/// What is done to the examples, in the order of the list.
typedef enum {
    CK_VIEW_CROP,    // a window of height × width anywhere in the image with `amount` zeros around it
    CK_VIEW_FLIP,    // left and right change places with probability `amount`
    CK_VIEW_ROTATE,  // by at most `amount` degrees, bilinear, zeros outside
    CK_VIEW_NOISE,   // normal noise of standard deviation `amount`
    CK_VIEW_CUTOUT,  // a square of `amount` zeros around any pixel
    CK_VIEW_MIXUP,   // share · x + (1 - share) · x[partner]
    CK_VIEW_CUTMIX,  // x with a box of x[partner]
    CK_VIEW_RESIZED, // a window of area and proportions in `range`, resampled to height × width
    CK_VIEW_ERASE,   // with probability `amount`, zeros in a box of area and proportions in `range`
    CK_VIEW_RANDOM,  // `amount` of RandAugment's changes, of the share range[0] of their largest strength
    CK_VIEW_JITTER,  // brightness, contrast, saturation and hue changed by up to `range`, in any order
} ck_view_kind;

typedef struct {
    ck_view_kind kind;
    double amount;
    int64_t height, width;           // after this view
    const int64_t *partners;         // CK_VIEW_MIXUP, CK_VIEW_CUTMIX: positions within the batch
    double share;
    int64_t top, left, bottom, right;
    double range[4];                 // least and most area, least and most width / height; or four strengths
} ck_view;

/// A batch to be made. Random numbers depend on key, example and the view's place in the list only.
typedef struct {
    const void *memory;              // the rows, or NULL when they are in a file
    int file;
    int64_t offset;                  // of the first row of the file, in bytes
    ck_dtype dtype;                  // CK_UINT8 (becomes x / 255) or CK_FLOAT32
    const int64_t *records;          // which rows of the file; those in memory are taken in order
    const int64_t *examples;         // what each row is called by the random numbers
    int64_t count;
    int64_t channels, height, width; // of a row
    const ck_view *views;
    int64_t view_count;
    uint64_t key;
    const float *mean, *std;         // `statistics` values each, or 0 of them; one is for all channels
    int64_t statistics;
    float *out;                      // [count, channels, height, width after the views]
    int64_t failed_record;           // -1, or the row of the file that could not be read,
    int failure;                     // why: an errno; 0 is the end of the file, ENOMEM a lack of memory
} ck_batch;

/// Makes the batch; 1 when all went well.
int ck_batch_make(ck_batch *batch);

/// counts[channel][byte]: how often each byte occurs in [rows, channels, inner].
void ck_byte_counts(const uint8_t *x, int64_t rows, int64_t channels, int64_t inner, int64_t *counts);

/// out = x turned counter-clockwise about its middle, [channels, height, width], bilinear, zeros outside.
void ck_rotate(const float *x, float *out, int64_t channels, int64_t height, int64_t width, double degrees);

/// A window of x of a random share of its area (range[0] … range[1]) and proportions (range[2] … range[3]) as oh × ow
/// pixels, by an antialiased triangle. torchvision's RandomResizedCrop; the key decides.
void ck_resized_crop(
    const float *x, float *out, int64_t channels, int64_t h, int64_t w, int64_t oh, int64_t ow, const double *range,
    uint64_t key);

/// Zeros in a box of a random share of the area, with probability p: torchvision's RandomErasing.
void ck_erase(float *x, int64_t channels, int64_t h, int64_t w, double p, const double *range, uint64_t key);

/// Brightness, contrast and saturation times a factor of up to 1 ± range, hue turned by up to range: torchvision's
/// ColorJitter for x in 0…1.
void ck_colour_jitter(float *x, int64_t channels, int64_t plane, const double *range, uint64_t key);

/// One of RandAugment's fourteen changes in place, of a share of its largest strength: 0 nothing, 1 and 2 shear, 3 and 4
/// translate, 5 rotate, 6 brightness, 7 saturation, 8 contrast, 9 sharpness, 10 posterize, 11 solarize, 12 autocontrast,
/// 13 equalize. `other` has room for as many numbers as x.
void ck_rand_change(
    float *x, float *other, int64_t channels, int64_t h, int64_t w, int kind, double share, bool negative);

/// `count` of them, drawn with replacement.
void ck_rand_augment(
    float *x, float *other, int64_t channels, int64_t h, int64_t w, int64_t count, double share, uint64_t key);

// MARK: A second thread (background.c)

/// Work for the second thread. It belongs to the caller, who keeps it until ck_task_wait came back.
typedef struct ck_task {
    void (*body)(void *context);
    void *context;
    struct ck_task *next;
    int state;
} ck_task;

/// Queues the work. One thread takes it up in the order it came.
void ck_task_start(ck_task *task);
/// Comes back when the work is done; work that nobody has begun is done by the caller.
void ck_task_wait(ck_task *task);
