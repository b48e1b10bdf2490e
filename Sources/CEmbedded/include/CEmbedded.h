// Files that travel inside the binary, so that an installed `distill` needs nothing beside it.
#ifndef CEMBEDDED_H
#define CEMBEDDED_H

#include <stddef.h>

#pragma clang assume_nonnull begin

/// A file embedded at compile time. The bytes live as long as the process and are never written.
typedef struct {
    const char *name;
    const unsigned char *bytes;
    size_t length;
} EmbeddedFile;

/// The handwritten digits: 1,797 lines of 64 pixels (0…16) and a label, with one header line.
EmbeddedFile embedded_digits(void);

/// The names of ImageNet's 1,000 classes, one a line.
EmbeddedFile embedded_imagenet_classes(void);

/// How many files of the standard library (`Standard/*.dist`) are embedded.
size_t embedded_standard_count(void);

/// The standard library file at `index`; `length` 0 and an empty name beyond the end.
EmbeddedFile embedded_standard(size_t index);

/// Copies the `length` bytes of a file, so that Swift keeps no pointer.
void embedded_copy(EmbeddedFile file, unsigned char *destination);

#pragma clang assume_nonnull end

#endif
