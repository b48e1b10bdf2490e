import CMachine
import Learning
import Tensors

extension ScriptedModule: ClosedModule {
    /// The values that the code of the module could read.
    package func evaluationSnapshot(of network: Module) throws -> (any EvaluationSnapshot)? {
        try ForwardSnapshot(self, in: network)
    }
}

/// Everything that the methods of a scripted module could read beside its tensors, as it was: its fields, the variables they
/// captured, the globals they name, the elements of lists, and the same of every function found on the way.
///
/// More is held than a run reads, never less: the code is gone through, not run. What a run writes is among it too, so that a
/// run after which the snapshot still holds has changed nothing. Of the library only functions that compute may be called.
final class ForwardSnapshot: EvaluationSnapshot {
    private enum Place {
        case global(Int)
        case cell(Cell)
        case elements(ListObject)
    }

    private unowned let interpreter: Interpreter
    /// The module whose snapshot this is; it keeps the snapshot, by its plans.
    private unowned let module: ScriptedModule
    private let fields: [Value]
    /// Where values stood and what they were; for lists, all elements one after the other.
    private var places: [(place: Place, values: [Value])] = []

    /// - Throws: `EvaluationPlan.Refusal` for code or values that cannot be compared.
    init(_ module: ScriptedModule, in network: Module) throws {
        interpreter = module.interpreter
        self.module = module
        var reader = Reader(module.interpreter, module, network)
        for value in module.fieldValues { try reader.visit(value) }
        fields = module.fieldValues
        places = reader.places
    }

    var isCurrent: Bool {
        guard Self.same(module.fieldValues, fields) else { return false }
        return places.allSatisfy { place, values in
            switch place {
            case .global(let slot): Self.same(interpreter.machine[global: slot], values[0])
            case .cell(let cell): Self.same(cell.value, values[0])
            case .elements(let list): Self.same(list.elements, values)
            }
        }
    }

    private static func same(_ a: [Value], _ b: [Value]) -> Bool {
        a.count == b.count && a.indices.allSatisfy { same(a[$0], b[$0]) }
    }

    /// Equal numbers and texts, the same object otherwise.
    private static func same(_ a: Value, _ b: Value) -> Bool {
        switch (a, b) {
        case (.none, .none), (.unbound, .unbound): true
        case (.bool(let a), .bool(let b)): a == b
        case (.int(let a), .int(let b)): a == b
        case (.float(let a), .float(let b)): a.bitPattern == b.bitPattern
        case (.string(let a), .string(let b)): a === b || StringObject.haveSameScalars(a.text, b.text)
        case (.list(let a), .list(let b)): a === b
        case (.range(let a), .range(let b)): a === b || a.start == b.start && a.stop == b.stop && a.step == b.step
        case (.pair(let a), .pair(let b)): a === b
        case (.function(let a), .function(let b)): a === b
        case (.tensor(let a), .tensor(let b)): a === b
        case (.module(let a), .module(let b)): a === b
        case (.dict(let a), .dict(let b)): a === b
        case (.cell(let a), .cell(let b)): a === b
        default: false
        }
    }

    /// Goes through values and code.
    private struct Reader {
        let interpreter: Interpreter
        let module: ScriptedModule
        let network: Module
        /// The modules of the network, whose own snapshots say what they read.
        let parts: Set<ObjectIdentifier>
        var places: [(place: Place, values: [Value])] = []
        private var seen: Set<ObjectIdentifier> = []
        private var slots: Set<Int> = []

        /// More values than this are not compared at each use.
        private static let limit = 10_000

        init(_ interpreter: Interpreter, _ module: ScriptedModule, _ network: Module) {
            (self.interpreter, self.module, self.network) = (interpreter, module, network)
            parts = Set(network.namedModules().map { ObjectIdentifier($0.module) })
        }

        private func refusal(_ reason: String) -> EvaluationPlan.Refusal {
            EvaluationPlan.Refusal("\(module.typeName) \(reason)")
        }

        private mutating func note(_ place: Place, _ values: [Value]) throws {
            guard values.count + places.count < Self.limit else { throw refusal("could read too many values") }
            places.append((place, values))
        }

