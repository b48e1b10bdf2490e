// zlib's inflate in one call: its stream structure of pointers and macros has no place in Swift.
#ifndef CZLIB_H
#define CZLIB_H

#include <stddef.h>
#include <stdint.h>

/// How a compressed stream is wrapped.
typedef enum { CZLIB_RAW, CZLIB_GZIP } CZlibFormat;

/// Inflates `in` into `out`. Gives 0 and the size when the stream ends within `capacity`; 1 when more room is needed;
/// -1 when the data is damaged or cut short.
int czlib_inflate(
    CZlibFormat format, const uint8_t *_Nonnull in, size_t count, uint8_t *_Nonnull out, size_t capacity,
    size_t *_Nonnull written);

/// Inflates one gzip member into `out`, as far as `capacity` allows, and says how much was written and how much of `in`
/// was taken. Gives 0 when the member ended, 1 when more room is needed, -1 when the data is damaged or cut short.
int czlib_gunzip(
    const uint8_t *_Nonnull in, size_t count, uint8_t *_Nonnull out, size_t capacity, size_t *_Nonnull written,
    size_t *_Nonnull taken);

/// The CRC-32 of some bytes, as in gzip and zip.
uint32_t czlib_crc32(const uint8_t *_Nonnull bytes, size_t count);

#endif
