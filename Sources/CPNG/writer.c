#include "CPNG.h"
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

// The distinct colours of a picture, when they are few: an indexed picture is smaller and three times faster to pack.
typedef struct {
    uint32_t keys[1024];
    uint8_t indices[1024];
    uint8_t used[1024];
    png_color colours[256];
    int count;
} palette;

struct cpng_writer {
    cpng_buffer *output;
    palette *table; // in the handle rather than a local, because longjmp leaves changed locals undefined
    png_text *texts;
    int text_count;
    int indexed;
    uint8_t *row;
    char message[160];
};

cpng_writer *cpng_writer_create(void) {
    cpng_writer *writer = calloc(1, sizeof(cpng_writer));
    if (writer == NULL) return NULL;
    writer->output = cpng_buffer_create();
    if (writer->output == NULL) {
        free(writer);
        return NULL;
    }
    return writer;
}

void cpng_writer_destroy(cpng_writer *writer) {
    if (writer == NULL) return;
    for (int i = 0; i < writer->text_count; i++) {
        free(writer->texts[i].key);
        free(writer->texts[i].text);
    }
    free(writer->texts);
    free(writer->row);
    free(writer->table);
    cpng_buffer_destroy(writer->output);
    free(writer);
}

static int is_ascii(const char *text) {
    for (; *text; text++) {
        if ((unsigned char)*text >= 128) return 0;
    }
    return 1;
}

int cpng_writer_add_text(cpng_writer *writer, const char *keyword, const char *text) {
    png_text *grown = realloc(writer->texts, sizeof(png_text) * (size_t)(writer->text_count + 1));
    if (grown == NULL) return 0;
    writer->texts = grown;
    png_text *entry = &grown[writer->text_count];
    memset(entry, 0, sizeof *entry);
    entry->compression = is_ascii(text) ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE;
    entry->key = strdup(keyword);
    entry->text = strdup(text);
    if (entry->key == NULL || entry->text == NULL) {
        free(entry->key);
        free(entry->text);
        return 0;
    }
    entry->text_length = strlen(text);
    writer->text_count++;
    return 1;
}

