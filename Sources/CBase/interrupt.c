#include "interrupt.h"
#include <stdatomic.h>

static atomic_int interrupted;

void interrupt_request(void) { atomic_store_explicit(&interrupted, 1, memory_order_relaxed); }
void interrupt_clear(void) { atomic_store_explicit(&interrupted, 0, memory_order_relaxed); }
bool interrupt_requested(void) { return atomic_load_explicit(&interrupted, memory_order_relaxed) != 0; }
