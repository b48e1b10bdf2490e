import CMachine
import Diagnostics

/// Moving values: constants, variables, cells, closures, fields.
extension Machine {
    func moveValue(_ i: Instruction, _ base: Int) throws {
        switch i.operation {
        case .loadConstant: self[base, i.a] = constants[Int(i.d)]
        case .loadInt: self[base, i.a] = .int(Int(i.d))
        case .move: self[base, i.a] = self[base, i.b]
        case .loadGlobal:
            let slot = Int(i.d)
            guard isBound(slot: slot) else { throw interpreter.unknownName(slotNames[slot], isLocal: false) }
            self[base, i.a] = self[global: slot]
        case .checkBound:
            guard case .unbound = self[base, i.a] else { return }
            throw interpreter.unknownName(name(i), isLocal: i.c == 1)
        case .makeCell: self[base, i.a] = .cell(Cell(self[base, i.a]))
        case .newCell: self[base, i.a] = .cell(Cell(.unbound))
        case .loadCell:
            guard case .cell(let cell) = self[base, i.b] else {
                throw Failure(.internal, "a shared variable has no cell")
            }
            self[base, i.a] = try content(of: cell, i)
        case .storeCell:
            guard case .cell(let cell) = self[base, i.a] else {
                throw Failure(.internal, "a shared variable has no cell")
            }
            cell.value = self[base, i.b]
        case .loadCapture, .loadCaptureCell:
            self[base, i.a] = try content(of: try runningClosure(base).cells[Int(i.b)], i)
        case .closure: self[base, i.a] = .function(try makeClosure(prototypes[Int(i.d)], base))
        case .moduleDeclaration:
            let prototype = prototypes[Int(i.d)]
            let closure = try makeClosure(prototype, base)
            let fields = fields[ObjectIdentifier(prototype)] ?? ModuleFields(names: [])
            self[base, i.a] = .function(ModuleDeclaration(closure, fields: fields))
        case .loadField: self[base, i.a] = try scripted(self[base, i.b]).field(Int(i.c), name(i))
        case .storeField: try scripted(self[base, i.a]).setField(Int(i.c), self[base, i.b])
        default: throw misplaced(i)
        }
    }

    /// What a shared variable holds; c says whether it may be unbound.
    private func content(of cell: Cell, _ i: Instruction) throws -> Value {
        if case .unbound = cell.value, i.c == 0 { throw interpreter.unknownName(name(i), isLocal: true) }
        return cell.value
    }

    /// The function that runs stands right below its registers.
    private func runningClosure(_ base: Int) throws -> Closure {
        guard case .function(let function) = registers[base - 1], let closure = function as? Closure else {
            throw Failure(.internal, "a closure lost its variables")
        }
        return closure
    }

    private func scripted(_ value: Value) throws -> ScriptedModule {
        guard case .module(let module) = value, let scripted = module as? ScriptedModule else {
            throw Failure.fieldCalledSelf
        }
        return scripted
    }

    private func makeClosure(_ prototype: Prototype, _ base: Int) throws -> Closure {
        let cells = try prototype.captures.map { capture -> Cell in
            switch capture {
            case .register(let register):
                guard case .cell(let cell) = registers[base + register] else {
                    throw Failure(.internal, "a captured variable has no cell")
                }
                return cell
            case .outer(let index): return try runningClosure(base).cells[index]
            }
        }
        return Closure(prototype, cells: cells)
    }
}
