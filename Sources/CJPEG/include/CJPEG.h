#pragma once
// libjpeg reports errors by a function that must not return: the longjmp out of it stays behind this interface.
#include <stddef.h>
#include <stdint.h>

typedef struct cjpeg_image cjpeg_image;

// Decodes a whole file to 1 (grey) or 3 (red, green, blue) bytes a pixel, as it is stored; CMYK becomes RGB as Pillow
// converts it. Never NULL unless memory ran out; cjpeg_message tells whether it worked.
cjpeg_image *cjpeg_decode(const uint8_t *bytes, size_t count, uint64_t max_pixels);
// Reads size, channels and orientation alone.
cjpeg_image *cjpeg_header(const uint8_t *bytes, size_t count);
void cjpeg_destroy(cjpeg_image *image);
// Why it failed, empty when it did not.
const char *cjpeg_message(const cjpeg_image *image);
// How many bytes were read before the failure.
size_t cjpeg_offset(const cjpeg_image *image);
uint32_t cjpeg_width(const cjpeg_image *image);
uint32_t cjpeg_height(const cjpeg_image *image);
int cjpeg_channels(const cjpeg_image *image);
// The orientation that the camera noted, 1 to 8; 1 without one.
int cjpeg_orientation(const cjpeg_image *image);
void cjpeg_copy_pixels(const cjpeg_image *image, uint8_t *destination);

// Resamples height × width pixels of some channels to new_height × new_width by Pillow's bilinear filter, whose triangle
// widens with the reduction (antialiasing), in the same 8-bit fixed point. Returns 0, or -1 when memory ran out.
int cimage_resample(
    const uint8_t *pixels, size_t height, size_t width, size_t channels, uint8_t *result, size_t new_height,
    size_t new_width);
