// What tokenizers need of utf8proc (normal forms) and PCRE2 (patterns). Each library is loaded when it is first asked for:
// most tokenizers need one of them at most.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// MARK: Normal forms

typedef enum { TEXT_NFC, TEXT_NFD, TEXT_NFKC, TEXT_NFKD } text_form;

/// Whether utf8proc could be loaded.
bool text_forms_are_available(void);
/// Brings valid UTF-8 into a normal form: the bytes, which the caller frees, and their number; NULL without memory.
uint8_t *text_normalized(const uint8_t *text, size_t count, text_form form, size_t *result);

// MARK: Patterns

/// Whether PCRE2 could be loaded.
bool text_patterns_are_available(void);
/// A compiled pattern over Unicode; NULL for one that is none, with the reason and the byte it stops at.
void *text_pattern(const char *pattern, size_t count, char *reason, size_t room, size_t *offset);
void text_pattern_free(void *pattern);
/// The first match from `start` on in valid UTF-8: 1 with its bounds, 0 for none, negative when the matching was given up.
int text_pattern_find(const void *pattern, const uint8_t *text, size_t count, size_t start, size_t *from, size_t *to);
