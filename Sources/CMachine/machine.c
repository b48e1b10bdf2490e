#include "machine.h"
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

// The entries of Swift's runtime that count references.
extern void *swift_retain(void *object);
extern void swift_release(void *object);
extern bool swift_isUniquelyReferenced_nonNull_native(const void *object);

typedef machine_value value;

static const char *const names[] = {
#define NAME(name) #name,
    MACHINE_OPCODES(NAME, NAME)
#undef NAME
};

static machine_hooks hooks;
// Only then does Swift lay out values as this file reads them.
static bool is_installed;

void machine_install(const machine_hooks *installed) {
    hooks = *installed;
    is_installed = true;
}

const char *machine_name(Opcode operation) { return names[operation]; }

void machine_forget(void *function) {
    if (function) swift_release(function);
}

static inline bool is_reference(uint8_t tag) { return (uint8_t)(tag - machine_string) <= machine_cell - machine_string; }
static inline bool is_unbound(const value *v) { return v->tag == machine_empty && v->integer == 1; }

static inline void drop(value old) {
    if (__builtin_expect(is_reference(old.tag), 0)) swift_release(old.object);
}

/// Overwrites a register with what it comes to own.
static inline void put(value *target, value new) {
    value old = *target;
    *target = new;
    drop(old);
}

static inline void put_int(value *target, int64_t integer) {
    value old = *target;
    target->integer = integer;
    target->tag = machine_int;
    drop(old);
}

static inline void put_float(value *target, double number) {
    value old = *target;
    target->number = number;
    target->tag = machine_float;
    drop(old);
}

static inline void put_bool(value *target, bool truth) {
    value old = *target;
    target->integer = truth;
    target->tag = machine_bool;
    drop(old);
}

static inline void copy(value *target, const value *source) {
    value new = *source;
    if (is_reference(new.tag)) swift_retain(new.object);
    put(target, new);
}

// A list holds its array's block behind its header. Swift checks at the start that lists and blocks are like this.
typedef struct {
    void *header[2];
    int64_t count;
    uint64_t capacityAndFlag;
    value elements[];
} block;
typedef struct {
    void *header[2];
    block *elements;
} list;

static inline block *elements(const value *v) { return ((list *)v->object)->elements; }

// A dict remembers the string it found last, and where.
typedef struct {
    void *header[2];
    void *keys;
    block *values;
    void *hashes;
    void *slots;
    void *recentKey;
    int64_t recentPosition;
} dict;

/// The block of a dict's values if its last string is asked for again.
static inline block *recent(const value *owner, const value *key) {
    const dict *entries = owner->object;
    return owner->tag == machine_dict && key->tag == machine_string && entries->recentKey == key->object
        ? entries->values : NULL;
}
static inline int64_t recent_position(const value *owner) { return ((const dict *)owner->object)->recentPosition; }

/// A position in a list, counted from the end when negative; negative outside.
static inline int64_t position(const block *elements, int64_t index) {
    if (index < 0) index += elements->count;
    return index < elements->count ? index : -1;
}

/// Adds at the end where there is room in memory that nobody shares.
static inline bool append(const value *to, const value *source) {
    block *all = elements(to);
    if ((uint64_t)all->count >= all->capacityAndFlag >> 1 || !swift_isUniquelyReferenced_nonNull_native(all)) return false;
    value new = *source;
    if (is_reference(new.tag)) swift_retain(new.object);
    all->elements[all->count++] = new;
    return true;
}

void machine_use_large_pages(void *start, intptr_t bytes) {
    const uintptr_t size = 2 << 20;
    uintptr_t first = ((uintptr_t)start + size - 1) & -size, end = ((uintptr_t)start + bytes) & -size;
    // Advice: what the system does not follow costs nothing.
    if (start && first < end) madvise((void *)first, end - first, MADV_HUGEPAGE);
}

bool machine_move(void *from, void *to) {
    if (!is_installed) return false;
    block *source = ((list *)from)->elements, *target = ((list *)to)->elements;
    if (!swift_isUniquelyReferenced_nonNull_native(source) || target->count != 0
        || (uint64_t)source->count > target->capacityAndFlag >> 1)
        return false;
    memcpy(target->elements, source->elements, source->count * sizeof(value));
    target->count = source->count;
    source->count = 0;
    return true;
}

