// The forwarders below stay inside the program: Cairo's own calls must not find them.
#define cairo_public __attribute__((visibility("hidden")))
#include "CCairo.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

// clang-format off
// PROCEDURE(name, parameters, arguments) and FUNCTION(result, name, parameters, arguments, answer without Cairo)
#define CAIRO(PROCEDURE, FUNCTION) \
    PROCEDURE(cairo_arc, (cairo_t *cr, double xc, double yc, double radius, double angle1, double angle2), \
         (cr, xc, yc, radius, angle1, angle2)) \
    PROCEDURE(cairo_clip, (cairo_t *cr), (cr)) \
    PROCEDURE(cairo_close_path, (cairo_t *cr), (cr)) \
    FUNCTION(cairo_t *, cairo_create, (cairo_surface_t *target), (target), NULL) \
    PROCEDURE(cairo_destroy, (cairo_t *cr), (cr)) \
    PROCEDURE(cairo_fill, (cairo_t *cr), (cr)) \
    PROCEDURE(cairo_fill_preserve, (cairo_t *cr), (cr)) \
    FUNCTION(cairo_font_options_t *, cairo_font_options_create, (void), (), NULL) \
    PROCEDURE(cairo_font_options_destroy, (cairo_font_options_t *options), (options)) \
    PROCEDURE(cairo_font_options_set_antialias, (cairo_font_options_t *options, cairo_antialias_t antialias), \
         (options, antialias)) \
    PROCEDURE(cairo_font_options_set_hint_metrics, \
         (cairo_font_options_t *options, cairo_hint_metrics_t hint_metrics), \
         (options, hint_metrics)) \
    PROCEDURE(cairo_font_options_set_hint_style, (cairo_font_options_t *options, cairo_hint_style_t hint_style), \
         (options, hint_style)) \
    FUNCTION(cairo_scaled_font_t *, cairo_get_scaled_font, (cairo_t *cr), (cr), NULL) \
    FUNCTION(cairo_pattern_t *, cairo_get_source, (cairo_t *cr), (cr), NULL) \
    FUNCTION(cairo_surface_t *, cairo_image_surface_create, (cairo_format_t format, int width, int height), \
         (format, width, height), NULL) \
    FUNCTION(unsigned char *, cairo_image_surface_get_data, (cairo_surface_t *surface), (surface), NULL) \
    FUNCTION(int, cairo_image_surface_get_height, (cairo_surface_t *surface), (surface), 0) \
    FUNCTION(int, cairo_image_surface_get_stride, (cairo_surface_t *surface), (surface), 0) \
    FUNCTION(int, cairo_image_surface_get_width, (cairo_surface_t *surface), (surface), 0) \
    PROCEDURE(cairo_line_to, (cairo_t *cr, double x, double y), (cr, x, y)) \
    PROCEDURE(cairo_move_to, (cairo_t *cr, double x, double y), (cr, x, y)) \
    PROCEDURE(cairo_new_path, (cairo_t *cr), (cr)) \
    PROCEDURE(cairo_new_sub_path, (cairo_t *cr), (cr)) \
    PROCEDURE(cairo_paint, (cairo_t *cr), (cr)) \
    PROCEDURE(cairo_pattern_set_filter, (cairo_pattern_t *pattern, cairo_filter_t filter), (pattern, filter)) \
    FUNCTION(cairo_surface_t *, cairo_pdf_surface_create_for_stream, \
         (cairo_write_func_t write_func, void *closure, double width_in_points, double height_in_points), \
         (write_func, closure, width_in_points, height_in_points), NULL) \
    PROCEDURE(cairo_pdf_surface_set_metadata, \
         (cairo_surface_t *surface, cairo_pdf_metadata_t metadata, const char *utf8), \
         (surface, metadata, utf8)) \
    PROCEDURE(cairo_rectangle, (cairo_t *cr, double x, double y, double width, double height), \
         (cr, x, y, width, height)) \
    PROCEDURE(cairo_restore, (cairo_t *cr), (cr)) \
    PROCEDURE(cairo_rotate, (cairo_t *cr, double angle), (cr, angle)) \
    PROCEDURE(cairo_save, (cairo_t *cr), (cr)) \
    PROCEDURE(cairo_scale, (cairo_t *cr, double sx, double sy), (cr, sx, sy)) \
    FUNCTION(cairo_font_type_t, cairo_scaled_font_get_type, (cairo_scaled_font_t *scaled_font), \
         (scaled_font), CAIRO_FONT_TYPE_USER) \
    PROCEDURE(cairo_select_font_face, \
         (cairo_t *cr, const char *family, cairo_font_slant_t slant, cairo_font_weight_t weight), \
         (cr, family, slant, weight)) \
    PROCEDURE(cairo_set_antialias, (cairo_t *cr, cairo_antialias_t antialias), (cr, antialias)) \
    PROCEDURE(cairo_set_dash, (cairo_t *cr, const double *dashes, int num_dashes, double offset), \
         (cr, dashes, num_dashes, offset)) \
    PROCEDURE(cairo_set_font_options, (cairo_t *cr, const cairo_font_options_t *options), (cr, options)) \
    PROCEDURE(cairo_set_font_size, (cairo_t *cr, double size), (cr, size)) \
    PROCEDURE(cairo_set_line_cap, (cairo_t *cr, cairo_line_cap_t line_cap), (cr, line_cap)) \
    PROCEDURE(cairo_set_line_join, (cairo_t *cr, cairo_line_join_t line_join), (cr, line_join)) \
    PROCEDURE(cairo_set_line_width, (cairo_t *cr, double width), (cr, width)) \
    PROCEDURE(cairo_set_source_rgba, (cairo_t *cr, double red, double green, double blue, double alpha), \
         (cr, red, green, blue, alpha)) \
    PROCEDURE(cairo_set_source_surface, (cairo_t *cr, cairo_surface_t *surface, double x, double y), \
         (cr, surface, x, y)) \
    PROCEDURE(cairo_show_text, (cairo_t *cr, const char *utf8), (cr, utf8)) \
    FUNCTION(cairo_status_t, cairo_status, (cairo_t *cr), (cr), CAIRO_STATUS_NO_MEMORY) \
    FUNCTION(const char *, cairo_status_to_string, (cairo_status_t status), (status), "not loaded") \
    PROCEDURE(cairo_stroke, (cairo_t *cr), (cr)) \
    PROCEDURE(cairo_surface_destroy, (cairo_surface_t *surface), (surface)) \
    PROCEDURE(cairo_surface_finish, (cairo_surface_t *surface), (surface)) \
    PROCEDURE(cairo_surface_flush, (cairo_surface_t *surface), (surface)) \
    PROCEDURE(cairo_surface_mark_dirty, (cairo_surface_t *surface), (surface)) \
    FUNCTION(cairo_status_t, cairo_surface_status, (cairo_surface_t *surface), (surface), CAIRO_STATUS_NO_MEMORY) \
    FUNCTION(cairo_surface_t *, cairo_svg_surface_create_for_stream, \
         (cairo_write_func_t write_func, void *closure, double width_in_points, double height_in_points), \
         (write_func, closure, width_in_points, height_in_points), NULL) \
    PROCEDURE(cairo_svg_surface_set_document_unit, (cairo_surface_t *surface, cairo_svg_unit_t unit), \
         (surface, unit)) \
    PROCEDURE(cairo_text_extents, (cairo_t *cr, const char *utf8, cairo_text_extents_t *extents), \
         (cr, utf8, extents)) \
    PROCEDURE(cairo_translate, (cairo_t *cr, double tx, double ty), (cr, tx, ty))
