#include "CJPEG.h"
#include <stdio.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

struct cjpeg_image {
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf failed;
    const uint8_t *bytes;
    size_t count;
    uint32_t width;
    uint32_t height;
    int channels;
    int orientation;
    size_t offset;
    uint8_t *pixels;
    char message[JMSG_LENGTH_MAX];
};

// A picture of more scans than any camera or program writes takes hours and shows nothing more.
enum { MOST_SCANS = 200 };

static void leave(j_common_ptr info, const char *message) {
    cjpeg_image *image = (cjpeg_image *)info->err;
    if (message != NULL) {
        snprintf(image->message, sizeof image->message, "%s", message);
    } else {
        info->err->format_message(info, image->message);
    }
    longjmp(image->failed, 1);
}

static void fail(j_common_ptr info) { leave(info, NULL); }

static void be_silent(j_common_ptr info) { (void)info; }

// Warnings that leave pixels as they were meant; all others mean that data is damaged.
static void warn(j_common_ptr info, int level) {
    if (level >= 0) return;
    switch (info->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR: return;
    default: leave(info, NULL);
    }
}

static void count_scans(j_common_ptr info) {
    if (((j_decompress_ptr)info)->input_scan_number > MOST_SCANS) leave(info, "more scans than a picture has");
}

static void begin_source(j_decompress_ptr info) { (void)info; }

static boolean no_more(j_decompress_ptr info) {
    leave((j_common_ptr)info, "the file ends early");
    return FALSE;
}

static void skip(j_decompress_ptr info, long count) {
    if (count <= 0) return;
    if ((size_t)count > info->src->bytes_in_buffer) leave((j_common_ptr)info, "the file ends early");
    info->src->next_input_byte += count;
    info->src->bytes_in_buffer -= (size_t)count;
}

static unsigned number(const uint8_t *p, int width, int big) {
    unsigned value = 0;
    for (int i = 0; i < width; i++) value = value << 8 | p[big ? i : width - 1 - i];
    return value;
}

// Tag 0x0112 of the first directory of the Exif block.
static int orientation(const uint8_t *data, size_t count) {
    if (count < 14 || memcmp(data, "Exif\0\0", 6) != 0) return 1;
    const uint8_t *tiff = data + 6;
    count -= 6;
    int big = tiff[0] == 'M';
    if (tiff[0] != tiff[1] || (tiff[0] != 'M' && tiff[0] != 'I') || number(tiff + 2, 2, big) != 42) return 1;
    size_t place = number(tiff + 4, 4, big);
    if (place > count || count - place < 2) return 1;
    size_t entries = number(tiff + place, 2, big);
    place += 2;
    for (size_t i = 0; i < entries && count - place >= 12; i++, place += 12) {
        if (number(tiff + place, 2, big) != 0x0112) continue;
        unsigned value = number(tiff + place + 8, 2, big);
        return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}

// Adobe's programs store CMYK inverted and say so by their marker; both ways give RGB as Pillow's convert does.
static void to_rgb(const uint8_t *in, uint8_t *out, size_t count, int inverted) {
    for (size_t i = 0; i < count; i++, in += 4, out += 3) {
        int black = inverted ? 255 - in[3] : in[3];
        for (int c = 0; c < 3; c++) {
            int ink = inverted ? 255 - in[c] : in[c];
            int white = 255 - black;
            int product = ink * white + 128;
            int value = white - (((product >> 8) + product) >> 8);
            out[c] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
        }
    }
}

static cjpeg_image *read_image(const uint8_t *bytes, size_t count, uint64_t max_pixels, int headerOnly) {
    cjpeg_image *image = calloc(1, sizeof(cjpeg_image));
    if (image == NULL) return NULL;
    image->bytes = bytes;
    image->count = count;
    image->orientation = 1;
    struct jpeg_decompress_struct info;
    memset(&info, 0, sizeof info);
    info.err = jpeg_std_error(&image->errors);
    image->errors.error_exit = fail;
    image->errors.emit_message = warn;
    image->errors.output_message = be_silent;
    uint8_t *volatile row = NULL;
    if (setjmp(image->failed)) {
        image->offset = info.src == NULL ? 0 : count - info.src->bytes_in_buffer;
        if (image->message[0] == 0) strcpy(image->message, "the file is damaged");
        jpeg_destroy_decompress(&info);
        free(row);
        return image;
    }
    jpeg_create_decompress(&info);
    image->source.init_source = begin_source;
    image->source.fill_input_buffer = no_more;
    image->source.skip_input_data = skip;
    image->source.resync_to_restart = jpeg_resync_to_restart;
    image->source.term_source = begin_source;
    image->source.next_input_byte = bytes;
    image->source.bytes_in_buffer = count;
    info.src = &image->source;
    image->progress.progress_monitor = count_scans;
    info.progress = &image->progress;
    jpeg_save_markers(&info, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(&info, TRUE);
    for (jpeg_saved_marker_ptr marker = info.marker_list; marker != NULL; marker = marker->next) {
        if (marker->marker == JPEG_APP0 + 1 && marker->data_length > 14 && memcmp(marker->data, "Exif\0\0", 6) == 0) {
            image->orientation = orientation(marker->data, marker->data_length);
            break;
        }
    }
    image->width = info.image_width;
    image->height = info.image_height;
    image->channels = info.num_components == 1 ? 1 : 3;
    if (headerOnly) {
        jpeg_destroy_decompress(&info);
        return image;
    }
    if ((uint64_t)image->width * image->height > max_pixels) leave((j_common_ptr)&info, "more pixels than the limit allows");
    int inks = info.num_components == 4;
    info.out_color_space = inks ? JCS_CMYK : image->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(&info);
    size_t width = info.output_width, stride = width * (size_t)image->channels;
    image->pixels = malloc(stride * image->height);
    if (inks) row = malloc(4 * width);
    if (image->pixels == NULL || (inks && row == NULL)) leave((j_common_ptr)&info, "out of memory");
    while (info.output_scanline < info.output_height) {
        uint8_t *out = image->pixels + stride * info.output_scanline;
        JSAMPROW target = inks ? row : out;
        jpeg_read_scanlines(&info, &target, 1);
        if (inks) to_rgb(row, out, width, info.saw_Adobe_marker);
    }
    jpeg_finish_decompress(&info);
    jpeg_destroy_decompress(&info);
    free(row);
    return image;
}

cjpeg_image *cjpeg_decode(const uint8_t *bytes, size_t count, uint64_t max_pixels) {
    return read_image(bytes, count, max_pixels, 0);
}

cjpeg_image *cjpeg_header(const uint8_t *bytes, size_t count) { return read_image(bytes, count, 0, 1); }

void cjpeg_destroy(cjpeg_image *image) {
    if (image == NULL) return;
    free(image->pixels);
    free(image);
}

const char *cjpeg_message(const cjpeg_image *image) { return image->message; }
size_t cjpeg_offset(const cjpeg_image *image) { return image->offset; }
uint32_t cjpeg_width(const cjpeg_image *image) { return image->width; }
uint32_t cjpeg_height(const cjpeg_image *image) { return image->height; }
int cjpeg_channels(const cjpeg_image *image) { return image->channels; }
int cjpeg_orientation(const cjpeg_image *image) { return image->orientation; }

void cjpeg_copy_pixels(const cjpeg_image *image, uint8_t *destination) {
    memcpy(destination, image->pixels, (size_t)image->width * image->height * (size_t)image->channels);
}
