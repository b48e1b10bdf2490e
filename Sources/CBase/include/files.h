// What Linux can do with files beyond what Swift's import of the C library shows.
#pragma once

#include <sys/types.h>

/// Opens a file without a name in a folder, for writing; -1 where the file system has none. Whatever ends the process,
/// nothing of it stays.
int unnamed_open(const char *_Nonnull folder, mode_t mode);

/// Gives an unnamed file a name that nothing has; 0, or -1 with errno.
int unnamed_link(int descriptor, const char *_Nonnull path);

/// Lets two files or folders change names at once; 0, or -1 with errno.
int names_exchange(const char *_Nonnull first, const char *_Nonnull second);
