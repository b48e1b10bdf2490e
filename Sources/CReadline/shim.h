#pragma once
// readline's headers use FILE without including it, so stdio comes first.
#include <stdio.h>
#include <readline/readline.h>
#include <readline/history.h>
