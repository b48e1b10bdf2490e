// Convolution by oneDNN on channels-last arrays, each call split over images by our own threads.
// oneDNN is loaded at the first convolution: linking its 40 MB would cost every start 3 ms. It is told to use one
// thread (its pool and ours would spin against each other), and its primitives are kept, for making one takes 0.3 ms.
#define _GNU_SOURCE
#include "onednn.h"
#include "levels.h"
#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// MARK: Loading

#define FUNCTIONS(X) \
    X(version) X(engine_create) X(stream_create) X(stream_wait) X(memory_desc_init_by_tag) X(memory_desc_get_size) \
    X(dilated_convolution_forward_desc_init) X(dilated_convolution_backward_data_desc_init) \
    X(dilated_convolution_backward_weights_desc_init) X(primitive_desc_create) X(primitive_desc_destroy) \
    X(primitive_desc_query_md) X(primitive_desc_query) X(primitive_create) X(primitive_destroy) X(primitive_execute) X(primitive_attr_create) \
    X(primitive_attr_destroy) X(primitive_attr_set_scratchpad_mode) X(primitive_attr_set_post_ops) X(post_ops_create) \
    X(post_ops_destroy) X(post_ops_append_binary) X(memory_create) X(memory_destroy) \
    X(reorder_primitive_desc_create) X(set_max_cpu_isa)
#define DECLARE(NAME) static __typeof__(&dnnl_##NAME) NAME;
FUNCTIONS(DECLARE)
static void (*set_omp_threads)(int);
static dnnl_engine_t engine;
static bool loaded;
static char version_text[32] = "none";
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    void *library = dlopen("libdnnl.so.2", RTLD_LAZY | RTLD_LOCAL);
    if (!library) { return; }
#define FIND(NAME) \
    *(void **)&NAME = dlsym(library, "dnnl_" #NAME); \
    if (!NAME) { return; }
    FUNCTIONS(FIND)
    // The level of the process holds for the library as well; it must be told before it makes anything.
    ck_simd level = ck_simd_of_process();
    if (level < ck_simd_offered()) { set_max_cpu_isa(level == CK_SIMD_AVX2 ? dnnl_cpu_isa_avx2 : dnnl_cpu_isa_sse41); }
    *(void **)&set_omp_threads = dlsym(library, "omp_set_num_threads");
    if (version()->major != 2 || engine_create(&engine, dnnl_cpu, 0) != dnnl_success) { return; }
    snprintf(version_text, sizeof version_text, "%d.%d.%d", version()->major, version()->minor, version()->patch);
    loaded = true;
}

/// The calling thread's stream, made with OpenMP held to one thread (a setting OpenMP keeps per thread).
static dnnl_stream_t stream(void) {
    static _Thread_local dnnl_stream_t own;
    if (!own) {
        if (set_omp_threads) { set_omp_threads(1); }
        if (stream_create(&own, engine, dnnl_stream_default_flags) != dnnl_success) { own = NULL; }
    }
    return own;
}

bool ck_conv_available(void) {
    pthread_once(&once, load);
    return loaded;
}

const char *ck_conv_version(void) {
    ck_conv_available();
    return version_text;
}

// MARK: Primitives

enum { HAS_BIAS = 1, HAS_RESIDUAL = 2 };
typedef struct {
    ck_convolution c;
    int64_t pass, flags;
} key;
typedef struct primitive {
    key k;
    dnnl_primitive_t run, pack;
    dnnl_memory_desc_t x, w, y, b, plain;
    size_t packed_bytes, scratch_bytes, pack_scratch_bytes;
    bool valid;
    struct primitive *next;
} primitive;

enum { BUCKETS = 256 };
static primitive *table[BUCKETS];
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;

static size_t scratch_of(const_dnnl_primitive_desc_t d) {
    const dnnl_memory_desc_t *md = primitive_desc_query_md(d, dnnl_query_scratchpad_md, 0);
    return md ? memory_desc_get_size(md) : 0;
}

