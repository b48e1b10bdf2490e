#include "ckernels_plain.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

bool ck_plain_process;
_Thread_local int8_t ck_plain_thread;
_Thread_local uint64_t ck_plain_noise;
static _Atomic uint64_t taken[CK_MOST_SHORTCUTS];

__attribute__((constructor)) static void read_environment(void) {
    const char *wish = getenv("DISTILL_PLAIN");
    ck_plain_process = wish && *wish && strcmp(wish, "0") != 0;
}

bool ck_take_shortcut(int number) {
    if (ck_plain()) { return false; }
    atomic_fetch_add_explicit(&taken[number], 1, memory_order_relaxed);
    return true;
}

uint64_t ck_shortcut_count(int number) { return atomic_load_explicit(&taken[number], memory_order_relaxed); }
