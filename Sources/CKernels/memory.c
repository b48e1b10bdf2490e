#define _GNU_SOURCE
#include "ckernels.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

// Size classes: 64-byte steps up to 1 KiB, then four per power of two, so that at most a fifth of a block is wasted.
// A freed block's first word links it to the next free one of its class.
enum { SMALL_CLASSES = 16, CLASSES = SMALL_CLASSES + 4 * 40 };
static const size_t small_limit = 1024;
static const size_t huge_page = (size_t)2 << 20;
// Of freed blocks a thread keeps this much (a sixteenth of the machine's memory, and no more than 1 GiB): what one
// training step takes and gives back, and not what a program was once at its largest.
static const size_t most_kept = (size_t)1 << 30;
// Blocks from here on are checked against the memory that is left before they are asked for.
static const size_t checked_size = (size_t)32 << 20;

typedef struct block { struct block *next; } block;
typedef struct {
    block *free[CLASSES];
    size_t kept;
    int64_t system_allocations;
    bool registered;
} cache;

static _Thread_local cache blocks;
static pthread_key_t exit_key;
static pthread_once_t exit_once = PTHREAD_ONCE_INIT;

static size_t class_size(int index) {
    if (index < SMALL_CLASSES) { return (size_t)(index + 1) * 64; }
    int power = (index - SMALL_CLASSES) / 4, quarter = (index - SMALL_CLASSES) % 4 + 1;
    return (small_limit << power) + ((small_limit << power) / 4) * (size_t)quarter;
}

static int class_index(size_t bytes) {
    if (bytes <= small_limit) { return bytes == 0 ? 0 : (int)((bytes - 1) / 64); }
    int power = 63 - __builtin_clzll((unsigned long long)(bytes - 1)) - 10;
    size_t base = small_limit << power;
    return SMALL_CLASSES + power * 4 + (int)((bytes - 1 - base) / (base / 4));
}

static void free_all(cache *all) {
    for (int i = 0; i < CLASSES; i++) {
        while (all->free[i]) {
            block *next = all->free[i]->next;
            free(all->free[i]);
            all->free[i] = next;
        }
    }
    all->kept = 0;
}

static size_t keepable;
static void at_exit(void *all) { free_all(all); }
static void start(void) {
    pthread_key_create(&exit_key, at_exit);
    size_t share = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE) / 16;
    keepable = share < most_kept ? share : most_kept;
}

static size_t read_number(const char *path, const char *field) {
    FILE *file = fopen(path, "re");
    if (!file) { return SIZE_MAX; }
    char line[256];
    size_t value = SIZE_MAX;
    while (fgets(line, sizeof line, file)) {
        size_t prefix = strlen(field);
        if (strncmp(line, field, prefix) == 0) {
            unsigned long long number;
            if (sscanf(line + prefix, "%llu", &number) == 1) { value = (size_t)number; }
            break;
        }
    }
    fclose(file);
    return value;
}

static _Atomic int64_t memory_limit = -1;

void ck_set_memory_limit(int64_t bytes) { memory_limit = bytes; }
int64_t ck_memory_limit(void) { return memory_limit; }

// Bytes of address space, and of those that are in memory.
static bool read_own_sizes(size_t *addresses, size_t *resident) {
    *addresses = *resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file) { return false; }
    unsigned long long whole, part;
    bool is_read = fscanf(file, "%llu %llu", &whole, &part) == 2;
    fclose(file);
    if (!is_read) { return false; }
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    *addresses = (size_t)whole * page;
    *resident = (size_t)part * page;
    return true;
}

size_t ck_resident_memory(void) {
    size_t addresses, resident;
    read_own_sizes(&addresses, &resident);
    return resident;
}

size_t ck_available_memory(void) {
    size_t available = read_number("/proc/meminfo", "MemAvailable:");
    if (available != SIZE_MAX) { available *= 1024; }
    size_t limit = read_number("/sys/fs/cgroup/memory.max", ""), used = read_number("/sys/fs/cgroup/memory.current", "");
    if (limit != SIZE_MAX && used != SIZE_MAX) {
        size_t left = limit > used ? limit - used : 0;
        if (left < available) { available = left; }
    }
    int64_t most = memory_limit;
    struct rlimit addresses_limit;
    bool has_limit = getrlimit(RLIMIT_AS, &addresses_limit) == 0 && addresses_limit.rlim_cur != RLIM_INFINITY;
    size_t addresses, resident;
    if ((most >= 0 || has_limit) && read_own_sizes(&addresses, &resident)) {
        if (most >= 0) {
            size_t left = (size_t)most > resident ? (size_t)most - resident : 0;
            if (left < available) { available = left; }
        }
        if (has_limit) {
            size_t left = addresses_limit.rlim_cur > addresses ? addresses_limit.rlim_cur - addresses : 0;
            if (left < available) { available = left; }
        }
    }
    return available;
}

void ck_trim(void) { free_all(&blocks); }

static void *from_system(size_t size) {
    void *fresh = NULL;
    bool huge = size >= huge_page;
    if (posix_memalign(&fresh, huge ? huge_page : 64, size) != 0) { return NULL; }
    if (huge) { madvise(fresh, size, MADV_HUGEPAGE); }
    return fresh;
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

void *ck_allocate(size_t bytes) {
    if (bytes > (size_t)1 << 48) { return NULL; }
#ifdef SANITIZED
    // No pool and no rounding up, so that the sanitizer sees every block's true end and every release.
    if (bytes >= checked_size && bytes > ck_available_memory()) { return NULL; }
    void *exact = NULL;
    return posix_memalign(&exact, 64, bytes ? bytes : 1) == 0 ? exact : NULL;
#endif
    int index = class_index(bytes);
    block *found = blocks.free[index];
    if (found) {
        blocks.free[index] = found->next;
        blocks.kept -= class_size(index);
        return found;
    }
    size_t size = class_size(index);
    if (size >= checked_size && size > ck_available_memory()) {
        ck_trim();
        if (size > ck_available_memory()) { return NULL; }
    }
    void *fresh = from_system(size);
    if (!fresh) {
        ck_trim();
        fresh = from_system(size);
    }
    blocks.system_allocations += fresh != NULL;
    return fresh;
}

void ck_release(void *pointer, size_t bytes) {
#ifdef SANITIZED
    free(pointer);
    return;
#endif
    if (!blocks.registered) {
        pthread_once(&exit_once, start);
        pthread_setspecific(exit_key, &blocks);
        blocks.registered = true;
    }
    int index = class_index(bytes);
    block *freed = pointer;
    size_t size = class_size(index);
    if (size > keepable) {
        free(pointer);
        return;
    }
    // All go, not this one alone: what is kept would else be what was freed first, for ever.
    if (blocks.kept + size > keepable) { free_all(&blocks); }
    blocks.kept += size;
    freed->next = blocks.free[index];
    blocks.free[index] = freed;
}

int64_t ck_system_allocations(void) { return blocks.system_allocations; }