bool machine_clear(void *object) {
    if (!is_installed) return false;
    block *all = ((list *)object)->elements;
    for (int64_t start = 0; start < all->count; start += 64) {
        int64_t end = start + 64 < all->count ? start + 64 : all->count;
        bool holds = false;
        for (int64_t i = start; i < end; i++) holds |= is_reference(all->elements[i].tag);
        if (holds) return false;
    }
    // The empty array's memory is everybody's.
    if (all->count == 0 || !swift_isUniquelyReferenced_nonNull_native(all)) return false;
    all->count = 0;
    return true;
}

// A string's text stands behind its header in two words. Up to 15 bytes of ASCII stand in the words themselves, with
// their number in the last byte.
typedef struct {
    void *header[2];
    union {
        uint64_t words[2];
        unsigned char bytes[16];
    };
} string;
enum { short_ascii = 0xE0, longest_short = 15 };

/// Joins short texts and ints if they make a short text.
static bool join(const value *parts, intptr_t count, string *out) {
    intptr_t length = 0;
    out->words[0] = out->words[1] = 0;
    for (const value *part = parts; part < parts + count; part++) {
        if (part->tag == machine_string) {
            const string *text = part->object;
            if ((text->bytes[15] & 0xF0) != short_ascii) return false;
            intptr_t size = text->bytes[15] & 0x0F;
            if (length + size > longest_short) return false;
            for (intptr_t i = 0; i < size; i++) out->bytes[length++] = text->bytes[i];
        } else if (part->tag == machine_int) {
            if (part->integer < 0 || part->integer > UINT32_MAX) return false;
            unsigned char digits[10];
            uint32_t rest = (uint32_t)part->integer;
            intptr_t size = 0;
            do {
                digits[size++] = '0' + rest % 10;
                rest /= 10;
            } while (rest);
            if (length + size > longest_short) return false;
            while (size) out->bytes[length++] = digits[--size];
        } else {
            return false;
        }
    }
    out->bytes[15] = short_ascii | length;
    return true;
}

static const value unbound = {.integer = 1, .tag = machine_empty};
static const value none = {.integer = 0, .tag = machine_empty};

/// The float of a float, or of an int beside a float.
static inline bool as_float(const value *v, double *out) {
    if (v->tag == machine_float) {
        *out = v->number;
        return true;
    }
    if (v->tag == machine_int) {
        *out = (double)v->integer;
        return true;
    }
    return false;
}

/// Whether two values are equal: 1 or 0, or -1 when the loop cannot say.
static inline int equal(const value *x, const value *y) {
    if (x->tag == y->tag) {
        switch (x->tag) {
        case machine_int: return x->integer == y->integer;
        case machine_float: return x->number == y->number;
        case machine_bool: return x->truth == y->truth;
        case machine_empty: return x->integer == 0 && y->integer == 0 ? 1 : -1;
        case machine_string: return x->object == y->object || hooks.stringsAreEqual(x->object, y->object);
        default: return -1;
        }
    }
    // Of unlike kinds only numbers, tensors and objects can be equal.
    if (x->tag == machine_bool || y->tag == machine_bool) return -1;
    if (x->tag == machine_string && y->tag == machine_empty && y->integer == 0) return 0;
    if (y->tag == machine_string && x->tag == machine_empty && x->integer == 0) return 0;
    return -1;
}

MachineExit machine_run(machine_state *state) {
#define LABEL(name) &&op_##name,
#define NO_LABEL(name) &&slow,
    static const void *const labels[] = {MACHINE_OPCODES(LABEL, NO_LABEL)};
#undef LABEL
#undef NO_LABEL
    const machine_instruction *const code = state->code;
    const machine_instruction *pc = code + state->pc;
    value *const registers = state->registers;
    value *const globals = registers - 1;
    value *base = registers + state->base;
    const value *const constants = state->constants;
    intptr_t budget = state->budget;
    int64_t written = 0;
    // The operands of an operation that Swift does.
    const value *left_operand, *right_operand;

#define A (base + pc->a)
#define B (base + pc->b)
#define C (base + pc->c)
#define D (pc->d)
#define GO goto *labels[pc->operation]
#define NEXT do { pc++; GO; } while (0)
#define JUMP do { pc += D; GO; } while (0)
#define STOP(how) do { \
        state->pc = pc - code; \
        state->base = base - registers; \
        state->budget = budget; \
        return how; \
    } while (0)

    GO;

