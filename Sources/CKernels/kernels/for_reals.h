// Includes the file TYPED once for each floating-point type: T is the type, and NAME(x) is the x of this type.
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
#undef TYPED
