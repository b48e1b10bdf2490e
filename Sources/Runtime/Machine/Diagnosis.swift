import CMachine
import Diagnostics

/// Errors with their places in the source and the calls under way.
extension Machine {
    /// The error with its place in the source and the calls under way.
    func diagnostic(for error: any Error, at cursor: Cursor) -> Diagnostic {
        if let diagnostic = error as? Diagnostic { return diagnostic }
        let failure = Failure(error)
        if let caught = failure.caught { return caught.diagnostic }
        var diagnostic = Diagnostic(
            failure.kind, failure.message, code: failure.code?.rawValue, notes: failure.notes, help: failure.help)
        guard marks.indices.contains(cursor.pc), let function = prototype(at: cursor.pc) else { return diagnostic }
        let mark = marks[cursor.pc]
        var operandLabels: [Diagnostic.Label] = []
        for (index, text) in operands(of: failure, at: cursor.pc, mark, in: function.source) {
            operandLabels.append(Diagnostic.Label(function.source, mark.operands[index], text))
        }
        switch failure.code {
        case .unknownName, .unknownAttribute, .missingArgument, .notCallable:
            if let callee = mark.callee { operandLabels = [Diagnostic.Label(function.source, callee)] }
        case .unknownArgument, .doubledArgument:
            if let index = failure.operands.keys.first, let name = mark.argumentName(index) {
                operandLabels = [Diagnostic.Label(function.source, name)]
            }
        default: break
        }
        let isCall = operandLabels.contains { $0.span.lower >= mark.span.lower && $0.span.upper <= mark.span.upper }
        if operandLabels.isEmpty || !isCall {
            operandLabels.insert(Diagnostic.Label(function.source, mark.span), at: 0)
        }
        diagnostic.labels = operandLabels
        diagnostic.frames = trace(from: cursor.pc)
        return diagnostic
    }

    /// The operands to underline, by index: those the error names, else the argument or subscript it is about.
    private func operands(
        of failure: Failure, at pc: Int, _ mark: Mark, in source: SourceText
    ) -> [(key: Int, value: String)] {
        var operands = failure.operands
        if operands.isEmpty {
            if code[pc].operation == .getIndex || code[pc].operation == .setIndex {
                if failure.kind == .index || failure.kind == .key { operands = [1: ""] }
            } else if let index = argument(meantBy: failure, mark, in: source) {
                operands = [index: ""]
            }
        }
        return operands.filter { mark.operands.indices.contains($0.key) }.sorted { $0.key < $1.key }
    }

    /// The argument that a message such as `fit: epochs must be at least 1` is about; of one about a file, its path.
    private func argument(meantBy failure: Failure, _ mark: Mark, in source: SourceText) -> Int? {
        guard let callee = mark.callee else { return nil }
        let name = source.text(in: callee)
        let positional = mark.operands.count - mark.argumentNames.count
        for overload in interpreter.library.functions[name]?.overloads ?? [] {
            for (index, parameter) in overload.parameters.enumerated() where parameter.kind == .single {
                let isMeant =
                    failure.kind == .io
                    ? parameter.name == "path" : failure.message.hasPrefix("\(name): \(parameter.name) ")
                guard isMeant else { continue }
                let named = mark.argumentNames.firstIndex { source.text(in: $0) == parameter.name }
                return named.map { positional + $0 } ?? (index < positional ? index : nil)
            }
        }
        return nil
    }

    /// One entry per Dist function under way, innermost first; of a long recursion only both ends.
    private func trace(from pc: Int) -> [Diagnostic.Frame] {
        var result: [Diagnostic.Frame] = []
        var pc = pc
        for frame in frames.innermostFirst {
            guard let function = prototype(at: pc) else { break }
            let call = frame.returnPC - 1
            guard let caller = prototype(at: call), marks.indices.contains(call) else { break }
            let place = caller.source.position(at: marks[call].span.lower)
            result.append(
                Diagnostic.Frame(
                    function: function.name, caller: "\(caller.source.name):\(place.line):\(place.column)"))
            pc = call
        }
        guard result.count > 12 else { return result }
        let skipped = Diagnostic.Frame(
            function: "… \(result.count - 10) more calls", caller: result[result.count - 6].caller)
        return Array(result.prefix(5)) + [skipped] + Array(result.suffix(5))
    }

    /// The function whose code holds an instruction.
    func prototype(at pc: Int) -> Prototype? {
        var low = 0
        var high = prototypes.count
        while low < high {
            let middle = (low + high) / 2
            if prototypes[middle].end <= pc { low = middle + 1 } else { high = middle }
        }
        return low < prototypes.count && prototypes[low].entry <= pc ? prototypes[low] : nil
    }
}