op_LoadInt:
    put_int(A, D);
    NEXT;
op_LoadConstant:
    copy(A, constants + D);
    NEXT;
op_Move:
    copy(A, B);
    NEXT;
op_LoadGlobal: {
    const value *global = globals - D;
    if (is_unbound(global)) goto slow;
    copy(A, global);
    NEXT;
}
op_CheckBound:
    if (is_unbound(A)) goto slow;
    NEXT;
op_JumpIfBound:
    if (is_unbound(A)) NEXT;
    JUMP;
op_LoadCell: {
    const value *cell = B;
    if (cell->tag != machine_cell) goto slow;
    // Not straight into the target: that could be where the cell itself stands.
    value content = unbound;
    hooks.cellGet(cell->object, &content);
    if (is_unbound(&content)) goto slow;
    put(A, content);
    NEXT;
}
op_StoreCell: {
    const value *cell = A;
    if (cell->tag != machine_cell) goto slow;
    hooks.cellSet(cell->object, B);
    NEXT;
}

    // MARK: Arithmetic

#define ASK_SWIFT(X, Y, WRITES_IN_PLACE) do { \
        left_operand = (X); \
        right_operand = (Y); \
        if (WRITES_IN_PLACE) goto slow; \
        goto other_operands; \
    } while (0)
#define ARITHMETIC(OVERFLOWS, OPERATOR, Y, WRITES_IN_PLACE) do { \
        const value *x = B, *y = (Y); \
        if (__builtin_expect(x->tag == machine_int && y->tag == machine_int, 1)) { \
            int64_t result; \
            if (__builtin_expect(OVERFLOWS(x->integer, y->integer, &result), 0)) goto slow; \
            put_int(A, result); \
        } else { \
            double left, right; \
            if (!as_float(x, &left) || !as_float(y, &right)) ASK_SWIFT(x, y, WRITES_IN_PLACE); \
            put_float(A, left OPERATOR right); \
        } \
        NEXT; \
    } while (0)

op_Add: ARITHMETIC(__builtin_add_overflow, +, C, D == 1);
op_Subtract: ARITHMETIC(__builtin_sub_overflow, -, C, D == 1);
op_Multiply: ARITHMETIC(__builtin_mul_overflow, *, C, D == 1);
op_AddConstant: ARITHMETIC(__builtin_add_overflow, +, constants + D, pc->c == 1);
op_SubtractConstant: ARITHMETIC(__builtin_sub_overflow, -, constants + D, pc->c == 1);
op_MultiplyConstant: ARITHMETIC(__builtin_mul_overflow, *, constants + D, pc->c == 1);
op_AddImmediate: {
    const value *x = B;
    if (__builtin_expect(x->tag == machine_int, 1)) {
        int64_t result;
        if (__builtin_add_overflow(x->integer, (int64_t)D, &result)) goto slow;
        put_int(A, result);
    } else if (x->tag == machine_float) {
        put_float(A, x->number + D);
    } else {
        goto slow;
    }
    NEXT;
}
#define DIVIDE(Y, WRITES_IN_PLACE) do { \
        const value *x = B, *y = (Y); \
        double left, right; \
        if (!as_float(x, &left) || !as_float(y, &right) || right == 0) ASK_SWIFT(x, y, WRITES_IN_PLACE); \
        put_float(A, left / right); \
        NEXT; \
    } while (0)
op_Divide: DIVIDE(C, D == 1);
op_DivideConstant: DIVIDE(constants + D, pc->c == 1);
    // A positive int divides; a 32-bit division is much faster than one of 64 bits.
