// Per-thread ambient state, and the interrupt flag, which belongs to the process because a signal handler sets it.
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum { CK_STREAMS = 4 };

/// Seed and one position per stream: initialization, shuffling, dropout, sampling.
typedef struct {
    uint64_t seed;
    uint64_t position[CK_STREAMS];
} ck_random_state;

typedef struct {
    bool gradients_disabled;
    bool tracing;
    int64_t last_number;
    ck_random_state random;
} ck_thread_state;

extern _Thread_local ck_thread_state ck_state;

static inline bool ck_gradients_enabled(void) { return !ck_state.gradients_disabled; }
static inline void ck_set_gradients_enabled(bool enabled) { ck_state.gradients_disabled = !enabled; }

/// Whether operations are to be listed.
static inline bool ck_tracing(void) { return ck_state.tracing; }
static inline void ck_set_tracing(bool tracing) { ck_state.tracing = tracing; }

/// Numbers that grow with every operation and tensor made by this thread.
static inline int64_t ck_next_number(void) { return ++ck_state.last_number; }

static inline ck_random_state ck_random_get(void) { return ck_state.random; }
static inline void ck_random_set(ck_random_state state) { ck_state.random = state; }
/// Reserves `count` counters of a stream and returns the first.
static inline uint64_t ck_random_advance(uint32_t stream, uint64_t count) {
    uint64_t first = ck_state.random.position[stream & 3];
    ck_state.random.position[stream & 3] = first + count;
    return first;
}

/// Safe to call from a signal handler.
bool ck_interrupt_requested(void);
