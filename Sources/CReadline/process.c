#include "CReadline.h"
#include <malloc.h>
#include <spawn.h>
#include <sys/types.h>

extern char **environ;

int child_start(const char *command) {
    pid_t process;
    char *arguments[] = {"/bin/sh", "-c", (char *)command, NULL};
    return posix_spawn(&process, "/bin/sh", NULL, NULL, arguments, environ) == 0 ? (int)process : -1;
}

void keep_memory(void) {
    mallopt(M_ARENA_MAX, 1);
    // What one step gives back the next one needs again.
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
}
