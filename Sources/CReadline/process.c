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

void use_one_arena(void) {
    mallopt(M_ARENA_MAX, 1);
}