static bool describe_arrays(const ck_convolution *c, primitive *p) {
    dnnl_dims_t x = {c->n, c->ci, c->ih, c->iw}, y = {c->n, c->co, c->oh, c->ow}, b = {c->co};
    dnnl_dims_t w = {c->co, c->ci, c->kh, c->kw}, grouped = {c->g, c->co / c->g, c->ci / c->g, c->kh, c->kw};
    int rank = c->g > 1 ? 5 : 4;
    dnnl_dim_t *sizes = c->g > 1 ? grouped : w;
    return memory_desc_init_by_tag(&p->x, 4, x, dnnl_f32, dnnl_nhwc) == dnnl_success
        && memory_desc_init_by_tag(&p->y, 4, y, dnnl_f32, dnnl_nhwc) == dnnl_success
        && memory_desc_init_by_tag(&p->b, 1, b, dnnl_f32, dnnl_a) == dnnl_success
        && memory_desc_init_by_tag(&p->w, rank, sizes, dnnl_f32, dnnl_format_tag_any) == dnnl_success
        && memory_desc_init_by_tag(&p->plain, rank, sizes, dnnl_f32, c->g > 1 ? dnnl_goihw : dnnl_oihw) == dnnl_success;
}

static dnnl_primitive_attr_t attributes(const primitive *p, int64_t flags) {
    dnnl_primitive_attr_t attr = NULL;
    if (primitive_attr_create(&attr) != dnnl_success) { return NULL; }
    dnnl_post_ops_t after = NULL;
    bool good = primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user) == dnnl_success;
    if (good && (flags & HAS_RESIDUAL)) {
        good = post_ops_create(&after) == dnnl_success
            && post_ops_append_binary(after, dnnl_binary_add, &p->y) == dnnl_success;
        good = good && primitive_attr_set_post_ops(attr, after) == dnnl_success;
        if (after) { post_ops_destroy(after); }
    }
    if (!good) {
        primitive_attr_destroy(attr);
        return NULL;
    }
    return attr;
}

static void make_pack(primitive *p) {
    dnnl_primitive_attr_t attr = attributes(p, 0);
    dnnl_primitive_desc_t d = NULL;
    bool back = p->k.pass == CK_CONV_BACKWARD_WEIGHTS;
    const dnnl_memory_desc_t *from = back ? &p->w : &p->plain, *to = back ? &p->plain : &p->w;
    if (attr && reorder_primitive_desc_create(&d, from, engine, to, engine, attr) == dnnl_success) {
        p->pack_scratch_bytes = scratch_of(d);
        p->valid = primitive_create(&p->pack, d) == dnnl_success;
        primitive_desc_destroy(d);
    }
    if (attr) { primitive_attr_destroy(attr); }
}

/// `weights` fixes the form of the weights; NULL leaves the choice to oneDNN.
static void make(primitive *p, const dnnl_memory_desc_t *weights) {
    const ck_convolution *c = &p->k.c;
    if (!describe_arrays(c, p)) { return; }
    if (weights) { p->w = *weights; }
    dnnl_dims_t strides = {c->sh, c->sw}, dilation = {c->dh - 1, c->dw - 1}, before = {c->ph, c->pw}, after;
    // What lies behind the last window is cut off rather than left over.
    after[0] = (c->oh - 1) * c->sh + (c->kh - 1) * c->dh + 1 - c->ih - c->ph;
    after[1] = (c->ow - 1) * c->sw + (c->kw - 1) * c->dw + 1 - c->iw - c->pw;
    for (int i = 0; i < 2; i++) { after[i] = after[i] < 0 ? 0 : after[i]; }
    const dnnl_memory_desc_t *bias = p->k.flags & HAS_BIAS ? &p->b : NULL;
    dnnl_primitive_attr_t attr = attributes(p, p->k.flags);
    if (!attr) { return; }
    dnnl_convolution_desc_t forward, backward;
    dnnl_primitive_desc_t hint = NULL, d = NULL;
    bool first = p->k.pass == CK_CONV_FORWARD;
    dnnl_memory_desc_t any = p->w;
    if (dilated_convolution_forward_desc_init(
            &forward, dnnl_forward_training, dnnl_convolution_direct, &p->x, &any, first ? bias : NULL, &p->y, strides,
            dilation, before, after) != dnnl_success
        || primitive_desc_create(&hint, &forward, attr, engine, NULL) != dnnl_success) {
        primitive_attr_destroy(attr);
        return;
    }
    dnnl_status_t status = dnnl_success;
    dnnl_query_t weight_query = dnnl_query_weights_md;
    if (first) {
        d = hint;
    } else {
        if (p->k.pass == CK_CONV_BACKWARD_DATA) {
            status = dilated_convolution_backward_data_desc_init(
                &backward, dnnl_convolution_direct, &p->x, &any, &p->y, strides, dilation, before, after);
        } else {
            status = dilated_convolution_backward_weights_desc_init(
                &backward, dnnl_convolution_direct, &p->x, &any, bias, &p->y, strides, dilation, before, after);
            weight_query = dnnl_query_diff_weights_md;
        }
        if (status == dnnl_success) { status = primitive_desc_create(&d, &backward, attr, engine, hint); }
    }
    const char *implementation = "";
    if (status == dnnl_success) {
        status = primitive_desc_query(d, dnnl_query_impl_info_str, 0, &implementation);
        // The reference implementation is slower than the plain path.
        if (strncmp(implementation, "ref", 3) == 0) { status = dnnl_unimplemented; }
    }
    if (status == dnnl_success) {
        p->w = *primitive_desc_query_md(d, weight_query, 0);
        p->packed_bytes = memory_desc_get_size(&p->w);
        p->scratch_bytes = scratch_of(d);
        if (primitive_create(&p->run, d) == dnnl_success) { make_pack(p); }
    }
    if (d && d != hint) { primitive_desc_destroy(d); }
    primitive_desc_destroy(hint);
    primitive_attr_destroy(attr);
}

