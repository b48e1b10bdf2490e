#include "ckernels.h"
#include <stdatomic.h>

_Thread_local ck_thread_state ck_state;

static atomic_int interrupted;

void ck_interrupt_request(void) { atomic_store_explicit(&interrupted, 1, memory_order_relaxed); }
void ck_interrupt_clear(void) { atomic_store_explicit(&interrupted, 0, memory_order_relaxed); }
bool ck_interrupt_requested(void) { return atomic_load_explicit(&interrupted, memory_order_relaxed) != 0; }
