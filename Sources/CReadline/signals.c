// What signals do while the prompt waits, and the interrupt that they ask for.
#define _GNU_SOURCE
#include "signals.h"
#include <pthread.h>

volatile sig_atomic_t editor_resized, editor_stopping, editor_dying;
static void (*request_interrupt)(void);
static bool (*interrupt_requested)(void);
static void (*clear_interrupt)(void);

// The kernel may hand a signal to any thread; the wait to be ended is the owner's.
static pthread_t owner;
static bool owned;
static void pass_on(int signal) {
    if (owned && !pthread_equal(pthread_self(), owner)) pthread_kill(owner, signal);
}

// Only the owner raises the flag: raised by both, it would come up again after the owner has answered it.
static void on_interrupt(int signal) {
    if (owned && !pthread_equal(pthread_self(), owner)) pass_on(signal);
    else if (request_interrupt) request_interrupt();
}
static void on_resize(int signal) { editor_resized = 1; pass_on(signal); }
static void on_stop(int signal) { editor_stopping = 1; pass_on(signal); }
static void on_death(int signal) { editor_dying = signal; pass_on(signal); }

static void set_handler(int signal, void (*handler)(int)) {
    struct sigaction action = {0};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    // No SA_RESTART: a blocking read must come back so that the flag is seen.
    sigaction(signal, &action, NULL);
}

void editor_catch_interrupts(void (*request)(void), bool (*requested)(void), void (*clear)(void)) {
    owner = pthread_self();
    owned = true;
    request_interrupt = request;
    interrupt_requested = requested;
    clear_interrupt = clear;
    set_handler(SIGINT, on_interrupt);
}

// Ctrl-\ at the prompt is a slip beside Ctrl-] and must not end the session; it stays the way out of a computation.
static void on_quit(int signal) { (void)signal; }

static const int edited_signals[] = {SIGWINCH, SIGTSTP, SIGTERM, SIGHUP, SIGQUIT};
static struct sigaction outer_actions[5];

void catch_edited_signals(void) {
    void (*handlers[])(int) = {on_resize, on_stop, on_death, on_death, on_quit};
    for (int i = 0; i < 5; i++) {
        sigaction(edited_signals[i], NULL, &outer_actions[i]);
        // A parent that ignores SIGHUP (nohup) means it.
        if (outer_actions[i].sa_handler != SIG_IGN) set_handler(edited_signals[i], handlers[i]);
    }
}

// All but SIGQUIT.
void add_edited_signals(sigset_t *set) {
    for (int i = 0; i < 4; i++) sigaddset(set, edited_signals[i]);
}

void restore_edited_signals(void) {
    for (int i = 0; i < 5; i++) sigaction(edited_signals[i], &outer_actions[i], NULL);
}

void raise_as_others(int signal) {
    set_handler(signal, SIG_DFL);
    raise(signal);
}

void stop_and_resume(void) {
    sigset_t only_stop;
    sigemptyset(&only_stop);
    sigaddset(&only_stop, SIGTSTP);
    raise_as_others(SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &only_stop, NULL);
    sigprocmask(SIG_BLOCK, &only_stop, NULL);
    set_handler(SIGTSTP, on_stop);
}

bool interrupt_is_requested(void) { return interrupt_requested && interrupt_requested(); }

void clear_requested_interrupt(void) {
    if (clear_interrupt) clear_interrupt();
}
