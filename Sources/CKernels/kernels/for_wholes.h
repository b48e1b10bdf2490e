// Includes the file TYPED once for each whole type: T is the type, and NAME(x) is the x of this type.
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
