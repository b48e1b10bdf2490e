#define _GNU_SOURCE
#include "signals.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <termios.h>
#include <unistd.h>
// readline's headers use FILE without including it, so stdio comes first.
#include <readline/readline.h>
#include <readline/history.h>

static struct {
    editor_questions questions;
    bool draws, editing, changed, listed, cleared, accepted, ended, cancelled;
    // The character that interrupts in this terminal, -1 when there is none.
    int interrupt_key;
    char *line;
    char *preload;
    char **words;
    int word_count, word_capacity, word_start;
    char breaks[256];
} editor;

// MARK: readline's callbacks

static void on_redisplay(void) { editor.changed = true; }

static void on_line(char *line) {
    rl_callback_handler_remove();
    editor.editing = false;
    if (line) {
        free(editor.line);
        editor.line = line;
        editor.accepted = true;
    } else {
        editor.ended = true;
    }
}

static int accept_cell(int count, int key) {
    if (!editor.questions.entered
        || editor.questions.entered(editor.questions.context, rl_line_buffer, rl_point)) {
        rl_point = rl_end;
        return rl_newline(count, key);
    }
    return 0;
}

static int insert_newline(int count, int key) {
    (void)count;
    (void)key;
    rl_insert_text("\n");
    return 0;
}

// While a line is edited Ctrl-C is a key like any other: a signal would reach the editor through whatever thread the
// kernel chose, before or after the keys around it.
static void prepare_terminal(int meta) {
    rl_prep_terminal(meta);
    struct termios modes;
    editor.interrupt_key = -1;
    if (tcgetattr(fileno(rl_instream), &modes) != 0) return;
    if (!(modes.c_lflag & ISIG) || modes.c_cc[VINTR] == _POSIX_VDISABLE) return;
    int key = modes.c_cc[VINTR];
    modes.c_cc[VINTR] = _POSIX_VDISABLE;
    if (tcsetattr(fileno(rl_instream), TCSANOW, &modes) == 0) editor.interrupt_key = key;
}

static int get_key(FILE *stream) {
    int key = rl_getc(stream);
    if (key >= 0 && key == editor.interrupt_key) editor.cancelled = true;
    return key;
}

static int cancel_cell(int count, int key) {
    (void)count;
    (void)key;
    return 0;
}

static int clear_all(int count, int key) {
    if (!editor.draws) return rl_clear_screen(count, key);
    editor.cleared = true;
    return 0;
}

static int line_start(int point) {
    while (point > 0 && rl_line_buffer[point - 1] != '\n') point--;
    return point;
}

static int previous_line(int count, int key) {
    int start = line_start(rl_point);
    if (start == 0) return rl_get_previous_history(count, key);
    int column = rl_point - start, above = line_start(start - 1);
    rl_point = above + column < start - 1 ? above + column : start - 1;
    while (rl_point > above && ((unsigned char)rl_line_buffer[rl_point] & 0xC0) == 0x80) rl_point--;
    return 0;
}

static int next_line(int count, int key) {
    int end = rl_point;
    while (end < rl_end && rl_line_buffer[end] != '\n') end++;
    if (end == rl_end) return rl_get_next_history(count, key);
    int column = rl_point - line_start(rl_point), below = end + 1, last = below;
    while (last < rl_end && rl_line_buffer[last] != '\n') last++;
    rl_point = below + column < last ? below + column : last;
    while (rl_point > below && ((unsigned char)rl_line_buffer[rl_point] & 0xC0) == 0x80) rl_point--;
    return 0;
}

static int paste(int count, int key) {
    int start = rl_point;
    int result = rl_bracketed_paste_begin(count, key);
    if (editor.questions.pasted && rl_point > start)
        editor.questions.pasted(editor.questions.context, rl_line_buffer, start, rl_point);
    return result;
}

// MARK: Completion

static char *next_word(const char *text, int state) {
    static int index;
    (void)text;
    if (state == 0) index = 0;
    return index < editor.word_count ? strdup(editor.words[index++]) : NULL;
}

static void forget_words(void) {
    for (int i = 0; i < editor.word_count; i++) free(editor.words[i]);
    editor.word_count = 0;
}

// readline finds the word to replace by scanning back for a break character. Breaking at every ASCII character that
// the word does not hold makes it find exactly the word that the caller means.
static char *find_breaks(void) {
    forget_words();
    editor.word_start = rl_point;
    if (editor.questions.complete)
        editor.word_start = editor.questions.complete(editor.questions.context, rl_line_buffer, rl_point);
    if (editor.word_start < 0 || editor.word_start > rl_point) editor.word_start = rl_point;
    bool used[128] = {false};
    for (int i = editor.word_start; i < rl_point; i++) {
        unsigned char byte = (unsigned char)rl_line_buffer[i];
        if (byte < 128) used[byte] = true;
    }
    int length = 0;
    for (int byte = 1; byte < 128; byte++)
        if (!used[byte]) editor.breaks[length++] = (char)byte;
    editor.breaks[length] = 0;
    return editor.breaks;
}

