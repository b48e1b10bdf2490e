#include "CZeroMQ.h"
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

static struct {
    void *(*context)(void);
    int (*end)(void *);
    void *(*socket)(void *, int);
    int (*close)(void *);
    int (*bind)(void *, const char *);
    int (*connect)(void *, const char *);
    int (*set)(void *, int, const void *, size_t);
    int (*poll)(zmq_pollitem_t *, int, long);
    int (*init)(zmq_msg_t *);
    int (*drop)(zmq_msg_t *);
    int (*receive)(zmq_msg_t *, void *, int);
    void *(*data)(zmq_msg_t *);
    size_t (*size)(const zmq_msg_t *);
    int (*more)(const zmq_msg_t *);
    int (*send)(void *, const void *, size_t, int);
    const char *(*reason)(int);
    int (*error)(void);
} zmq;
static bool is_loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    void *library = dlopen("libzmq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (!library) { return; }
    const struct {
        void *place;
        const char *name;
    } names[] = {
        {&zmq.context, "zmq_ctx_new"}, {&zmq.end, "zmq_ctx_term"}, {&zmq.socket, "zmq_socket"},
        {&zmq.close, "zmq_close"}, {&zmq.bind, "zmq_bind"}, {&zmq.connect, "zmq_connect"},
        {&zmq.set, "zmq_setsockopt"}, {&zmq.poll, "zmq_poll"}, {&zmq.init, "zmq_msg_init"},
        {&zmq.drop, "zmq_msg_close"}, {&zmq.receive, "zmq_msg_recv"}, {&zmq.data, "zmq_msg_data"},
        {&zmq.size, "zmq_msg_size"}, {&zmq.more, "zmq_msg_more"}, {&zmq.send, "zmq_send"},
        {&zmq.reason, "zmq_strerror"}, {&zmq.error, "zmq_errno"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        void *symbol = dlsym(library, names[i].name);
        if (!symbol) { return; }
        memcpy(names[i].place, &symbol, sizeof symbol);
    }
    is_loaded = true;
}

bool zeromq_is_available(void) {
    pthread_once(&once, load);
    return is_loaded;
}

void *zeromq_context(void) { return zeromq_is_available() ? zmq.context() : NULL; }

void zeromq_end(void *context) { zmq.end(context); }

static int type(zeromq_kind kind) {
    switch (kind) {
    case ZEROMQ_ROUTER: return ZMQ_ROUTER;
    case ZEROMQ_XPUB: return ZMQ_XPUB;
    case ZEROMQ_REP: return ZMQ_REP;
    case ZEROMQ_DEALER: return ZMQ_DEALER;
    case ZEROMQ_SUB: return ZMQ_SUB;
    case ZEROMQ_REQ: return ZMQ_REQ;
    }
    return -1;
}

void *zeromq_socket(void *context, zeromq_kind kind, const char *address, bool binds) {
    void *socket = zmq.socket(context, type(kind));
    if (!socket) { return NULL; }
    int linger = 1000, yes = 1;
    zmq.set(socket, ZMQ_LINGER, &linger, sizeof linger);
    if (kind == ZEROMQ_XPUB) {
        // Every subscription is seen, also a second one to the same topic; a message waits for a slow reader instead of
        // being lost.
        zmq.set(socket, ZMQ_XPUB_VERBOSE, &yes, sizeof yes);
        zmq.set(socket, ZMQ_XPUB_NODROP, &yes, sizeof yes);
    }
    if (kind == ZEROMQ_ROUTER) {
        // A client that comes back under its old name is the same client.
        zmq.set(socket, ZMQ_ROUTER_HANDOVER, &yes, sizeof yes);
    }
    if (kind == ZEROMQ_SUB) { zmq.set(socket, ZMQ_SUBSCRIBE, "", 0); }
    if ((binds ? zmq.bind(socket, address) : zmq.connect(socket, address)) != 0) {
        int error = zmq.error();
        zmq.close(socket);
        errno = error;
        return NULL;
    }
    return socket;
}

void zeromq_close(void *socket) { zmq.close(socket); }

int zeromq_wait(void **sockets, int count, int descriptor, bool *ready, long milliseconds) {
    enum { MOST = 8 };
    zmq_pollitem_t items[MOST + 1];
    if (count > MOST) { return -1; }
    for (int i = 0; i < count; i++) { items[i] = (zmq_pollitem_t){sockets[i], 0, ZMQ_POLLIN, 0}; }
    items[count] = (zmq_pollitem_t){NULL, descriptor, ZMQ_POLLIN, 0};
    int found = zmq.poll(items, descriptor >= 0 ? count + 1 : count, milliseconds);
    for (int i = 0; i <= count; i++) { ready[i] = found > 0 && (items[i].revents & ZMQ_POLLIN) != 0; }
    return found;
}

bool zeromq_receive(void *socket, zeromq_frame *frame) {
    zmq_msg_t message;
    zmq.init(&message);
    if (zmq.receive(&message, socket, ZMQ_DONTWAIT) < 0) {
        errno = zmq.error();
        zmq.drop(&message);
        return false;
    }
    frame->size = zmq.size(&message);
    frame->has_more = zmq.more(&message) != 0;
    frame->bytes = malloc(frame->size > 0 ? frame->size : 1);
    if (frame->bytes) { memcpy(frame->bytes, zmq.data(&message), frame->size); }
    else { frame->size = 0; }
    zmq.drop(&message);
    return true;
}

bool zeromq_send(void *socket, const void *bytes, size_t size, bool has_more) {
    if (zmq.send(socket, bytes, size, ZMQ_DONTWAIT | (has_more ? ZMQ_SNDMORE : 0)) >= 0) { return true; }
    errno = zmq.error();
    return false;
}

const char *zeromq_reason(int error) { return zeromq_is_available() ? zmq.reason(error) : strerror(error); }
