import Diagnostics
import Distillation
import Learning
import Runtime
import Tensors

/// A sum of weighted terms as a value; one term is a sum of one.
final class ObjectiveObject: LanguageObject {
    static var languageName: String { "objective" }

    let objective: Objective

    init(_ objective: Objective) { self.objective = objective }

    init(_ term: Term) { objective = Objective(term) }
}

/// A weight that changes with the epochs, as a value.
final class WeightObject: LanguageObject {
    static var languageName: String { "schedule" }

    let schedule: WeightSchedule

    init(_ schedule: WeightSchedule) { self.schedule = schedule }
}

extension Library {
    /// What objectives and weight schedules are to the language.
    func addObjectiveTypes() {
        add(
            ObjectType(
                ObjectiveObject.self, "A sum of weighted terms: what a student is trained for.",
                display: { Markup(Self.text(of: $0.objective)) },
                call: { object, arguments, named, interpreter in
                    guard let first = named.first else {
                        return try Self.evaluate(object, arguments, interpreter).encode(in: interpreter)
                    }
                    throw Failure(.type, "a term takes its values by position, not \(first.name)=")
                },
                operate: Self.combine))
        add(
            ObjectType(
                WeightObject.self, "A weight that changes with the epochs.",
                display: { Markup($0.schedule.description) }, operate: Self.combine))
        add(
            Attribute(
                "formula", on: .object("objective"), "What it computes, as mathematics.",
                examples: [Example("hard().formula", "⟨−log softmax(z_s)[y]⟩")]
            ) { (object: ObjectiveObject) in Self.formula(of: object.objective) })
    }

    private static func text(of objective: Objective) -> String {
        "\(objective)\n= \(formula(of: objective))"
    }

    private static func formula(of objective: Objective) -> String {
        objective.summands.map { weight, term in
            if case .constant(1) = weight { return term.formula }
            return "\(weight) · [\(term.formula)]"
        }.joined(separator: " + ")
    }

    /// `+`, `*`, `/` and `-x` between objectives, schedules, numbers and functions of the epoch.
    private static func combine(
        _ operation: ObjectOperator, _ left: Value, _ right: Value, _ interpreter: Interpreter
    ) throws -> Value? {
        let leftObjective = ObjectiveObject.decode(left, in: interpreter)?.objective
        let rightObjective = ObjectiveObject.decode(right, in: interpreter)?.objective
        switch operation {
        case .add:
            guard let leftObjective, let rightObjective else { return nil }
            return ObjectiveObject(leftObjective + rightObjective).encode(in: interpreter)
        case .multiply:
            if let objective = rightObjective ?? leftObjective {
                guard let weight = weight(rightObjective == nil ? right : left, interpreter) else { return nil }
                return ObjectiveObject(try scaled(objective, by: weight)).encode(in: interpreter)
            }
            guard let a = weight(left, interpreter), let b = weight(right, interpreter) else { return nil }
            return WeightObject(product(a, b)).encode(in: interpreter)
        case .divide:
            guard let divisor = right.number, divisor != 0 else { return nil }
            if let leftObjective { return ObjectiveObject(leftObjective.times(1 / divisor)).encode(in: interpreter) }
            return weight(left, interpreter).map { WeightObject($0.times(1 / divisor)).encode(in: interpreter) }
        case .subtract:
            guard let leftObjective, let rightObjective else { return nil }
            return ObjectiveObject(leftObjective + rightObjective.times(-1)).encode(in: interpreter)
        case .negate:
            return leftObjective.map { ObjectiveObject($0.times(-1)).encode(in: interpreter) }
        }
    }

    private static func weight(_ value: Value, _ interpreter: Interpreter) -> WeightSchedule? {
        if let number = value.number { return .constant(number) }
        if let object = WeightObject.decode(value, in: interpreter) { return object.schedule }
        guard case .function = value, let function = Callable.decode(value, in: interpreter) else { return nil }
        return .function { epoch in
            let weight = try function(epoch)
            guard let number = weight.number else {
                throw Failure(.type, "the weight of a term must be a number, not \(weight.typeName)")
            }
            return number
        }
    }

    private static func product(_ a: WeightSchedule, _ b: WeightSchedule) -> WeightSchedule {
        if case .constant(let factor) = a { return b.times(factor) }
        if case .constant(let factor) = b { return a.times(factor) }
        return .function { try a.value(at: $0) * b.value(at: $0) }
    }

    private static func scaled(_ objective: Objective, by weight: WeightSchedule) throws -> Objective {
        if case .constant(let factor) = weight { return objective.times(factor) }
        return Objective(objective.summands.map { (product(weight, $0.weight), $0.term) })
    }

    /// A term tried on values.
    private static func evaluate(
        _ object: ObjectiveObject, _ arguments: [Value], _ interpreter: Interpreter
    ) throws -> Tensor {
        var total: Tensor?
        for (weight, term) in object.objective.summands {
            let value = try evaluate(term, arguments, interpreter) * Scalar(weight.value(at: 0))
            total = try total.map { try $0 + value } ?? value
        }
        guard let total else { throw Failure(.value, "the objective has no terms") }
        return total
    }

    private static func evaluate(_ term: Term, _ arguments: [Value], _ interpreter: Interpreter) throws -> Tensor {
        guard let first = arguments.first else {
            throw Failure(
                .type, "\(term.name): give the student's values, the teacher's, and labels where the term needs them",
                help: ["\(term.name)(…)(student_logits, teacher_logits)"])
        }
        if let student = [Tensor].decode(first, in: interpreter), arguments.count == 2,
            let teacher = [Tensor].decode(arguments[1], in: interpreter)
        {
            return try term(studentFeatures: student, teacherFeatures: teacher)
        }
        let tensors = try arguments.enumerated().map { index, value in
            guard let tensor = Tensor.decode(value, in: interpreter) else {
                throw Failure(
                    .type, "\(term.name): argument \(index + 1) must be a tensor, not \(value.typeName)",
                    operands: [index: value.typeName])
            }
            return tensor
        }
        if !term.comparesValues {
            return try term(student: tensors[0], labels: tensors.count > 1 ? tensors[tensors.count - 1] : nil)
        }
        return try term(
            student: tensors[0], teacher: tensors.count > 1 ? tensors[1] : nil,
            labels: tensors.count > 2 ? tensors[2] : nil)
    }
}