static void fail(png_structp png, png_const_charp message) {
    cpng_writer *writer = png_get_error_ptr(png);
    strncpy(writer->message, message, sizeof writer->message - 1);
    png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static void append(png_structp png, png_bytep bytes, size_t count) {
    cpng_writer *writer = png_get_io_ptr(png);
    if (!cpng_buffer_append(writer->output, bytes, count)) png_error(png, "out of memory");
}

static void flush(png_structp png) { (void)png; }

static inline uint32_t slot_of(uint32_t colour) { return (colour * 2654435761u) >> 22; }

static int index_of(palette *table, uint32_t colour) {
    uint32_t slot = slot_of(colour);
    while (table->used[slot]) {
        if (table->keys[slot] == colour) return table->indices[slot];
        slot = (slot + 1) & 1023;
    }
    if (table->count == 256) return -1;
    table->used[slot] = 1;
    table->keys[slot] = colour;
    table->indices[slot] = (uint8_t)table->count;
    table->colours[table->count] =
        (png_color){(uint8_t)(colour >> 16), (uint8_t)(colour >> 8), (uint8_t)colour};
    return table->count++;
}

static int build_palette(palette *table, const uint8_t *pixels, uint32_t width, uint32_t height, size_t stride) {
    memset(table, 0, sizeof *table);
    uint32_t last = 0xFFFFFFFFu;
    for (uint32_t y = 0; y < height; y++) {
        const uint32_t *row = (const uint32_t *)(pixels + y * stride);
        for (uint32_t x = 0; x < width; x++) {
            uint32_t colour = row[x] & 0xFFFFFFu;
            if (colour == last) continue;
            if (index_of(table, colour) < 0) return 0;
            last = colour;
        }
    }
    return 1;
}

static void index_row(palette *table, const uint32_t *row, uint8_t *out, uint32_t width) {
    uint32_t last = row[0] & 0xFFFFFFu;
    int index = index_of(table, last);
    for (uint32_t x = 0; x < width; x++) {
        uint32_t colour = row[x] & 0xFFFFFFu;
        if (colour != last) {
            index = index_of(table, colour);
            last = colour;
        }
        out[x] = (uint8_t)index;
    }
}

// Four pixels a step: the bytes R G B of each, packed into three words.
static void rgb_row(const uint32_t *row, uint8_t *out, uint32_t width) {
    uint32_t x = 0;
    for (; x + 4 <= width; x += 4, out += 12) {
        uint32_t p[4];
        for (int i = 0; i < 4; i++) { p[i] = __builtin_bswap32(row[x + i]) >> 8; }
        uint32_t words[3] = {p[0] | p[1] << 24, p[1] >> 8 | p[2] << 16, p[2] >> 16 | p[3] << 8};
        memcpy(out, words, sizeof words);
    }
    for (; x < width; x++, out += 3) {
        out[0] = (uint8_t)(row[x] >> 16);
        out[1] = (uint8_t)(row[x] >> 8);
        out[2] = (uint8_t)row[x];
    }
}

int cpng_writer_write(
    cpng_writer *writer, const uint8_t *pixels, uint32_t width, uint32_t height, size_t stride, cpng_layout layout,
    uint32_t pixels_per_metre) {
    if (layout == CPNG_CAIRO) {
        writer->table = malloc(sizeof(palette));
        writer->row = malloc((size_t)width * 3);
        if (writer->table == NULL || writer->row == NULL) {
            strcpy(writer->message, "out of memory");
            return 0;
        }
        writer->indexed = build_palette(writer->table, pixels, width, height, stride);
    }
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, writer, fail, ignore);
    png_infop info = png == NULL ? NULL : png_create_info_struct(png);
    if (info == NULL) {
        png_destroy_write_struct(&png, NULL);
        strcpy(writer->message, "out of memory");
        return 0;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        return 0;
    }
    png_set_write_fn(png, writer, append, flush);
    int colour_type = PNG_COLOR_TYPE_RGB;
    if (layout == CPNG_GREY) colour_type = PNG_COLOR_TYPE_GRAY;
    if (layout == CPNG_RGBA) colour_type = PNG_COLOR_TYPE_RGBA;
    if (writer->indexed) colour_type = PNG_COLOR_TYPE_PALETTE;
    png_set_IHDR(
        png, info, width, height, 8, colour_type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
        PNG_FILTER_TYPE_DEFAULT);
    if (writer->indexed) png_set_PLTE(png, info, writer->table->colours, writer->table->count);
    if (pixels_per_metre > 0) png_set_pHYs(png, info, pixels_per_metre, pixels_per_metre, PNG_RESOLUTION_METER);
    if (writer->text_count > 0) png_set_text(png, info, writer->texts, writer->text_count);
    // Drawn pictures are flat areas with thin lines, which compress best unfiltered; other pixels do as their differences
    // from the row above. A low level loses a few per cent of size for half of the time.
    png_set_filter(png, PNG_FILTER_TYPE_BASE, layout == CPNG_CAIRO ? PNG_FILTER_NONE : PNG_FILTER_UP);
    png_set_compression_level(png, 2);
    png_set_compression_buffer_size(png, 1 << 16);
    png_write_info(png, info);
    for (uint32_t y = 0; y < height; y++) {
        const uint8_t *source = pixels + y * stride;
        if (writer->indexed) {
            index_row(writer->table, (const uint32_t *)source, writer->row, width);
            png_write_row(png, writer->row);
        } else if (layout == CPNG_CAIRO) {
            rgb_row((const uint32_t *)source, writer->row, width);
            png_write_row(png, writer->row);
        } else {
            png_write_row(png, source);
        }
    }
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return 1;
}

const char *cpng_writer_message(const cpng_writer *writer) { return writer->message; }

const cpng_buffer *cpng_writer_output(const cpng_writer *writer) { return writer->output; }

void cpng_premultiply(
    const uint8_t *samples, uint32_t width, uint32_t height, int channels, uint8_t *destination, size_t stride) {
    for (uint32_t y = 0; y < height; y++) {
        uint32_t *row = (uint32_t *)(destination + y * stride);
        for (uint32_t x = 0; x < width; x++) {
            uint32_t r = samples[0], g = r, b = r, a = 255;
            if (channels >= 3) {
                g = samples[1];
                b = samples[2];
            }
            if (channels == 4) {
                a = samples[3];
                r = (r * a + 127) / 255;
                g = (g * a + 127) / 255;
                b = (b * a + 127) / 255;
            }
            row[x] = a << 24 | r << 16 | g << 8 | b;
            samples += channels;
        }
    }
}
