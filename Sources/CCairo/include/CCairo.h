#pragma once
// Cairo's headers live in a folder of their own that no include path names by default.
#include <cairo/cairo.h>
#include <cairo/cairo-pdf.h>
#include <cairo/cairo-svg.h>
#include <stdbool.h>

// Cairo and the dozen libraries behind it are loaded at the first call of one of its functions, which spares a process
// that draws nothing milliseconds of its start. Without the library every function does nothing and answers NULL, zero or
// an error status.

/// Whether Cairo could be loaded.
bool ccairo_is_available(void);
