#include "ckernels.h"
#include <string.h>

uint64_t ck_fingerprint(const void *bytes, size_t count, uint64_t seed) {
    const unsigned char *p = bytes;
    uint64_t lanes[4] = {seed ^ 0x9E3779B97F4A7C15u, seed + 0xBF58476D1CE4E5B9u, ~seed, seed * 0x94D049BB133111EBu + 1};
    size_t position = 0;
    for (; position + 32 <= count; position += 32) {
        for (int l = 0; l < 4; l++) {
            uint64_t word;
            memcpy(&word, p + position + 8 * l, 8);
            uint64_t mixed = (lanes[l] ^ word) * 0x9FB21C651E98DF25u;
            lanes[l] = mixed ^ (mixed >> 29);
        }
    }
    uint64_t hash = count;
    for (int l = 0; l < 4; l++) { hash = (hash ^ lanes[l]) * 0xD6E8FEB86659FD93u; hash ^= hash >> 32; }
    for (; position < count; position++) { hash = (hash ^ p[position]) * 0x100000001B3u; }
    hash ^= hash >> 33;
    hash *= 0xFF51AFD7ED558CCDu;
    return hash ^ (hash >> 33);
}
