// Convolution by oneDNN (onednn.c): the functions of ckernels_networks.h, false or 0 where the library has no fast kernel.
#pragma once
#include "ckernels_networks.h"

size_t ck_onednn_packed_bytes(const ck_convolution *c, ck_conv_pass pass);
bool ck_onednn_pack(const ck_convolution *c, ck_conv_pass pass, const float *w, const float *scale, void *packed);
bool ck_onednn_forward(
    const ck_convolution *c, const float *x, const void *packed, const ck_conv_epilogue *epilogue, float *y);
bool ck_onednn_backward_data(const ck_convolution *c, const float *g, const void *packed, float *out);
bool ck_onednn_backward_weights(const ck_convolution *c, const float *x, const float *g, float *weights, float *bias);