static char **complete(const char *text, int start, int end) {
    (void)end;
    rl_attempted_completion_over = 1;
    rl_completion_append_character = '\0';
    rl_completion_suppress_append = 1;
    rl_filename_completion_desired = 0;
    rl_sort_completion_matches = 0;
    return start == editor.word_start && editor.word_count > 0 ? rl_completion_matches(text, next_word) : NULL;
}

static void list_words(char **matches, int count, int longest) {
    (void)longest;
    forget_words();
    for (int i = 1; i <= count; i++) editor_add_word(matches[i]);
    editor.listed = true;
}

void editor_add_word(const char *word) {
    if (editor.word_count == editor.word_capacity) {
        int capacity = editor.word_capacity ? 2 * editor.word_capacity : 64;
        char **words = realloc(editor.words, (size_t)capacity * sizeof *words);
        if (!words) return;
        editor.words = words;
        editor.word_capacity = capacity;
    }
    char *copy = strdup(word);
    if (copy) editor.words[editor.word_count++] = copy;
}

int editor_word_count(void) { return editor.word_count; }
const char *editor_word(int index) { return index >= 0 && index < editor.word_count ? editor.words[index] : ""; }

// MARK: Setting up

// A key that the user has bound to something else stays theirs.
static void rebind(const char *keys, rl_command_func_t *from, rl_command_func_t *to) {
    Keymap maps[] = {emacs_standard_keymap, vi_insertion_keymap, vi_movement_keymap};
    for (int i = 0; i < 3; i++) {
        int type = 0;
        rl_command_func_t *bound = rl_function_of_keyseq(keys, maps[i], &type);
        if (type == ISFUNC && bound == from) rl_bind_keyseq_in_map(keys, to, maps[i]);
    }
}

bool editor_open(const char *name, bool draws) {
    rl_readline_name = name;
    rl_catch_signals = 0;
    rl_catch_sigwinch = 0;
    rl_instream = stdin;
    rl_outstream = stdout;
    rl_prep_term_function = prepare_terminal;
    rl_getc_function = get_key;
    editor.interrupt_key = -1;
    // The words of a cell are no file names; readline's own quoting would only get in the way.
    rl_completer_quote_characters = "";
    rl_basic_quote_characters = "";
    rl_completion_word_break_hook = find_breaks;
    rl_attempted_completion_function = complete;
    rl_add_defun("accept-cell", accept_cell, -1);
    rl_add_defun("insert-newline", insert_newline, -1);
    rl_add_defun("previous-line-or-history", previous_line, -1);
    rl_add_defun("next-line-or-history", next_line, -1);
    editor.draws = draws;
    if (rl_initialize() != 0) return false;
    if (draws) {
        // Set before, readline would take it for a program that cannot paste.
        rl_redisplay_function = on_redisplay;
        rl_completion_display_matches_hook = list_words;
    }
    rebind("\r", rl_newline, accept_cell);
    rebind("\n", rl_newline, accept_cell);
    rebind("\033\r", rl_vi_editing_mode, insert_newline);
    rebind("\f", rl_clear_screen, clear_all);
    rebind("\020", rl_get_previous_history, previous_line);
    rebind("\016", rl_get_next_history, next_line);
    const char *ups[] = {"\033[A", "\033OA"}, *downs[] = {"\033[B", "\033OB"};
    for (int i = 0; i < 2; i++) {
        rebind(ups[i], rl_get_previous_history, previous_line);
        rebind(downs[i], rl_get_next_history, next_line);
    }
    // get_key has seen it; bound to nothing it would ring the bell.
    rebind("\003", NULL, cancel_cell);
    rebind("\003", rl_insert, cancel_cell);
    rebind("\033[200~", rl_bracketed_paste_begin, paste);
    using_history();
    return true;
}

static int insert_preload(void) {
    if (editor.preload) {
        rl_insert_text(editor.preload);
        free(editor.preload);
        editor.preload = NULL;
    }
    return 0;
}

void editor_begin(const char *prompt, editor_questions questions) {
    editor.questions = questions;
    editor.changed = editor.listed = editor.cleared = editor.accepted = editor.ended = false;
    editor.cancelled = false;
    rl_startup_hook = NULL;
    rl_pre_input_hook = NULL;
    using_history();
    catch_edited_signals();
    rl_callback_handler_install(prompt, on_line);
    editor.editing = true;
    if (editor.preload) {
        insert_preload();
        rl_redisplay_function();
    }
}

