// The instruction loop of the language: what is frequent and cheap, on values as Swift lays them out in memory.
//
// Swift owns every value; the loop moves, counts and overwrites them in place and asks Swift (hooks) for what containers
// and texts hold. Anything it does not do itself it leaves to Swift, one instruction at a time (MachineExitSlow): there is
// Swift code for every instruction, which can do without this loop. README.md draws how frames, windows and globals lie.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Every instruction; FAST ones have code in the loop, for the cases that are common there.
// a, b, c are registers of the running frame unless said otherwise, d is a number.
#define MACHINE_OPCODES(FAST, SLOW)                                                                                     \
    /* Moving values */                                                                                                 \
    FAST(LoadConstant) FAST(LoadInt) FAST(Move) FAST(LoadGlobal) FAST(CheckBound) FAST(JumpIfBound)                     \
    SLOW(MakeCell) SLOW(NewCell) FAST(LoadCell) FAST(StoreCell) SLOW(LoadCapture) SLOW(LoadCaptureCell)                 \
    SLOW(Closure) SLOW(ModuleDeclaration) SLOW(LoadField) SLOW(StoreField)                                              \
    /* Arithmetic: a = b op c; Immediate adds d to b, Constant takes constant d for c */                                \
    FAST(Add) FAST(Subtract) FAST(Multiply) FAST(Divide) FAST(FloorDivide) FAST(Remainder)                              \
    FAST(AddImmediate) FAST(AddConstant) FAST(SubtractConstant) FAST(MultiplyConstant) FAST(DivideConstant)             \
    FAST(FloorDivideConstant) FAST(RemainderConstant)                                                                   \
    SLOW(Power) SLOW(Matmul) SLOW(BitAnd) SLOW(BitOr) FAST(Negate) SLOW(Complement) FAST(Not)                           \
    /* Comparisons: a = b op c */                                                                                       \
    FAST(Equal) FAST(Unequal) FAST(Less) FAST(LessOrEqual) FAST(Greater) FAST(GreaterOrEqual) FAST(Contains)            \
    /* Jumps by d; the comparing ones compare a with b, or with the number c */                                         \
    FAST(Jump) FAST(Loop) FAST(JumpIfFalse) FAST(JumpIfTrue) FAST(ToBool)                                               \
    FAST(JumpUnlessEqual) FAST(JumpUnlessUnequal) FAST(JumpUnlessLess) FAST(JumpUnlessLessOrEqual)                      \
    FAST(JumpUnlessGreater) FAST(JumpUnlessGreaterOrEqual)                                                              \
    FAST(JumpUnlessEqualImmediate) FAST(JumpUnlessUnequalImmediate) FAST(JumpUnlessLessImmediate)                       \
    FAST(JumpUnlessLessOrEqualImmediate) FAST(JumpUnlessGreaterImmediate) FAST(JumpUnlessGreaterOrEqualImmediate)       \
    /* Loops: Next leaves by d at the end, NextRound goes back by d while there are elements */                         \
    SLOW(Iterate) FAST(Next) FAST(NextRound)                                                                            \
    /* Containers */                                                                                                    \
    FAST(NewList) FAST(Append) SLOW(NewDict) SLOW(SetEntry) SLOW(MakePair) SLOW(Unpack) SLOW(Slice)                     \
    FAST(GetIndex) FAST(SetIndex) SLOW(GetItems) SLOW(SetItems) SLOW(GetAttribute) SLOW(SetAttribute) SLOW(RefusePart)  \
    SLOW(ExtendList) SLOW(ExtendDict)                                                                                   \
    /* Calls: the callee stands in a, b arguments behind it; b is -1 when some have names, which only Swift places */    \
    FAST(Call) FAST(CallGlobal) FAST(CallMethod) SLOW(CallSpread) SLOW(CallMethodSpread) FAST(Return) FAST(Halt)        \
    /* Text */                                                                                                          \
    FAST(Format) FAST(Join)                                                                                             \
    /* Errors and modes */                                                                                              \
    SLOW(PushHandler) SLOW(PopHandler) SLOW(Raise) SLOW(FailAssert) SLOW(DisableGradients) SLOW(RestoreGradients)       \
    SLOW(ImportFile) SLOW(Parameter)

#define MACHINE_ENUMERATOR(name) Opcode##name,
enum __attribute__((enum_extensibility(closed))) Opcode : uint8_t { MACHINE_OPCODES(MACHINE_ENUMERATOR, MACHINE_ENUMERATOR) };
#undef MACHINE_ENUMERATOR
typedef enum Opcode Opcode;

/// The name of an instruction, as the disassembly shows it.
const char *_Nonnull machine_name(Opcode operation);

/// One step of the machine, 12 bytes.
typedef struct __attribute__((swift_name("Instruction"))) machine_instruction {
    Opcode operation;
    int16_t a, b, c;
    int32_t d;
} machine_instruction;

/// A value as Swift lays out the enumeration `Value`: eight bytes of content, one byte that says which case.
typedef struct {
    union {
        int64_t integer;
        double number;
        bool truth;
        void *_Nullable object;
    };
    uint8_t tag;
} machine_value;

/// The case of a value: those with content in the order of their declaration, then the two without.
enum {
    machine_bool, machine_int, machine_float, machine_string, machine_list, machine_dict, machine_range, machine_pair,
    machine_function, machine_tensor, machine_module, machine_object, machine_cell, machine_empty
};

