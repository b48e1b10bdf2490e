// A cell editor on GNU readline.
//
// readline is a library of global variables and callbacks without context. This shim keeps them in C and turns them
// into a plain loop: the caller asks for the next event and draws. Only two questions are asked back, each with the
// caller's context: what to do on Enter, and which words complete the text.
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef enum {
    EDITOR_CHANGED,   // draw the buffer again
    EDITOR_ACCEPTED,  // the user is done; `editor_text` is the cell
    EDITOR_CANCELLED, // Ctrl-C
    EDITOR_ENDED,     // Ctrl-D on an empty line, or the terminal is gone
    EDITOR_LISTED,    // show the words of `editor_word`, then draw again
    EDITOR_CLEARED,   // the screen is blank and the cursor is in its first line
    EDITOR_RESIZED,   // the terminal has a new size
    EDITOR_RESUMED    // the process was stopped and runs again
} editor_event;

typedef struct {
    void *context;
    /// Enter was pressed. True accepts the cell; false after the callee has changed it (`editor_replace`).
    bool (*entered)(void *context, const char *text, int point);
    /// Announces the words that may replace the bytes `start..<point` with `editor_add_word`; returns `start`.
    int (*complete)(void *context, const char *text, int point);
    /// Text was pasted into the bytes `start..<end`; the callee may change it (`editor_replace`).
    void (*pasted)(void *context, const char *text, int start, int end);
} editor_questions;

/// Prepares readline under the name that `$if` in ~/.inputrc tests. `draws` says that the caller draws the buffer;
/// else readline does. False when the terminal cannot be used.
bool editor_open(const char *name, bool draws);
/// Begins a cell.
void editor_begin(const char *prompt, editor_questions questions);
/// Waits for the next event.
editor_event editor_next(void);
/// Leaves the terminal as it was found. Harmless when no cell is being edited.
void editor_finish(void);

/// The buffer.
const char *editor_text(void);
/// The cursor, in bytes from the beginning of the buffer.
int editor_point(void);
/// What readline wants to show in place of the prompt (a search), or NULL.
const char *editor_message(void);
/// Replaces the buffer as one undoable change.
void editor_replace(const char *text, int point);
/// Puts text into the buffer before the first key.
void editor_preload(const char *text);

void editor_add_word(const char *word);
int editor_word_count(void);
const char *editor_word(int index);

int editor_columns(void);
int editor_rows(void);

/// The history that the arrow keys and Ctrl-R walk through.
void editor_history_add(const char *entry);
void editor_history_clear(void);

/// Makes Ctrl-C call `request`, which must be async-signal-safe; `requested` and `clear` belong to the same flag.
void editor_catch_interrupts(void (*request)(void), bool (*requested)(void), void (*clear)(void));

/// Starts a shell command beside this process and does not wait; its process id, or -1.
int child_start(const char *command);

/// Makes every thread allocate from the main thread's memory, and keeps there what is freed; to be called before there is a
/// second thread. An arena of a thread's own grows page by page, each a system call; one thread at a time allocates here.
void keep_memory(void);
