#include "ckernels.h"
#include "interrupt.h"
#include <stdatomic.h>

_Thread_local ck_thread_state ck_state;

bool ck_interrupt_requested(void) { return interrupt_requested(); }
