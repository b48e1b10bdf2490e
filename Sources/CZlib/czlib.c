#include "CZlib.h"

#include <string.h>
#include <zlib.h>

int czlib_inflate(
    CZlibFormat format, const uint8_t *in, size_t count, uint8_t *out, size_t capacity, size_t *written) {
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    *written = 0;
    if (inflateInit2(&stream, format == CZLIB_GZIP ? 15 + 16 : -15) != Z_OK) return -1;
    size_t taken = 0, given = 0;
    int status = Z_OK;
    const size_t chunk = 1u << 30;
    while (status == Z_OK) {
        size_t more = count - taken < chunk ? count - taken : chunk;
        size_t room = capacity - given < chunk ? capacity - given : chunk;
        stream.next_in = (Bytef *)(in + taken);
        stream.avail_in = (uInt)more;
        stream.next_out = out + given;
        stream.avail_out = (uInt)room;
        status = inflate(&stream, Z_NO_FLUSH);
        taken += more - stream.avail_in;
        given += room - stream.avail_out;
        if (status == Z_OK && given == capacity) {
            inflateEnd(&stream);
            return 1;
        }
        if (status == Z_BUF_ERROR && given == capacity) {
            inflateEnd(&stream);
            return 1;
        }
    }
    inflateEnd(&stream);
    *written = given;
    return status == Z_STREAM_END ? 0 : -1;
}

uint32_t czlib_crc32(const uint8_t *bytes, size_t count) {
    uLong crc = crc32(0, Z_NULL, 0);
    return (uint32_t)crc32_z(crc, bytes, count);
}

int czlib_gunzip(
    const uint8_t *in, size_t count, uint8_t *out, size_t capacity, size_t *written, size_t *taken) {
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    *written = *taken = 0;
    if (inflateInit2(&stream, 15 + 16) != Z_OK) return -1;
    const size_t chunk = 1u << 30;
    int status = Z_OK;
    while (status == Z_OK) {
        size_t more = count - *taken < chunk ? count - *taken : chunk;
        size_t room = capacity - *written < chunk ? capacity - *written : chunk;
        stream.next_in = (Bytef *)(in + *taken);
        stream.avail_in = (uInt)more;
        stream.next_out = out + *written;
        stream.avail_out = (uInt)room;
        status = inflate(&stream, Z_NO_FLUSH);
        *taken += more - stream.avail_in;
        *written += room - stream.avail_out;
        if ((status == Z_OK || status == Z_BUF_ERROR) && *written == capacity) {
            inflateEnd(&stream);
            return 1;
        }
    }
    inflateEnd(&stream);
    return status == Z_STREAM_END ? 0 : -1;
}
