#define PCRE2_CODE_UNIT_WIDTH 8
#include "CText.h"
#include <dlfcn.h>
#include <pcre2.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    pcre2_code *(*compile)(PCRE2_SPTR, PCRE2_SIZE, uint32_t, int *, PCRE2_SIZE *, pcre2_compile_context *);
    void (*free_code)(pcre2_code *);
    int (*jit)(pcre2_code *, uint32_t);
    pcre2_match_data *(*data)(const pcre2_code *, pcre2_general_context *);
    void (*free_data)(pcre2_match_data *);
    int (*match)(const pcre2_code *, PCRE2_SPTR, PCRE2_SIZE, PCRE2_SIZE, uint32_t, pcre2_match_data *,
                 pcre2_match_context *);
    PCRE2_SIZE *(*bounds)(pcre2_match_data *);
    int (*reason)(int, PCRE2_UCHAR *, PCRE2_SIZE);
} pcre;
static bool is_loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

typedef struct {
    pcre2_code *code;
    pcre2_match_data *data;
} compiled;

static void load(void) {
    void *library = dlopen("libpcre2-8.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library) { return; }
    const struct {
        void *place;
        const char *name;
    } names[] = {
        {&pcre.compile, "pcre2_compile_8"},
        {&pcre.free_code, "pcre2_code_free_8"},
        {&pcre.jit, "pcre2_jit_compile_8"},
        {&pcre.data, "pcre2_match_data_create_from_pattern_8"},
        {&pcre.free_data, "pcre2_match_data_free_8"},
        {&pcre.match, "pcre2_match_8"},
        {&pcre.bounds, "pcre2_get_ovector_pointer_8"},
        {&pcre.reason, "pcre2_get_error_message_8"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        void *symbol = dlsym(library, names[i].name);
        if (!symbol) { return; }
        memcpy(names[i].place, &symbol, sizeof symbol);
    }
    is_loaded = true;
}

bool text_patterns_are_available(void) {
    pthread_once(&once, load);
    return is_loaded;
}

void *text_pattern(const char *pattern, size_t count, char *reason, size_t room, size_t *offset) {
    int error = 0;
    PCRE2_SIZE place = 0;
    // Lines begin and end at every line break, as Oniguruma has it, with which tokenizer files are written.
    pcre2_code *code = pcre.compile((PCRE2_SPTR)pattern, count, PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE, &error, &place,
                                    NULL);
    if (!code) {
        *offset = place;
        pcre.reason(error, (PCRE2_UCHAR *)reason, room);
        return NULL;
    }
    // Where there is no compiler for this machine the pattern is interpreted.
    pcre.jit(code, PCRE2_JIT_COMPLETE);
    compiled *result = malloc(sizeof *result);
    if (result) { *result = (compiled){code, pcre.data(code, NULL)}; }
    if (!result || !result->data) {
        snprintf(reason, room, "not enough memory");
        free(result);
        pcre.free_code(code);
        return NULL;
    }
    return result;
}

void text_pattern_free(void *pattern) {
    compiled *it = pattern;
    pcre.free_data(it->data);
    pcre.free_code(it->code);
    free(it);
}

int text_pattern_find(const void *pattern, const uint8_t *text, size_t count, size_t start, size_t *from, size_t *to) {
    const compiled *it = pattern;
    int found = pcre.match(it->code, text, count, start, PCRE2_NO_UTF_CHECK, it->data, NULL);
    // Compiled code has less room to go back in than the interpreter.
    if (found == PCRE2_ERROR_JIT_STACKLIMIT) {
        found = pcre.match(it->code, text, count, start, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, it->data, NULL);
    }
    if (found == PCRE2_ERROR_NOMATCH) { return 0; }
    if (found < 0) { return found; }
    const PCRE2_SIZE *bounds = pcre.bounds(it->data);
    *from = bounds[0];
    *to = bounds[1];
    return 1;
}
