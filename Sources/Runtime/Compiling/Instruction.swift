import CMachine
import Diagnostics

extension Instruction {
    init(_ operation: Opcode, a: Int = 0, b: Int = 0, c: Int = 0, d: Int = 0) {
        self.init(
            operation: operation, a: Int16(truncatingIfNeeded: a), b: Int16(truncatingIfNeeded: b),
            c: Int16(truncatingIfNeeded: c), d: Int32(truncatingIfNeeded: d))
    }
}

/// Where an instruction comes from: read only when it fails.
struct Mark {
    var span: SourceSpan
    /// The places of its operands or arguments.
    var operands: [SourceSpan] = []
    /// The name of what is called.
    var callee: SourceSpan?
    /// The names of the arguments that are given by name, which are the last.
    var argumentNames: [SourceSpan] = []

    /// The name of argument `index`, when it is given by name.
    func argumentName(_ index: Int) -> SourceSpan? {
        let position = index - (operands.count - argumentNames.count)
        return argumentNames.indices.contains(position) ? argumentNames[position] : nil
    }
}

/// A call in the source: what it hands over, and what it learnt about its callee.
final class CallSite {
    let shape: CallShape
    /// The method's name.
    let name: String?
    /// Where a method call finds the function of that name.
    let fallbackSlot: Int?
    /// The callee of the last call, with the plan that worked.
    var cachedFunction: Function?
    var cachedPlan: [ArgumentSource] = []
    /// The list method that a method call found, when the instruction loop may call it.
    var listBody: Builtin.Body?
    var listCount = -1

    init(shape: CallShape, name: String? = nil, fallbackSlot: Int? = nil) {
        self.shape = shape
        self.name = name
        self.fallbackSlot = fallbackSlot
    }
}

/// A function's code: where it begins in the instruction array and what a call needs to know.
final class Prototype {
    let name: String
    let source: SourceText
    /// Where the name or the lambda stands.
    let span: SourceSpan
    let documentation: String?
    let parameters: [FormalParameter]
    let parameterTexts: [String]
    /// Whether the first parameter is the hidden `self`.
    let isMethod: Bool
    /// Whether a `fn` declared it, so that `x.name()` may find it.
    let isDeclared: Bool
    var entry = 0
    var end = 0
    var registerCount = 0
    var localCount = 0
    /// Where each captured variable comes from when the closure is made.
    var captures: [Capture] = []
    /// Whether every parameter takes one argument, so that positional arguments stand where they belong.
    let isPlain: Bool
    let required: Int

    enum Capture: Equatable {
        case register(Int)
        case outer(Int)
    }

    init(
        name: String, source: SourceText, span: SourceSpan, documentation: String?, parameters: [FormalParameter],
        parameterTexts: [String], isMethod: Bool, isDeclared: Bool
    ) {
        self.name = name
        self.source = source
        self.span = span
        self.documentation = documentation
        self.parameters = parameters
        self.parameterTexts = parameterTexts
        self.isMethod = isMethod
        self.isDeclared = isDeclared
        isPlain = parameters.allSatisfy { $0.kind == .single }
        required = (parameters.lastIndex { $0.isRequired } ?? -1) + 1
    }

    var signature: String {
        "\(name)(\((isMethod ? parameterTexts.dropFirst() : parameterTexts[...]).joined(separator: ", ")))"
    }
}

/// A `fn` or lambda with the variables it captured.
public final class Closure: Function {
    let prototype: Prototype
    private(set) var cells: [Cell]
    init(_ prototype: Prototype, cells: [Cell]) {
        self.prototype = prototype
        self.cells = cells
        super.init(
            name: prototype.name,
            layout: CallLayout(
                entry: prototype.isPlain ? Int32(prototype.entry) : -1, required: Int32(prototype.required),
                parameterCount: Int32(prototype.parameters.count), localCount: Int32(prototype.localCount),
                registerCount: Int32(prototype.registerCount), isCapturing: !cells.isEmpty))
    }

    /// The docstring.
    public override var documentation: String? { prototype.documentation }
    /// `kd(s, t, T=4)`.
    public override var signature: String { prototype.signature }
    /// The names of the parameters that named arguments can use.
    public var parameterNames: [String] {
        prototype.parameters.dropFirst(prototype.isMethod ? 1 : 0).filter { $0.kind == .single }.map(\.name)
    }
    /// The source that declared it, for `??f`.
    public var source: String { prototype.source.text(in: prototype.span) }

    override func release(into pending: inout [Value]) {
        var cells = cells
        self.cells = []
        while var cell = cells.popLast() {
            guard isKnownUniquelyReferenced(&cell) else { continue }
            pending.append(cell.value)
            cell.value = .none
        }
    }
}
