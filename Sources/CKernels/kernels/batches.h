// Passes over the numbers of a batch. The same seed must give the same views on every processor: no fused multiply-adds.

static void LEVELLED(add_noise)(float *x, const float *noise, float scale, int64_t n) {
    #pragma clang fp contract(off)
    CK_LOOP { x[i] = x[i] + scale * noise[i]; }
}

static void LEVELLED(mix)(const float *x, const float *y, float *out, float share, int64_t n) {
    #pragma clang fp contract(off)
    float rest = 1 - share;
    CK_LOOP { out[i] = share * x[i] + rest * y[i]; }
}

static void LEVELLED(from_bytes)(const uint8_t *x, float *out, int64_t n) {
    CK_LOOP { out[i] = (float)x[i] / 255.0f; }
}

static void LEVELLED(standardise)(const float *x, float *out, float mean, float std, int64_t n) {
    #pragma clang fp contract(off)
    CK_LOOP { out[i] = (x[i] - mean) / std; }
}