static uint64_t hash(const key *k) {
    const uint64_t *words = (const uint64_t *)k;
    uint64_t h = 1469598103934665603u;
    for (size_t i = 0; i < sizeof *k / 8; i++) { h = (h ^ words[i]) * 1099511628211u; }
    return h ^ h >> 29;
}

/// The primitive for a geometry, pass and epilogue; NULL where oneDNN has none.
static const primitive *find(const ck_convolution *c, ck_conv_pass pass, int64_t flags, const dnnl_memory_desc_t *weights) {
    if (!ck_conv_available() || !stream()) { return NULL; }
    key k = {.c = *c, .pass = pass, .flags = flags};
    primitive **bucket = &table[hash(&k) % BUCKETS];
    pthread_mutex_lock(&table_lock);
    primitive *p = *bucket;
    while (p && memcmp(&p->k, &k, sizeof k) != 0) { p = p->next; }
    if (!p) {
        p = calloc(1, sizeof *p);
        if (p) {
            p->k = k;
            make(p, weights);
            p->next = *bucket;
            *bucket = p;
        }
    }
    pthread_mutex_unlock(&table_lock);
    return p && p->valid ? p : NULL;
}

// MARK: Pieces of a batch

/// Images are cut into the same pieces whatever the load, so that results depend on the number of threads only. Where
/// pieces do not have to be summed there are several for each thread: a thread that is held up leaves some to the others.
static int64_t images_a_piece(const ck_convolution *c, int64_t pass) {
    double work = 2.0 * (double)c->n * (double)(c->oh * c->ow * c->co) * (double)(c->ci / c->g * c->kh * c->kw);
    int64_t threads = ck_threads(), pieces = work < 1e6 ? 1 : threads;
    if (pass != CK_CONV_BACKWARD_WEIGHTS && threads > 1 && work > 8e7) { pieces *= 4; }
    return (c->n + pieces - 1) / pieces;
}

static ck_convolution of_images(const ck_convolution *c, int64_t images) {
    ck_convolution part = *c;
    part.n = images;
    return part;
}

typedef struct {
    const primitive *whole, *rest;
    const float *x, *g, *bias, *residual;
    const void *packed;
    float *out, *weights;
    int64_t n, images;
    atomic_bool failed;
} job;

enum { MAX_ARGUMENTS = 6 };

typedef struct {
    dnnl_exec_arg_t list[MAX_ARGUMENTS];
    int count;
    bool good;
} arguments;

static void add(arguments *a, int number, const dnnl_memory_desc_t *md, const void *data) {
    dnnl_memory_t m = NULL;
    // A null pointer means "none": an empty array never gets here.
    if (memory_create(&m, md, engine, (void *)data) != dnnl_success) {
        a->good = false;
        return;
    }
    a->list[a->count++] = (dnnl_exec_arg_t){number, m};
}

