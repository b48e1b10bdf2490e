#pragma once
// Cairo's headers live in a folder of their own that no include path names by default.
#include <cairo/cairo.h>
#include <cairo/cairo-pdf.h>
#include <cairo/cairo-svg.h>
