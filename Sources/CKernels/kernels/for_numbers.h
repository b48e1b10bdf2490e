// Includes the file TYPED once for each type of numbers: T is the type, and NAME(x) is the x of this type.
#define T float
#define NAME(name) name##_f
#include TYPED
#undef NAME
#undef T
#define T double
#define NAME(name) name##_d
#include TYPED
#undef NAME
#undef T
#define T int64_t
#define NAME(name) name##_i
#include TYPED
#undef NAME
#undef T
#define T uint8_t
#define NAME(name) name##_u
#include TYPED
#undef NAME
#undef T
#undef TYPED
