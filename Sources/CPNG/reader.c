#include "CPNG.h"
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char *keyword;
    char *text;
} text_entry;

struct cpng_reader {
    const uint8_t *bytes;
    size_t count;
    size_t offset;
    uint32_t width;
    uint32_t height;
    int channels;
    int wanted;
    uint32_t pixels_per_metre;
    uint8_t *pixels;
    png_bytep *rows;
    text_entry *texts;
    int text_count;
    char message[200];
};

cpng_reader *cpng_reader_create(void) { return calloc(1, sizeof(cpng_reader)); }

void cpng_reader_destroy(cpng_reader *reader) {
    if (reader == NULL) return;
    for (int i = 0; i < reader->text_count; i++) {
        free(reader->texts[i].keyword);
        free(reader->texts[i].text);
    }
    free(reader->texts);
    free(reader->pixels);
    free(reader->rows);
    free(reader);
}

static void fail(png_structp png, png_const_charp message) {
    cpng_reader *reader = png_get_error_ptr(png);
    strncpy(reader->message, message, sizeof reader->message - 1);
    png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static void take(png_structp png, png_bytep destination, size_t count) {
    cpng_reader *reader = png_get_io_ptr(png);
    if (count > reader->count - reader->offset) png_error(png, "the file ends early");
    memcpy(destination, reader->bytes + reader->offset, count);
    reader->offset += count;
}

static void keep_texts(cpng_reader *reader, png_structp png, png_infop info) {
    png_textp texts = NULL;
    int count = 0;
    png_get_text(png, info, &texts, &count);
    if (count <= 0) return;
    reader->texts = calloc((size_t)count, sizeof(text_entry));
    if (reader->texts == NULL) png_error(png, "out of memory");
    for (int i = 0; i < count; i++) {
        char *keyword = strdup(texts[i].key);
        char *text = strdup(texts[i].text == NULL ? "" : texts[i].text);
        if (keyword == NULL || text == NULL) {
            free(keyword);
            free(text);
            png_error(png, "out of memory");
        }
        reader->texts[reader->text_count++] = (text_entry){keyword, text};
    }
}

// The weights of ITU-R 601 in sixteen-bit fixed point, as Pillow's convert("L").
static void reduce_to_grey(cpng_reader *reader) {
    size_t count = (size_t)reader->width * reader->height;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *p = reader->pixels + 4 * i;
        reader->pixels[i] = (uint8_t)((p[0] * 19595u + p[1] * 38470u + p[2] * 7471u + 0x8000u) >> 16);
    }
    reader->channels = 1;
}

int cpng_reader_decode(cpng_reader *reader, const uint8_t *bytes, size_t count, int channels, uint64_t max_pixels) {
    reader->bytes = bytes;
    reader->count = count;
    reader->wanted = channels;
    if (count < 8 || png_sig_cmp(bytes, 0, 8) != 0) {
        strcpy(reader->message, "not a PNG file: the signature is missing");
        return 0;
    }
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, fail, ignore);
    png_infop info = png == NULL ? NULL : png_create_info_struct(png);
    if (info == NULL) {
        png_destroy_read_struct(&png, NULL, NULL);
        strcpy(reader->message, "out of memory");
        return 0;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        return 0;
    }
    png_set_read_fn(png, reader, take);
    png_set_user_limits(png, 1000000, 1000000);
    png_set_chunk_malloc_max(png, 8u << 20);
    png_set_chunk_cache_max(png, 256);
    png_read_info(png, info);
    reader->width = png_get_image_width(png, info);
    reader->height = png_get_image_height(png, info);
    if ((uint64_t)reader->width * reader->height > max_pixels) {
        png_error(png, "the picture has more pixels than the limit allows");
    }
    reader->pixels_per_metre = png_get_pixels_per_meter(png, info);
    int colour_type = png_get_color_type(png, info);
    int grey = !(colour_type & PNG_COLOR_MASK_COLOR) && !(colour_type & PNG_COLOR_MASK_ALPHA)
        && !png_get_valid(png, info, PNG_INFO_tRNS);
    if (reader->wanted == 0) reader->wanted = grey ? 1 : 4;
    png_set_scale_16(png);
    if (colour_type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
    if (!(colour_type & PNG_COLOR_MASK_COLOR)) png_set_expand_gray_1_2_4_to_8(png);
    if (png_get_valid(png, info, PNG_INFO_tRNS)) png_set_tRNS_to_alpha(png);
    reader->channels = 4;
    if (grey && reader->wanted == 1) {
        reader->channels = 1;
    } else {
        if (!(colour_type & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(png);
        png_set_add_alpha(png, 255, PNG_FILLER_AFTER);
    }
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    size_t row_bytes = png_get_rowbytes(png, info);
    if (row_bytes != (size_t)reader->width * (size_t)reader->channels) png_error(png, "unexpected pixel layout");
    reader->pixels = malloc(row_bytes * reader->height);
    reader->rows = malloc(sizeof(png_bytep) * reader->height);
    if (reader->pixels == NULL || reader->rows == NULL) png_error(png, "out of memory");
    for (uint32_t y = 0; y < reader->height; y++) reader->rows[y] = reader->pixels + y * row_bytes;
    png_read_image(png, reader->rows);
    png_read_end(png, info);
    keep_texts(reader, png, info);
    png_destroy_read_struct(&png, &info, NULL);
    if (reader->wanted == 1 && reader->channels == 4) reduce_to_grey(reader);
    return 1;
}

const char *cpng_reader_message(const cpng_reader *reader) { return reader->message; }
uint32_t cpng_reader_width(const cpng_reader *reader) { return reader->width; }
uint32_t cpng_reader_height(const cpng_reader *reader) { return reader->height; }
int cpng_reader_channels(const cpng_reader *reader) { return reader->channels; }
uint32_t cpng_reader_pixels_per_metre(const cpng_reader *reader) { return reader->pixels_per_metre; }

void cpng_reader_copy_pixels(const cpng_reader *reader, uint8_t *destination) {
    memcpy(destination, reader->pixels, (size_t)reader->width * reader->height * (size_t)reader->channels);
}

int cpng_reader_text_count(const cpng_reader *reader) { return reader->text_count; }
const char *cpng_reader_text_keyword(const cpng_reader *reader, int index) { return reader->texts[index].keyword; }
const char *cpng_reader_text(const cpng_reader *reader, int index) { return reader->texts[index].text; }

size_t cpng_reader_offset(const cpng_reader *reader) { return reader->offset; }

void cpng_reader_copy_planes(const cpng_reader *reader, uint8_t *destination, size_t offset, int planes) {
    size_t count = (size_t)reader->width * reader->height, step = (size_t)reader->channels;
    for (int plane = 0; plane < planes; plane++) {
        uint8_t *out = destination + offset + (size_t)plane * count;
        const uint8_t *in = reader->pixels + plane;
        for (size_t i = 0; i < count; i++) out[i] = in[i * step];
    }
}
