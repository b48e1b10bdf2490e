#include "ckernels_batches.h"
#include <pthread.h>

enum { IDLE, QUEUED, RUNNING, DONE };

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER, finished = PTHREAD_COND_INITIALIZER;
static ck_task *first, *last;
static bool has_thread;

static void unlink_task(ck_task *task) {
    ck_task **place = &first, *before = NULL;
    while (*place != task) {
        before = *place;
        place = &before->next;
    }
    *place = task->next;
    if (last == task) { last = before; }
    task->next = NULL;
}

static void *work(void *unused) {
    (void)unused;
    pthread_mutex_lock(&gate);
    for (;;) {
        while (first == NULL) { pthread_cond_wait(&arrived, &gate); }
        ck_task *task = first;
        unlink_task(task);
        task->state = RUNNING;
        pthread_mutex_unlock(&gate);
        task->body(task->context);
        pthread_mutex_lock(&gate);
        task->state = DONE;
        pthread_cond_broadcast(&finished);
    }
    return NULL;
}

void ck_task_start(ck_task *task) {
    pthread_mutex_lock(&gate);
    if (!has_thread) {
        pthread_t thread;
        // Without a thread the work waits for ck_task_wait.
        if (pthread_create(&thread, NULL, work, NULL) == 0) {
            pthread_detach(thread);
            has_thread = true;
        }
    }
    task->next = NULL;
    task->state = QUEUED;
    if (last != NULL) { last->next = task; } else { first = task; }
    last = task;
    pthread_cond_signal(&arrived);
    pthread_mutex_unlock(&gate);
}

void ck_task_wait(ck_task *task) {
    pthread_mutex_lock(&gate);
    if (task->state == QUEUED) {
        unlink_task(task);
        task->state = RUNNING;
        pthread_mutex_unlock(&gate);
        task->body(task->context);
        task->state = DONE;
        return;
    }
    while (task->state == RUNNING) { pthread_cond_wait(&finished, &gate); }
    pthread_mutex_unlock(&gate);
}
