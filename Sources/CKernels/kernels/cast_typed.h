// From numbers of type T, of which TO_WHOLE(x) is the whole part, to every other type.

#define CAST(name, to_type, ...) \
    static void NAME(cast_to_##name)(const T *from, to_type *to, int64_t n) { \
        CK_LOOP { T x = from[i]; to[i] = (to_type)(__VA_ARGS__); } \
    }
CAST(float, float, x)
CAST(double, double, x)
CAST(int, int64_t, TO_WHOLE(x))
CAST(byte, uint8_t, TO_WHOLE(x))
CAST(bool, uint8_t, x != 0)
#undef CAST

static void NAME(cast)(const T *x, ck_dtype to, void *out, int64_t n) {
    switch (to) {
    case CK_FLOAT32: NAME(cast_to_float)(x, out, n); break;
    case CK_FLOAT64: NAME(cast_to_double)(x, out, n); break;
    case CK_INT64: NAME(cast_to_int)(x, out, n); break;
    case CK_UINT8: NAME(cast_to_byte)(x, out, n); break;
    case CK_BOOL: NAME(cast_to_bool)(x, out, n); break;
    }
}