/// A call under way: where the caller goes on, and where the result goes.
typedef struct __attribute__((swift_name("Frame"))) machine_frame {
    intptr_t returnPC;
    intptr_t base;
    intptr_t limit;
    intptr_t result;
} machine_frame;

/// The frame that a call of a Dist function takes.
typedef struct __attribute__((swift_name("CallLayout"))) machine_layout {
    /// The first instruction; negative for what has none, or whose arguments must be arranged first.
    int32_t entry;
    int32_t required;
    int32_t parameterCount;
    int32_t localCount;
    int32_t registerCount;
    /// Whether the code reads captured variables through the callee's register.
    bool isCapturing;
} machine_layout;

/// What the loop knows of a call in the source.
typedef struct __attribute__((swift_name("CallRecord"))) machine_record {
    /// The register that takes the result.
    int32_t result;
    /// Whether a method call of this name on a list appends.
    bool appends;
    /// The callee of the last call, kept alive unless it captured something, and its layout.
    void *_Nullable function;
    machine_layout layout;
} machine_record;

/// How the loop stopped.
enum __attribute__((enum_extensibility(closed))) MachineExit : uint8_t {
    /// The instruction at the cursor needs more than the loop does itself.
    MachineExitSlow,
    /// Time to look whether somebody wants the program to stop.
    MachineExitPoll,
    MachineExitFinished,
    /// A hook left an error behind.
    MachineExitFailed,
};
typedef enum MachineExit MachineExit;

/// How a hook ended.
enum __attribute__((enum_extensibility(closed))) HookOutcome : uint8_t {
    /// Left to the slow path.
    HookOutcomeDeclined,
    HookOutcomeDone,
    HookOutcomeFailed,
};
typedef enum HookOutcome HookOutcome;

/// What the loop asks Swift for. Values are passed as pointers to `Value`, containers as references that stay alive.
typedef struct {
    /// Adds at the end; false when the list would have to grow by very much.
    bool (*_Nonnull listAppend)(void *_Nonnull list, const void *_Nonnull value);
    void (*_Nonnull newList)(const void *_Nonnull first, intptr_t count, void *_Nonnull out);
    bool (*_Nonnull dictGet)(void *_Nonnull dict, const void *_Nonnull key, void *_Nonnull out);
    bool (*_Nonnull dictSet)(void *_Nonnull dict, const void *_Nonnull key, const void *_Nonnull value);
    HookOutcome (*_Nonnull dictContains)(void *_Nonnull dict, const void *_Nonnull key, bool *_Nonnull out);
    bool (*_Nonnull stringsAreEqual)(void *_Nonnull left, void *_Nonnull right);
    void (*_Nonnull cellGet)(void *_Nonnull cell, void *_Nonnull out);
    void (*_Nonnull cellSet)(void *_Nonnull cell, const void *_Nonnull value);
    void (*_Nonnull layout)(void *_Nonnull function, machine_layout *_Nonnull out);
    HookOutcome (*_Nonnull callBuiltin)(
        void *_Nonnull machine, void *_Nonnull function, const void *_Nonnull arguments, intptr_t count,
        void *_Nonnull out);
    HookOutcome (*_Nonnull callListMethod)(
        void *_Nonnull machine, intptr_t site, const void *_Nonnull arguments, intptr_t count, void *_Nonnull out);
    /// An operation of which at least one operand is a tensor.
    HookOutcome (*_Nonnull tensorArithmetic)(
        void *_Nonnull machine, Opcode operation, const void *_Nonnull left, const void *_Nonnull right,
        void *_Nonnull out);
    /// Makes the string whose two words are these.
    void (*_Nonnull newShortString)(uint64_t first, uint64_t second, void *_Nonnull out);
    bool (*_Nonnull join)(const void *_Nonnull first, intptr_t count, void *_Nonnull out);
} machine_hooks;

/// Everything a run of the loop works on. Registers are counted from `registers`; global 0 stands right below it, at -1,
/// the next ones below that.
typedef struct {
    const machine_instruction *_Nonnull code;
    void *_Nonnull registers;
    const void *_Nonnull constants;
    machine_record *_Nullable records;
    machine_frame *_Nonnull frames;
    void *_Nonnull machine;
    intptr_t registerCount;
    intptr_t frameCount;
    intptr_t frameCapacity;
    /// A return with no more frames than this ends the run.
    intptr_t floor;
    /// Where the loop is.
    intptr_t pc;
    intptr_t base;
    /// The first register behind the running function's.
    intptr_t limit;
    /// Back-jumps and calls until it polls.
    intptr_t budget;
    /// The value of a finished run.
    machine_value result;
} machine_state;

/// Says whom the loop asks; once, before the first run, and only when Swift lays out values as declared here.
void machine_install(const machine_hooks *_Nonnull hooks);

/// Runs until something stops it.
MachineExit machine_run(machine_state *_Nonnull state);

/// Asks for large pages under memory that is about to be filled, where it spans some: fewer faults, fewer misses.
void machine_use_large_pages(void *_Nullable start, intptr_t bytes);

/// Moves a list's elements into another list, which is empty and has room; false when somebody shares their memory.
bool machine_move(void *_Nonnull from, void *_Nonnull to);

/// Empties a list that holds numbers, bools and nothing else; false when it holds references, or shares its memory.
bool machine_clear(void *_Nonnull list);

/// Lets go of a function that a record kept alive.
void machine_forget(void *_Nullable function);
