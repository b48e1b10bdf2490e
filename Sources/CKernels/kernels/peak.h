// The most that a core can do: multiplications and additions of independent sums in registers, nothing from memory.

static float LEVELLED(peak)(int64_t rounds) {
    enum { SUMS = 12 };
    lanes sums[SUMS], factor, step;
    for (int l = 0; l < LANES; l++) { factor[l] = 0.999f; step[l] = 0.001f; }
    for (int s = 0; s < SUMS; s++) { sums[s] = step * (float)s; }
    for (int64_t round = 0; round < rounds; round++) {
#pragma clang loop unroll(full)
        for (int s = 0; s < SUMS; s++) { sums[s] = sums[s] * factor + step; }
    }
    float total = 0;
    for (int s = 0; s < SUMS; s++) { total += sums[s][0]; }
    return total;
}