        mutating func visit(_ value: Value) throws {
            switch value {
            case .none, .bool, .int, .float, .string, .range, .unbound, .tensor: break
            case .list(let list):
                guard seen.insert(ObjectIdentifier(list)).inserted else { return }
                try note(.elements(list), list.elements)
                for element in list.elements { try visit(element) }
            case .pair(let pair):
                try visit(pair.left)
                try visit(pair.right)
            case .module(let other):
                guard parts.contains(ObjectIdentifier(other)) else {
                    throw refusal("could use \(other.typeName), which is no part of the network")
                }
                // What refers to the network would keep it alive by its own plans.
                guard other !== network else { throw refusal("could call the network itself") }
            case .function(let function): try visit(function)
            case .cell(let cell):
                guard seen.insert(ObjectIdentifier(cell)).inserted else { return }
                try note(.cell(cell), [cell.value])
                try visit(cell.value)
            case .dict: throw refusal("could read a dict")
            case .object(let object): throw refusal("could read a \(object.type.name)")
            }
        }

        private mutating func visit(_ function: Function) throws {
            guard seen.insert(ObjectIdentifier(function)).inserted else { return }
            switch function {
            case let closure as Closure:
                for cell in closure.cells { try visit(.cell(cell)) }
                try visit(closure.prototype)
            case let builtin as BuiltinFunction:
                guard builtin.overloads.contains(where: \.computes) else {
                    throw refusal("could call \(builtin.name)")
                }
            case let method as BoundMethod:
                try visit(method.receiver)
                try visit(method.method)
            default: throw refusal("could build \(function.name)")
            }
        }

        private mutating func visit(global slot: Int) throws {
            guard slots.insert(slot).inserted else { return }
            let value = interpreter.machine[global: slot]
            try note(.global(slot), [value])
            try visit(value)
        }

        private mutating func visit(_ prototype: Prototype) throws {
            guard seen.insert(ObjectIdentifier(prototype)).inserted else { return }
            for instruction in interpreter.machine.code[prototype.entry..<prototype.end] { try visit(instruction) }
        }

        private mutating func visit(_ instruction: Instruction) throws {
            switch instruction.operation {
            case .loadGlobal, .callGlobal: try visit(global: Int(instruction.d))
            case .closure: try visit(interpreter.machine.prototypes[Int(instruction.d)])
            case .callMethod, .callMethodSpread:
                let site = interpreter.machine.sites[Int(instruction.d)]
                if let slot = site.fallbackSlot { try visit(global: slot) }
                try visit(method: site.name ?? "")
            case .getAttribute:
                guard case .string(let name) = interpreter.machine.constants[Int(instruction.d)] else {
                    throw refusal("reads an attribute without a name")
                }
                try visit(attribute: name.text)
            case .importFile, .parameter, .moduleDeclaration: throw refusal("imports or declares while it runs")
            default: break
            }
        }

        /// A method of any value that can occur; library objects cannot.
        private func visit(method name: String) throws {
            let library = interpreter.library
            if let function = library.functions[name], !function.overloads.contains(where: \.computes) {
                throw refusal("could call \(name)")
            }
            for (receiver, methods) in library.methods {
                guard let method = methods[name] else { continue }
                switch receiver {
                case .string, .list, .dict, .range, .pair, .function, .object: break
                case .tensor, .moduleType:
                    guard method.overloads.contains(where: \.computes) || name == "forward" else {
                        throw refusal("could call \(name)")
                    }
                case .module: throw refusal("could call \(name)")
                }
            }
        }

        private func visit(attribute name: String) throws {
            let library = interpreter.library
            for receiver in [Builtin.Receiver.tensor, .module] {
                guard library.attributes[receiver]?[name] != nil else { continue }
                guard Self.attributes.contains(name) else { throw refusal("could read \(name)") }
            }
            try visit(method: name)
        }

        /// What follows from shape, dtype and mode, which are compared.
        private static let attributes: Set<String> = ["shape", "dtype", "ndim", "T", "training"]
    }
}
