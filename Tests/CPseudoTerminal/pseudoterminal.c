#define _GNU_SOURCE
#include "CPseudoTerminal.h"
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

// The test runner's signal mask and handlers are none of the program's business.
static void reset_signals(void) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < 32; number++) signal(number, SIG_DFL);
}

static void redirect(const char *path, int flags, int descriptor) {
    int opened = open(path, flags, 0600);
    if (opened < 0 || dup2(opened, descriptor) < 0) _exit(126);
    close(opened);
}

pid_t pt_spawn_on_files(
    const char *path, char *const *arguments, char *const *environment, const char *folder, const char *input,
    const char *output, const char *errors) {
    pid_t process = fork();
    if (process == 0) {
        reset_signals();
        redirect(input, O_RDONLY, 0);
        redirect(output, O_WRONLY | O_CREAT | O_TRUNC, 1);
        redirect(errors, O_WRONLY | O_CREAT | O_TRUNC, 2);
        if (chdir(folder) != 0) _exit(126);
        execve(path, arguments, environment);
        _exit(127);
    }
    return process;
}

pid_t pt_spawn_in_terminal(
    const char *path, char *const *arguments, char *const *environment, const char *folder, int columns, int rows,
    int *terminal) {
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    pid_t process = forkpty(terminal, NULL, NULL, &size);
    if (process == 0) {
        reset_signals();
        if (chdir(folder) != 0) _exit(126);
        execve(path, arguments, environment);
        _exit(127);
    }
    if (process > 0) fcntl(*terminal, F_SETFD, FD_CLOEXEC);
    return process;
}

void pt_resize(int terminal, int columns, int rows) {
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    ioctl(terminal, TIOCSWINSZ, &size);
}