void editor_finish(void) {
    if (!editor.editing) return;
    rl_free_line_state();
    rl_callback_sigcleanup();
    rl_callback_handler_remove();
    editor.editing = false;
}

// MARK: The loop

static bool key_waiting(void) {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fileno(rl_instream), &set);
    struct timeval none = {0, 0};
    return select(fileno(rl_instream) + 1, &set, NULL, NULL, &none) > 0;
}

static editor_event finished(editor_event event) {
    fflush(rl_outstream);
    restore_edited_signals();
    return event;
}

editor_event editor_next(void) {
    sigset_t blocked, previous;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    add_edited_signals(&blocked);
    // Blocked but while waiting: a signal cannot slip in between the look at its flag and the wait.
    sigprocmask(SIG_BLOCK, &blocked, &previous);
    editor_event event = EDITOR_CHANGED;
    for (;;) {
        // A wait that finds keys returns without delivering signals: Ctrl-C must not stand behind what is typed after it.
        sigset_t open = previous;
        sigdelset(&open, SIGINT);
        sigprocmask(SIG_SETMASK, &open, NULL);
        sigprocmask(SIG_BLOCK, &blocked, NULL);
        if (editor.accepted) { editor.accepted = false; event = finished(EDITOR_ACCEPTED); break; }
        if (editor.ended) { editor.ended = false; event = finished(EDITOR_ENDED); break; }
        if (editor.cancelled || interrupt_is_requested()) {
            editor.cancelled = false;
            clear_requested_interrupt();
            editor_finish();
            event = finished(EDITOR_CANCELLED);
            break;
        }
        if (editor_dying) {
            int signal = editor_dying;
            editor_finish();
            restore_edited_signals();
            raise_as_others(signal);
            sigprocmask(SIG_SETMASK, &previous, NULL);
            event = EDITOR_ENDED;
            break;
        }
        if (editor_stopping) {
            editor_stopping = 0;
            rl_deprep_terminal();
            stop_and_resume();
            prepare_terminal(1);
            event = EDITOR_RESUMED;
            break;
        }
        if (editor_resized) {
            editor_resized = 0;
            rl_resize_terminal();
            editor.changed = false;
            event = EDITOR_RESIZED;
            break;
        }
        if (editor.cleared) { editor.cleared = editor.changed = false; event = EDITOR_CLEARED; break; }
        if (editor.listed) { editor.listed = editor.changed = false; event = EDITOR_LISTED; break; }
        // Keys that are already there come first: a paste is drawn once.
        if (editor.changed && !key_waiting()) { editor.changed = false; event = EDITOR_CHANGED; break; }
        // readline switches terminal modes through stdio, the caller writes without it.
        fflush(rl_outstream);
        fd_set set;
        FD_ZERO(&set);
        FD_SET(fileno(rl_instream), &set);
        sigset_t waiting = previous;
        sigdelset(&waiting, SIGINT);
        int ready = pselect(fileno(rl_instream) + 1, &set, NULL, NULL, NULL, &waiting);
        if (ready > 0) rl_callback_read_char();
        else if (ready < 0 && errno != EINTR) { editor_finish(); event = finished(EDITOR_ENDED); break; }
    }
    sigprocmask(SIG_SETMASK, &previous, NULL);
    return event;
}

// MARK: The buffer

const char *editor_text(void) {
    if (editor.editing) return rl_line_buffer ? rl_line_buffer : "";
    return editor.line ? editor.line : "";
}
int editor_point(void) { return editor.editing ? rl_point : 0; }
const char *editor_message(void) {
    return editor.editing && rl_display_prompt && rl_display_prompt != rl_prompt ? rl_display_prompt : NULL;
}

void editor_replace(const char *text, int point) {
    rl_begin_undo_group();
    rl_delete_text(0, rl_end);
    rl_point = 0;
    rl_insert_text(text);
    rl_end_undo_group();
    rl_point = point < 0 ? 0 : point > rl_end ? rl_end : point;
    rl_mark = rl_point;
}

void editor_preload(const char *text) {
    free(editor.preload);
    editor.preload = strdup(text);
}

int editor_columns(void) {
    int rows = 0, columns = 0;
    rl_get_screen_size(&rows, &columns);
    return columns > 0 ? columns : 80;
}
int editor_rows(void) {
    int rows = 0, columns = 0;
    rl_get_screen_size(&rows, &columns);
    return rows > 0 ? rows : 24;
}

void editor_history_add(const char *entry) { add_history(entry); }
void editor_history_clear(void) { clear_history(); }
