import Data
import Distillation
import OrderedCollections
import Runtime
import Tensors

/// `teacher_inputs=`: the name of an entry, a list of names, or a function of the batch.
struct TeacherInputsOption: ValueDecodable {
    let inputs: TeacherInputs

    static var languageType: LanguageType { .union([.string, .list(.string), .function]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> TeacherInputsOption? {
        if let names = OneOrMore<String>.decode(value, in: interpreter), !names.elements.isEmpty {
            return TeacherInputsOption(inputs: .entries(names.elements))
        }
        guard let function = Callable.decode(value, in: interpreter) else { return nil }
        return TeacherInputsOption(
            inputs: .function { batch in
                let seen = TermInput(student: NetworkView(logits: batch.index), labels: batch.y, batch: batch)
                switch try function(BatchObject(seen)) {
                case .tensor(let x): return .tensor(x)
                case let value:
                    guard let entries = OrderedDictionary<String, Tensor>.decode(value, in: interpreter) else {
                        throw Failure(
                            .type,
                            "distill: teacher_inputs must give a tensor or a dict of tensors, not \(value.typeName)",
                            help: ["teacher_inputs=batch => interpolate(batch.x, size=224)"])
                    }
                    return .named(entries)
                }
            })
    }
}