#define SMALL(x, y) ((((uint64_t)(x) | (uint64_t)(y)) >> 32) == 0)
#define FLOOR_DIVIDE(Y) do { \
        const value *left = B, *right = (Y); \
        if (left->tag != machine_int || right->tag != machine_int || right->integer <= 0) goto slow; \
        int64_t x = left->integer, y = right->integer; \
        int64_t quotient = SMALL(x, y) ? (int64_t)((uint32_t)x / (uint32_t)y) : x / y; \
        put_int(A, x < 0 && quotient * y != x ? quotient - 1 : quotient); \
        NEXT; \
    } while (0)
op_FloorDivide: FLOOR_DIVIDE(C);
op_FloorDivideConstant: FLOOR_DIVIDE(constants + D);
#define REMAINDER(Y) do { \
        const value *left = B, *right = (Y); \
        if (left->tag != machine_int || right->tag != machine_int || right->integer <= 0) goto slow; \
        int64_t x = left->integer, y = right->integer; \
        int64_t rest = SMALL(x, y) ? (int64_t)((uint32_t)x % (uint32_t)y) : x % y; \
        put_int(A, rest < 0 ? rest + y : rest); \
        NEXT; \
    } while (0)
op_Remainder: REMAINDER(C);
op_RemainderConstant: REMAINDER(constants + D);
op_Negate: {
    const value *x = B;
    if (x->tag == machine_int && x->integer != INT64_MIN) {
        put_int(A, -x->integer);
    } else if (x->tag == machine_float) {
        put_float(A, -x->number);
    } else {
        goto slow;
    }
    NEXT;
}
op_Not: {
    const value *x = B;
    if (x->tag != machine_bool) goto slow;
    put_bool(A, !x->truth);
    NEXT;
}
op_ToBool: {
    const value *x = B;
    if (x->tag != machine_bool) goto slow;
    put_bool(A, x->truth);
    NEXT;
}

    // MARK: Comparisons

#define COMPARE(X, OPERATOR, Y, THEN) do { \
        const value *x = (X), *y = (Y); \
        bool holds; \
        if (__builtin_expect(x->tag == machine_int && y->tag == machine_int, 1)) { \
            holds = x->integer OPERATOR y->integer; \
        } else { \
            double left, right; \
            if (!as_float(x, &left) || !as_float(y, &right)) goto slow; \
            holds = left OPERATOR right; \
        } \
        THEN; \
    } while (0)
#define STORE put_bool(A, holds); NEXT
#define BRANCH if (holds) NEXT; JUMP
#define EQUALITY(X, Y, WANTED, THEN) do { \
        int same = equal((X), (Y)); \
        if (same < 0) goto slow; \
        bool holds = same == (WANTED); \
        THEN; \
    } while (0)

op_Less: COMPARE(B, <, C, STORE);
op_LessOrEqual: COMPARE(B, <=, C, STORE);
op_Greater: COMPARE(B, >, C, STORE);
op_GreaterOrEqual: COMPARE(B, >=, C, STORE);
op_Equal: EQUALITY(B, C, 1, STORE);
op_Unequal: EQUALITY(B, C, 0, STORE);
op_JumpUnlessLess: COMPARE(A, <, B, BRANCH);
op_JumpUnlessLessOrEqual: COMPARE(A, <=, B, BRANCH);
op_JumpUnlessGreater: COMPARE(A, >, B, BRANCH);
op_JumpUnlessGreaterOrEqual: COMPARE(A, >=, B, BRANCH);
op_JumpUnlessEqual: EQUALITY(A, B, 1, BRANCH);
op_JumpUnlessUnequal: EQUALITY(A, B, 0, BRANCH);

#define COMPARE_IMMEDIATE(OPERATOR) do { \
        const value *x = A; \
        bool holds; \
        if (__builtin_expect(x->tag == machine_int, 1)) { \
            holds = x->integer OPERATOR pc->c; \
        } else if (x->tag == machine_float) { \
            holds = x->number OPERATOR pc->c; \
        } else { \
            goto slow; \
        } \
        BRANCH; \
    } while (0)
