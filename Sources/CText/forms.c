#include "CText.h"
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <utf8proc.h>

static utf8proc_ssize_t (*map)(const utf8proc_uint8_t *, utf8proc_ssize_t, utf8proc_uint8_t **, utf8proc_option_t);
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    void *library = dlopen("libutf8proc.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!library) { library = dlopen("libutf8proc.so.3", RTLD_NOW | RTLD_LOCAL); }
    if (!library) { return; }
    void *symbol = dlsym(library, "utf8proc_map");
    memcpy(&map, &symbol, sizeof symbol);
}

bool text_forms_are_available(void) {
    pthread_once(&once, load);
    return map != NULL;
}

uint8_t *text_normalized(const uint8_t *text, size_t count, text_form form, size_t *result) {
    static const int options[] = {
        [TEXT_NFC] = UTF8PROC_COMPOSE,
        [TEXT_NFD] = UTF8PROC_DECOMPOSE,
        [TEXT_NFKC] = UTF8PROC_COMPOSE | UTF8PROC_COMPAT,
        [TEXT_NFKD] = UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT,
    };
    if (!text_forms_are_available()) { return NULL; }
    utf8proc_uint8_t *bytes = NULL;
    utf8proc_ssize_t length = map(text, (utf8proc_ssize_t)count, &bytes, UTF8PROC_STABLE | options[form]);
    if (length < 0) { return NULL; }
    *result = (size_t)length;
    return bytes;
}