static bool execute(dnnl_primitive_t p, arguments *a, size_t scratch_bytes) {
    bool good = a->good && stream();
    if (good && scratch_bytes > 0) {
        void *scratch = ck_scratch(CK_SCRATCH_LIBRARY, scratch_bytes);
        dnnl_memory_desc_t md;
        dnnl_dims_t size = {(dnnl_dim_t)scratch_bytes};
        good = scratch && memory_desc_init_by_tag(&md, 1, size, dnnl_u8, dnnl_a) == dnnl_success;
        if (good) { add(a, DNNL_ARG_SCRATCHPAD, &md, scratch); }
    }
    good = good && a->good && primitive_execute(p, stream(), a->count, a->list) == dnnl_success
        && stream_wait(stream()) == dnnl_success;
    for (int i = 0; i < a->count; i++) { memory_destroy(a->list[i].memory); }
    return good;
}

static bool reorder(const primitive *p, const float *from, float *to) {
    bool back = p->k.pass == CK_CONV_BACKWARD_WEIGHTS;
    arguments a = {.good = true};
    add(&a, DNNL_ARG_FROM, back ? &p->w : &p->plain, from);
    add(&a, DNNL_ARG_TO, back ? &p->plain : &p->w, to);
    return execute(p->pack, &a, p->pack_scratch_bytes);
}

static void run_piece(void *context, int64_t index) {
    job *j = context;
    const primitive *p = (index + 1) * j->images <= j->n ? j->whole : j->rest;
    const ck_convolution *c = &p->k.c;
    int64_t at_x = index * j->images * c->ih * c->iw * c->ci, at_y = index * j->images * c->oh * c->ow * c->co;
    arguments a = {.good = true};
    if (p->k.pass == CK_CONV_FORWARD) {
        add(&a, DNNL_ARG_SRC, &p->x, j->x + at_x);
        add(&a, DNNL_ARG_WEIGHTS, &p->w, j->packed);
        add(&a, DNNL_ARG_DST, &p->y, j->out + at_y);
        if (p->k.flags & HAS_BIAS) { add(&a, DNNL_ARG_BIAS, &p->b, j->bias); }
        if (p->k.flags & HAS_RESIDUAL) {
            add(&a, DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, &p->y, j->residual + at_y);
        }
    } else if (p->k.pass == CK_CONV_BACKWARD_DATA) {
        add(&a, DNNL_ARG_DIFF_DST, &p->y, j->g + at_y);
        add(&a, DNNL_ARG_WEIGHTS, &p->w, j->packed);
        add(&a, DNNL_ARG_DIFF_SRC, &p->x, j->out + at_x);
    } else {
        size_t stride = (p->packed_bytes + 63) / 64 * 64 / sizeof(float) + (size_t)(c->co + 15) / 16 * 16;
        float *sums = j->weights + (size_t)index * stride;
        add(&a, DNNL_ARG_SRC, &p->x, j->x + at_x);
        add(&a, DNNL_ARG_DIFF_DST, &p->y, j->g + at_y);
        add(&a, DNNL_ARG_DIFF_WEIGHTS, &p->w, sums);
        if (p->k.flags & HAS_BIAS) { add(&a, DNNL_ARG_DIFF_BIAS, &p->b, sums + stride - (c->co + 15) / 16 * 16); }
    }
    if (!execute(p->run, &a, p->scratch_bytes)) { j->failed = true; }
}

/// Finds the primitives for whole pieces and for what is left, and runs them.
static bool run(const ck_convolution *c, ck_conv_pass pass, int64_t flags, const dnnl_memory_desc_t *weights, job *j) {
    j->n = c->n;
    j->images = images_a_piece(c, pass);
    int64_t left = c->n % j->images;
    ck_convolution whole = of_images(c, j->images), rest = of_images(c, left);
    j->whole = find(&whole, pass, flags, weights);
    j->rest = left && j->whole ? find(&rest, pass, flags, weights ? weights : &j->whole->w) : j->whole;
    if (!j->whole || !j->rest) { return false; }
    ck_parallel((c->n + j->images - 1) / j->images, run_piece, j);
    return !j->failed;
}

// MARK: Passes

/// The primitive without epilogue, whose form of the weights all others take over.
static const primitive *base(const ck_convolution *c, ck_conv_pass pass) {
    ck_convolution whole = of_images(c, images_a_piece(c, pass));
    return find(&whole, pass, 0, NULL);
}

