#include "CEmbedded.h"
#include <string.h>

// #embed is C23; clang offers it in older modes as an extension, and the package stays on gnu17.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char digits[] = {
#embed "../../examples/data/digits.csv"
};

EmbeddedFile embedded_digits(void) {
    return (EmbeddedFile){"digits.csv", digits, sizeof digits};
}

// The names that torchvision gives ImageNet's classes, one a line (torchvision/models/_meta.py).
static const unsigned char imagenet[] = {
#embed "imagenet-classes.txt"
};

EmbeddedFile embedded_imagenet_classes(void) {
    return (EmbeddedFile){"imagenet-classes.txt", imagenet, sizeof imagenet};
}

// Each entry is a path below Sources/Builtins/Standard and the array that #embed filled from it.
static const unsigned char models[] = {
#embed "../Builtins/Standard/models.dist"
};

static const unsigned char torchvision[] = {
#embed "../Builtins/Standard/torchvision.dist"
};

static const unsigned char transformers[] = {
#embed "../Builtins/Standard/transformers.dist"
};

static const EmbeddedFile standard[] = {
    {"models.dist", models, sizeof models},
    {"torchvision.dist", torchvision, sizeof torchvision},
    {"transformers.dist", transformers, sizeof transformers},
    {"", (const unsigned char *)"", 0},
};

size_t embedded_standard_count(void) {
    return sizeof standard / sizeof standard[0] - 1;
}

EmbeddedFile embedded_standard(size_t index) {
    size_t count = embedded_standard_count();
    return standard[index < count ? index : count];
}

void embedded_copy(EmbeddedFile file, unsigned char *destination) {
    memcpy(destination, file.bytes, file.length);
}