// clang-format on

static struct {
#define PROCEDURE(name, parameters, arguments) __typeof__(&name) name;
#define FUNCTION(result, name, parameters, arguments, otherwise) __typeof__(&name) name;
    CAIRO(PROCEDURE, FUNCTION)
#undef PROCEDURE
#undef FUNCTION
} functions;

static bool is_loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    void *library = dlopen("libcairo.so.2", RTLD_LAZY | RTLD_LOCAL);
    if (!library) { return; }
    bool complete = true;
#define PROCEDURE(name, parameters, arguments) \
    *(void **)&functions.name = dlsym(library, #name); \
    complete = complete && functions.name;
#define FUNCTION(result, name, parameters, arguments, otherwise) PROCEDURE(name, parameters, arguments)
    CAIRO(PROCEDURE, FUNCTION)
#undef PROCEDURE
#undef FUNCTION
    is_loaded = complete;
}

bool ccairo_is_available(void) {
    pthread_once(&once, load);
    return is_loaded;
}

#define PROCEDURE(name, parameters, arguments) \
    void name parameters { \
        if (ccairo_is_available()) { functions.name arguments; } \
    }
#define FUNCTION(result, name, parameters, arguments, otherwise) \
    result name parameters { return ccairo_is_available() ? functions.name arguments : otherwise; }
CAIRO(PROCEDURE, FUNCTION)