op_JumpUnlessLessImmediate: COMPARE_IMMEDIATE(<);
op_JumpUnlessLessOrEqualImmediate: COMPARE_IMMEDIATE(<=);
op_JumpUnlessGreaterImmediate: COMPARE_IMMEDIATE(>);
op_JumpUnlessGreaterOrEqualImmediate: COMPARE_IMMEDIATE(>=);
op_JumpUnlessEqualImmediate: COMPARE_IMMEDIATE(==);
op_JumpUnlessUnequalImmediate: COMPARE_IMMEDIATE(!=);

op_Contains: {
    const value *container = C;
    bool found;
    if (container->tag != machine_dict || hooks.dictContains(container->object, B, &found) != HookOutcomeDone)
        goto slow;
    put_bool(A, found);
    NEXT;
}

    // MARK: Jumps and loops

op_Jump:
    JUMP;
op_Loop:
    pc += D;
    if (--budget == 0) STOP(MachineExitPoll);
    GO;
op_JumpIfFalse: {
    const value *condition = A;
    if (condition->tag != machine_bool) goto slow;
    if (condition->truth) NEXT;
    JUMP;
}
op_JumpIfTrue: {
    const value *condition = A;
    if (condition->tag != machine_bool) goto slow;
    if (condition->truth) JUMP;
    NEXT;
}
    // A range counts in the state's first register; a list stands there with the index behind it.
#define ADVANCE(MORE, END) do { \
        value *s = A; \
        if (__builtin_expect(s->tag == machine_int, 1)) { \
            if (s[1].tag != machine_int || s[2].tag != machine_int) goto slow; \
            if (s[1].integer == 0) END; \
            int64_t current = s->integer; \
            s->integer = (int64_t)((uint64_t)current + (uint64_t)s[2].integer); \
            s[1].integer--; \
            put_int(B, current); \
            MORE; \
        } \
        if (s->tag != machine_list || s[1].tag != machine_int) goto slow; \
        const block *all = elements(s); \
        if (s[1].integer >= all->count) END; \
        copy(B, all->elements + s[1].integer++); \
        MORE; \
    } while (0)
#define BACK do { \
        pc += D; \
        if (--budget == 0) STOP(MachineExitPoll); \
        GO; \
    } while (0)
op_Next: ADVANCE(NEXT, JUMP);
op_NextRound: ADVANCE(BACK, NEXT);

    // MARK: Containers and text

op_Append: {
    const value *list = A;
    if (list->tag != machine_list) goto slow;
    if (!append(list, B) && !hooks.listAppend(list->object, B)) goto slow;
    NEXT;
}
op_NewList:
    hooks.newList(base + pc->b, pc->c, A);
    NEXT;
