import Base
import CMachine
import Diagnostics
import Tensors

/// What the instruction loop asks of containers, texts and functions.
///
/// The loop hands over references that stay alive during the call, and places that hold valid values: that is what makes
/// the unsafe steps here sound. Nothing here comes back to the machine's registers, which the loop has borrowed.
enum MachineHooks {
    /// Tells the loop about these functions, once; false when the compiler lays out values in another way than the loop
    /// expects, which then never runs.
    static let areInstalled: Bool = {
        guard MemoryLayouts.areAsExpected else { return false }
        var hooks = machine_hooks(
            listAppend: { list, value in
                list.withObject(ListObject.self) { list in
                    let count = list.elements.count
                    guard count < 1 << 20 || count < list.elements.capacity else { return false }
                    list.append(value.value.pointee)
                    return true
                }
            },
            newList: { first, count, out in
                let elements = Array(UnsafeBufferPointer(start: first.value, count: count))
                out.value.pointee = .list(ListObject(elements))
            },
            dictGet: { dict, key, out in
                dict.withObject(DictObject.self) { dict in
                    guard let position = dict.entries.position(of: key.value.pointee) else { return false }
                    out.value.pointee = dict.entries.values[position]
                    return true
                }
            },
            dictSet: { dict, key, value in
                dict.withObject(DictObject.self) { dict in
                    dict.entries.set(value.value.pointee, under: key.value.pointee)
                }
            },
            dictContains: { dict, key, out in
                dict.withObject(DictObject.self) { dict in
                    out.pointee = dict.entries.position(of: key.value.pointee) != nil
                    return out.pointee || DictKey(key.value.pointee) != nil ? .done : .declined
                }
            },
            stringsAreEqual: { left, right in
                left.withObject(StringObject.self) { left in
                    right.withObject(StringObject.self) { StringObject.haveSameScalars(left.text, $0.text) }
                }
            },
            cellGet: { cell, out in cell.withObject(Cell.self) { out.value.pointee = $0.value } },
            cellSet: { cell, value in cell.withObject(Cell.self) { $0.value = value.value.pointee } },
            layout: { function, out in function.withObject(Function.self) { out.pointee = $0.layout } },
            callBuiltin: { machine, function, arguments, count, out in
                function.withObject(Function.self) { function in
                    guard function.quickCount == count, let body = function.quickBody else { return .declined }
                    return machine.withObject(Machine.self) { $0.call(body, of: function, arguments, count, out) }
                }
            },
            callListMethod: { machine, site, arguments, count, out in
                machine.withObject(Machine.self) { machine in
                    let site = machine.sites[site]
                    guard site.listCount == count, let body = site.listBody else { return .declined }
                    return machine.call(body, arguments, count, out)
                }
            },
            tensorArithmetic: { machine, operation, left, right, out in
                machine.withObject(Machine.self) { $0.tensorArithmetic(operation, left, right, out) }
            },
            newShortString: { first, second, out in
                out.value.pointee = .string(StringObject(unsafeBitCast((first, second), to: String.self)))
            },
            join: { first, count, out in
                guard let text = Formatting.joined(UnsafeBufferPointer(start: first.value, count: count).span) else {
                    return false
                }
                out.value.pointee = .string(StringObject(text))
                return true
            })
        machine_install(&hooks)
        return true
    }()
}

extension Machine {
    /// Runs a library function on arguments as they stand in the registers; an error waits in `pendingError`.
    fileprivate func call(
        _ body: Builtin.Body, of function: Function? = nil, _ arguments: UnsafeRawPointer, _ count: Int,
        _ out: UnsafeMutableRawPointer
    ) -> HookOutcome {
        if Interrupt.isRequested { return .declined }
        do {
            out.value.pointee = try owner._withUnsafeGuaranteedRef {
                try body(UnsafeBufferPointer(start: arguments.value, count: count).span, $0)
            }
            return .done
        } catch {
            var failure = Failure(error)
            // Memory is asked for deep inside; what the script called is what can be changed.
            if let function, let error = error as? TensorError { failure.message = error.message(in: function.name) }
            pendingError = error is Diagnostic ? error : failure
            return .failed
        }
    }
}

extension Machine {
    /// An operation of tensors, or of a tensor and a number; an error waits in `pendingError`.
    fileprivate func tensorArithmetic(
        _ operation: Opcode, _ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ out: UnsafeMutableRawPointer
    ) -> HookOutcome {
        do {
            // On the slow path somebody looks whether the program is to stop.
            if Interrupt.isRequested { return .declined }
            let kind = operation.withoutConstant
            if let x = left.tensor, let y = right.tensor, let arithmetic = Interpreter.arithmeticOperator(kind) {
                let result = try x._withUnsafeGuaranteedRef { x in
                    try y._withUnsafeGuaranteedRef { try Tensor.arithmetic(arithmetic, x, $0) }
                }
                out.value.pointee = .tensor(result)
                return .done
            }
            guard
                let result = try interpreter.tensorArithmetic(
                    kind, left.value.pointee, right.value.pointee, inPlace: false)
            else { return .declined }
            out.value.pointee = result
            return .done
        } catch {
            pendingError = error
            return .failed
        }
    }
}

extension UnsafeRawPointer {
    /// The tensor that a value is, without counting a reference.
    @inline(__always) fileprivate var tensor: Unmanaged<Tensor>? {
        guard Int(load(fromByteOffset: 8, as: UInt8.self)) == machine_tensor else { return nil }
        return Unmanaged.fromOpaque(load(as: UnsafeRawPointer.self))
    }

    @inline(__always) fileprivate var value: UnsafePointer<Value> { assumingMemoryBound(to: Value.self) }
}

extension UnsafeMutableRawPointer {
    @inline(__always) fileprivate var value: UnsafeMutablePointer<Value> { assumingMemoryBound(to: Value.self) }

    /// The object that this points to, without counting a reference.
    @inline(__always)
    fileprivate func withObject<Object: AnyObject, Result>(
        _ type: Object.Type, _ body: (Object) -> Result
    ) -> Result {
        Unmanaged<Object>.fromOpaque(self)._withUnsafeGuaranteedRef(body)
    }
}
