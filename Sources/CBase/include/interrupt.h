// The one flag that says whether somebody wants the work in progress to stop. Safe in a signal handler.
#pragma once

#include <stdbool.h>

void interrupt_request(void);
void interrupt_clear(void);
bool interrupt_requested(void);
