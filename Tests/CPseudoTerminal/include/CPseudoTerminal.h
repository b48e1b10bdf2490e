// Starting programs as a test needs it: in a folder, with files for streams or in a terminal of their own.
#pragma once
#include <sys/types.h>

/// Runs `path` with its streams on files; returns the process, or -1.
pid_t pt_spawn_on_files(
    const char *path, char *const *arguments, char *const *environment, const char *folder, const char *input,
    const char *output, const char *errors);
/// Runs `path` in a new terminal, which becomes its controlling one; returns the process and the terminal's other end.
pid_t pt_spawn_in_terminal(
    const char *path, char *const *arguments, char *const *environment, const char *folder, int columns, int rows,
    int *terminal);
/// Changes the size of a terminal.
void pt_resize(int terminal, int columns, int rows);
