// Convolutions of float32 by the engine that ck_convolution_way chooses. What has no packed form is left to the plain path.
#include "counts.h"
#include "onednn.h"
#include <string.h>

size_t ck_conv_packed_bytes(const ck_convolution *c, ck_conv_pass pass) {
    if (pass == CK_CONV_BACKWARD_WEIGHTS) { return 0; }
    switch (ck_convolution_way(c, pass)) {
    case CK_WAY_WINOGRAD: return ck_winograd_bytes(c, pass);
    case CK_WAY_ONEDNN: return ck_onednn_packed_bytes(c, pass);
    default: return 0;
    }
}

/// Where an image lies in the padding for a filter's element, oneDNN multiplies the one by zeros in the other's place, and
/// Winograd mixes: an infinity or nan of a filter reaches results that never see it, and one of a gradient elements that never
/// see it. Whole numbers, so that the loop is one of vectors without leave to reorder sums.
static bool is_finite(const float *x, int64_t count) {
    uint32_t stray = 0;
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        stray |= (uint32_t)((bits & 0x7f800000) == 0x7f800000);
    }
    return stray == 0;
}

/// False too for a filter that is infinite or nan somewhere: plain loops say where.
bool ck_conv_pack(const ck_convolution *c, ck_conv_pass pass, const float *w, const float *scale, void *packed) {
    if (!is_finite(w, c->co * (c->ci / c->g) * c->kh * c->kw)) { return false; }
    if (ck_convolution_way(c, pass) != CK_WAY_WINOGRAD) { return ck_onednn_pack(c, pass, w, scale, packed); }
    ck_winograd_pack(c, pass, w, scale, packed);
    return true;
}

bool ck_conv_forward(
    const ck_convolution *c, const float *x, const void *packed, const ck_conv_epilogue *epilogue, float *y) {
    ck_way way = ck_convolution_way(c, CK_CONV_FORWARD);
    bool done = way == CK_WAY_WINOGRAD ? ck_winograd_run(c, CK_CONV_FORWARD, x, packed, epilogue, y)
                                       : ck_onednn_forward(c, x, packed, epilogue, y);
    if (done) { ck_count_way(way); }
    return done;
}

bool ck_conv_backward_data(const ck_convolution *c, const float *g, const void *packed, float *out) {
    ck_conv_epilogue none = {0};
    ck_way way = ck_convolution_way(c, CK_CONV_BACKWARD_DATA);
    bool done = way == CK_WAY_WINOGRAD ? ck_winograd_run(c, CK_CONV_BACKWARD_DATA, g, packed, &none, out)
                                       : ck_onednn_backward_data(c, g, packed, out);
    if (done) { ck_count_way(way); }
    return done;
}

/// False too for a gradient that is infinite or nan somewhere: plain loops say where.
bool ck_conv_backward_weights(const ck_convolution *c, const float *x, const float *g, float *weights, float *bias) {
    ck_way way = ck_convolution_way(c, CK_CONV_BACKWARD_WEIGHTS);
    bool done = false;
    if (way == CK_WAY_WINOGRAD) {
        done = ck_winograd_gradient(c, x, g, weights);
        if (done && bias) { ck_reduce(CK_SUM, CK_FLOAT32, g, bias, 1, c->n * c->oh * c->ow, c->co); }
    } else if (way == CK_WAY_ONEDNN) {
        done = ck_onednn_backward_weights(c, x, g, weights, bias);
    }
    done = done && is_finite(weights, c->co * (c->ci / c->g) * c->kh * c->kw);
    if (done) { ck_count_way(way); }
    return done;
}