size_t ck_onednn_packed_bytes(const ck_convolution *c, ck_conv_pass pass) {
    const primitive *p = base(c, pass);
    return p ? p->packed_bytes : 0;
}

bool ck_onednn_pack(const ck_convolution *c, ck_conv_pass pass, const float *w, const float *scale, void *packed) {
    const primitive *p = base(c, pass);
    if (!p) { return false; }
    if (!scale) { return reorder(p, w, packed); }
    int64_t filter = c->ci / c->g * c->kh * c->kw;
    float *scaled = ck_scratch(CK_SCRATCH_POINTS, (size_t)(c->co * filter) * sizeof(float));
    if (!scaled) { return false; }
    for (int64_t o = 0; o < c->co; o++) {
        for (int64_t i = 0; i < filter; i++) { scaled[o * filter + i] = w[o * filter + i] * scale[o]; }
    }
    return reorder(p, scaled, packed);
}

bool ck_onednn_forward(
    const ck_convolution *c, const float *x, const void *packed, const ck_conv_epilogue *epilogue, float *y) {
    const primitive *p = base(c, CK_CONV_FORWARD);
    if (!p) { return false; }
    // oneDNN's own ReLU makes NaN 0: it is a pass of ours instead.
    int64_t flags = (epilogue->bias ? HAS_BIAS : 0) | (epilogue->residual ? HAS_RESIDUAL : 0);
    job j = {.x = x, .packed = packed, .out = y, .bias = epilogue->bias, .residual = epilogue->residual};
    // Its kernels add a residual wrongly where the channels of a group do not fill their last vector, where a filter is larger
    // than the image, and with dilation (found against the plain way; without a residual they are right there): only the shapes
    // of residual networks are left to them.
    bool isUsual = c->g == 1 && c->co % 16 == 0 && c->dh == 1 && c->dw == 1 && c->kh <= c->ih && c->kw <= c->iw;
    bool fuses = !epilogue->residual || isUsual;
    if (fuses && run(c, CK_CONV_FORWARD, flags, &p->w, &j)) {
        if (epilogue->relu) { ck_unary(CK_RELU, CK_FLOAT32, 0, 0, y, y, c->n * c->oh * c->ow * c->co); }
        return true;
    }
    // A geometry whose epilogue oneDNN cannot fuse.
    job plain = {.x = x, .packed = packed, .out = y};
    if (flags == 0 || !run(c, CK_CONV_FORWARD, 0, &p->w, &plain)) { return false; }
    ck_conv_finish(CK_FLOAT32, epilogue->bias, epilogue->residual, epilogue->relu, y, c->n * c->oh * c->ow, c->co);
    return true;
}

bool ck_onednn_backward_data(const ck_convolution *c, const float *g, const void *packed, float *out) {
    const primitive *p = base(c, CK_CONV_BACKWARD_DATA);
    job j = {.g = g, .packed = packed, .out = out};
    return p && run(c, CK_CONV_BACKWARD_DATA, 0, &p->w, &j);
}

bool ck_onednn_backward_weights(const ck_convolution *c, const float *x, const float *g, float *weights, float *bias) {
    int64_t flags = bias ? HAS_BIAS : 0;
    ck_convolution whole = of_images(c, images_a_piece(c, CK_CONV_BACKWARD_WEIGHTS));
    const primitive *p = find(&whole, CK_CONV_BACKWARD_WEIGHTS, flags, NULL);
    if (!p) { return false; }
    size_t packed = (p->packed_bytes + 63) / 64 * 64 / sizeof(float), stride = packed + (size_t)(c->co + 15) / 16 * 16;
    int64_t pieces = (c->n + whole.n - 1) / whole.n;
    float *sums = ck_scratch(CK_SCRATCH_SUMS, (size_t)pieces * stride * sizeof(float));
    job j = {.x = x, .g = g, .weights = sums};
    if (!sums || !run(c, CK_CONV_BACKWARD_WEIGHTS, flags, NULL, &j)) { return false; }
    for (int64_t piece = 1; piece < pieces; piece++) {
        const float *more = sums + (size_t)piece * stride;
        for (size_t i = 0; i < stride; i++) { sums[i] += more[i]; }
    }
    if (bias) { memcpy(bias, sums + packed, (size_t)c->co * sizeof(float)); }
    return reorder(p, sums, weights);
}