op_GetIndex: {
    const value *owner = B, *index = C;
    if (owner->tag == machine_list && index->tag == machine_int) {
        const block *all = elements(owner);
        int64_t at = position(all, index->integer);
        if (at < 0) goto slow;
        copy(A, all->elements + at);
        NEXT;
    }
    const block *values = recent(owner, index);
    if (values) {
        copy(A, values->elements + recent_position(owner));
        NEXT;
    }
    value element = none;
    if (owner->tag != machine_dict || !hooks.dictGet(owner->object, index, &element)) goto slow;
    put(A, element);
    NEXT;
}
op_SetIndex: {
    const value *owner = A, *index = B;
    if (owner->tag == machine_list && index->tag == machine_int) {
        block *all = elements(owner);
        int64_t at = position(all, index->integer);
        if (at < 0 || !swift_isUniquelyReferenced_nonNull_native(all)) goto slow;
        // A loop that writes at equal distances will write there soon.
        __builtin_prefetch(all->elements + at + 8 * (at - written), 1);
        written = at;
        copy(all->elements + at, C);
        NEXT;
    }
    block *values = recent(owner, index);
    if (values && swift_isUniquelyReferenced_nonNull_native(values)) {
        copy(values->elements + recent_position(owner), C);
        NEXT;
    }
    if (owner->tag != machine_dict || !hooks.dictSet(owner->object, index, C)) goto slow;
    NEXT;
}
op_Format: {
    // Without a format, text and ints stand as they are until they are joined.
    const value *part = B;
    if (D >= 0 || (part->tag != machine_string && part->tag != machine_int)) goto slow;
    copy(A, part);
    NEXT;
}
op_Join: {
    value text = none;
    string shorts;
    if (join(base + pc->b, pc->c, &shorts)) {
        hooks.newShortString(shorts.words[0], shorts.words[1], &text);
    } else if (!hooks.join(base + pc->b, pc->c, &text)) goto slow;
    put(A, text);
    NEXT;
}

    // MARK: Calls
    {
        value *callee;
        machine_record *record;
        intptr_t count;
    op_CallGlobal:
        count = pc->b;
        callee = globals - D;
        record = state->records + pc->c;
        goto call;
    op_Call:
        count = pc->b;
        callee = A;
        record = state->records + D;
    call:
        if (count < 0 || callee->tag != machine_function) goto slow;
        if (__builtin_expect(record->function != callee->object, 0)) {
            machine_layout layout;
            hooks.layout(callee->object, &layout);
            if (layout.entry < 0) {
                value result = none;
                HookOutcome outcome = hooks.callBuiltin(state->machine, callee->object, A + 1, count, &result);
                if (outcome == HookOutcomeFailed) STOP(MachineExitFailed);
                if (outcome == HookOutcomeDeclined) goto slow;
                put(base + record->result, result);
                NEXT;
            }
            // A closure is not kept: what it captured should go when the program lets go of it.
            void *earlier = record->function;
            record->function = layout.isCapturing ? NULL : swift_retain(callee->object);
            record->layout = layout;
            if (earlier) swift_release(earlier);
        }
        const machine_layout *layout = &record->layout;
        value *first = A + 1;
        value *last = first + layout->registerCount;
        if (count < layout->required || count > layout->parameterCount
            || last - registers > state->registerCount || state->frameCount >= state->frameCapacity)
            goto slow;
        if (layout->isCapturing && callee != A) copy(A, callee);
        machine_frame *frame = state->frames + state->frameCount++;
        frame->returnPC = pc + 1 - code;
        frame->base = base - registers;
        frame->limit = state->limit;
        frame->result = base + record->result - registers;
        for (value *local = first + count, *end = first + layout->localCount; local < end; local++) put(local, unbound);
        base = first;
        state->limit = last - registers;
        pc = code + layout->entry;
        if (--budget == 0) STOP(MachineExitPoll);
        GO;
    }
op_CallMethod: {
    const machine_record *record = state->records + D;
    intptr_t count = pc->b;
    value *receiver = A + 1;
    if (count <= 0 || receiver->tag != machine_list) goto slow;
    if (record->appends && count == 2) {
        if (!append(receiver, receiver + 1) && !hooks.listAppend(receiver->object, receiver + 1)) goto slow;
        put(base + record->result, none);
        NEXT;
    }
    value result = none;
    HookOutcome outcome = hooks.callListMethod(state->machine, D, receiver, count, &result);
    if (outcome == HookOutcomeFailed) STOP(MachineExitFailed);
    if (outcome == HookOutcomeDeclined) goto slow;
    put(base + record->result, result);
    NEXT;
}
op_Return: {
    value result = *A;
    *A = unbound;
    for (value *end = registers + state->limit, *local = base; local < end; local++) {
        if (is_reference(local->tag)) put(local, unbound);
    }
    if (state->frameCount <= state->floor) {
        state->result = result;
        STOP(MachineExitFinished);
    }
    const machine_frame *frame = state->frames + --state->frameCount;
    pc = code + frame->returnPC;
    base = registers + frame->base;
    state->limit = frame->limit;
    put(registers + frame->result, result);
    GO;
}
op_Halt: {
    state->result = none;
    copy(&state->result, A);
    STOP(MachineExitFinished);
}

other_operands:
    if (left_operand->tag == machine_tensor || right_operand->tag == machine_tensor) {
        value result = none;
        HookOutcome outcome =
            hooks.tensorArithmetic(state->machine, pc->operation, left_operand, right_operand, &result);
        if (outcome == HookOutcomeFailed) STOP(MachineExitFailed);
        if (outcome == HookOutcomeDone) {
            // One step may take long: the loop looks at limits as often as when the slow path does such steps.
            budget = budget > 16 ? budget - 16 : 1;
            put(A, result);
            NEXT;
        }
    }
slow:
    STOP(MachineExitSlow);
}
