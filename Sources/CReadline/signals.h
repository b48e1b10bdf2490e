// What the editor and its signals share.
#pragma once
#include "CReadline.h"
#include <signal.h>
#include <stdbool.h>

/// The terminal changed its size; Ctrl-Z was typed; the process is to end, by this signal.
extern volatile sig_atomic_t editor_resized, editor_stopping, editor_dying;

/// While the prompt waits these signals only leave a note; afterwards they do what they did before.
void catch_edited_signals(void);
void restore_edited_signals(void);
/// Adds those that must not slip in between the look at their note and the wait.
void add_edited_signals(sigset_t *set);

/// Raises a signal that does what it does to processes that do not look for it.
void raise_as_others(int signal);
/// Stops the process, which SIGTSTP asked for while it was blocked, and comes back when it is continued.
void stop_and_resume(void);

/// The flag that a SIGINT raises, by the functions given to editor_catch_interrupts.
bool interrupt_is_requested(void);
void clear_requested_interrupt(void);
