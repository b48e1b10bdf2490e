#pragma once
// libpng reports errors by longjmp, which must not cross Swift frames: every setjmp stays behind this interface.
// The handles own their memory, so that Swift passes plain arrays and strings and keeps no pointer.
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A growing block of bytes: what PNG, SVG and PDF are written into.
typedef struct cpng_buffer cpng_buffer;
cpng_buffer *cpng_buffer_create(void);
// Returns 1, or 0 when memory ran out (the content is then unusable).
int cpng_buffer_append(cpng_buffer *buffer, const void *bytes, size_t count);
// The same with the types of a stream callback.
void *cpng_buffer_stream(cpng_buffer *buffer);
int cpng_stream_append(void *stream, const void *bytes, size_t count);
size_t cpng_buffer_count(const cpng_buffer *buffer);
void cpng_buffer_copy(const cpng_buffer *buffer, uint8_t *destination);
void cpng_buffer_destroy(cpng_buffer *buffer);

// How the pixels handed to the writer lie in memory, one row after another.
typedef enum {
    CPNG_GREY = 1,  // 1 byte
    CPNG_RGB = 3,   // 3 bytes
    CPNG_RGBA = 4,  // 4 bytes, straight alpha
    CPNG_CAIRO = 5, // 4 bytes, a native-endian 0x00RRGGBB word (CAIRO_FORMAT_RGB24): written as RGB or as a palette
} cpng_layout;

typedef struct cpng_writer cpng_writer;
cpng_writer *cpng_writer_create(void);
void cpng_writer_destroy(cpng_writer *writer);
// Adds a text chunk: tEXt for ASCII, iTXt (UTF-8) otherwise. Keywords have 1 to 79 ASCII characters.
int cpng_writer_add_text(cpng_writer *writer, const char *keyword, const char *text);
// Returns 1, or 0 with a message.
int cpng_writer_write(
    cpng_writer *writer, const uint8_t *pixels, uint32_t width, uint32_t height, size_t stride, cpng_layout layout,
    uint32_t pixels_per_metre);
const char *cpng_writer_message(const cpng_writer *writer);
const cpng_buffer *cpng_writer_output(const cpng_writer *writer);

typedef struct cpng_reader cpng_reader;
cpng_reader *cpng_reader_create(void);
void cpng_reader_destroy(cpng_reader *reader);
// Decodes a whole file. channels: 0 as the file (1 for grey without transparency, else 4), 1 grey, 4 RGBA.
// Returns 1, or 0 with a message.
int cpng_reader_decode(cpng_reader *reader, const uint8_t *bytes, size_t count, int channels, uint64_t max_pixels);
const char *cpng_reader_message(const cpng_reader *reader);
// How many bytes were read before the failure.
size_t cpng_reader_offset(const cpng_reader *reader);
// Copies the pixels as planes one after another (1: the first channel, 3: red, green and blue) to destination + offset.
void cpng_reader_copy_planes(const cpng_reader *reader, uint8_t *destination, size_t offset, int planes);
uint32_t cpng_reader_width(const cpng_reader *reader);
uint32_t cpng_reader_height(const cpng_reader *reader);
int cpng_reader_channels(const cpng_reader *reader);
uint32_t cpng_reader_pixels_per_metre(const cpng_reader *reader);
void cpng_reader_copy_pixels(const cpng_reader *reader, uint8_t *destination);
int cpng_reader_text_count(const cpng_reader *reader);
const char *cpng_reader_text_keyword(const cpng_reader *reader, int index);
const char *cpng_reader_text(const cpng_reader *reader, int index);

// Converts grey, RGB or straight RGBA samples to Cairo's premultiplied native-endian 0xAARRGGBB words.
void cpng_premultiply(
    const uint8_t *samples, uint32_t width, uint32_t height, int channels, uint8_t *destination, size_t stride);

#ifdef __cplusplus
}
#endif
