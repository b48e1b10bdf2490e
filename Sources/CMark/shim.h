#pragma once
// Behind a shim of our own so that the module map needs no absolute path.
#include <cmark-gfm.h>
#include <cmark-gfm-core-extensions.h>
