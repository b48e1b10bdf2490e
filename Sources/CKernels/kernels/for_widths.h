// Includes the file TYPED once for each width of numbers in bytes, where they are only moved: T is a type of that width, and
// NAME(x) is the x for it.
#define T uint8_t
#define NAME(name) name##_1
#include TYPED
#undef NAME
#undef T
#define T uint32_t
#define NAME(name) name##_4
#include TYPED
#undef NAME
#undef T
#define T uint64_t
#define NAME(name) name##_8
#include TYPED
#undef NAME
#undef T
#undef TYPED
