// The part of ZeroMQ that a Jupyter kernel needs. The library is loaded when a kernel starts: nothing else waits for it.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What a socket does.
typedef enum { ZEROMQ_ROUTER, ZEROMQ_XPUB, ZEROMQ_REP, ZEROMQ_DEALER, ZEROMQ_SUB, ZEROMQ_REQ } zeromq_kind;

/// Whether the library could be loaded.
bool zeromq_is_available(void);
/// All sockets of a process belong to a context; NULL without the library.
void *zeromq_context(void);
/// Closes what is still open and sends what is still waiting, for at most a second.
void zeromq_end(void *context);
/// A socket at an address, waiting for peers (`binds`) or going to one; NULL with `errno` set.
void *zeromq_socket(void *context, zeromq_kind kind, const char *address, bool binds);
void zeromq_close(void *socket);

/// Waits until a socket or the descriptor has something to read, or `milliseconds` have passed (negative: for ever).
/// `ready` gets one flag a socket and one more for the descriptor. The number of those set, or -1.
int zeromq_wait(void **sockets, int count, int descriptor, bool *ready, long milliseconds);

/// One frame of a message.
typedef struct {
    uint8_t *bytes;
    size_t size;
    bool has_more;
} zeromq_frame;
/// Takes a frame without waiting; false when there is none. The caller frees `bytes`.
bool zeromq_receive(void *socket, zeromq_frame *frame);
/// Sends a frame without waiting; false with `errno` set, EAGAIN when the peer is behind.
bool zeromq_send(void *socket, const void *bytes, size_t size, bool has_more);
/// What an error number means.
const char *zeromq_reason(int error);
