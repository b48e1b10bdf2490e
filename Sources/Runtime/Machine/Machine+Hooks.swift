import CMachine
import Diagnostics
import Tensors

/// What the instruction loop asks of containers, texts and functions.
///
/// The loop hands over references that stay alive during the call, and places that hold valid values: that is what makes
/// the unsafe steps here sound. Nothing here comes back to the interpreter's registers, which the loop has borrowed.
enum MachineHooks {
    /// Tells the loop about these functions, once; false when the compiler lays out ``Value`` in another way than the
    /// loop expects, and then nothing may run.
    static let isInstalled: Bool = {
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
            callBuiltin: { interpreter, function, arguments, count, out in
                function.withObject(Function.self) { function in
                    guard function.quickCount == count, let body = function.quickBody else { return .declined }
                    return interpreter.withObject(Interpreter.self) {
                        $0.call(body, of: function, arguments, count, out)
                    }
                }
            },
            callListMethod: { interpreter, site, arguments, count, out in
                interpreter.withObject(Interpreter.self) { interpreter in
                    let site = interpreter.sites[site]
                    guard site.listCount == count, let body = site.listBody else { return .declined }
                    return interpreter.call(body, arguments, count, out)
                }
            },
            tensorArithmetic: { interpreter, operation, left, right, out in
                interpreter.withObject(Interpreter.self) { $0.tensorArithmetic(operation, left, right, out) }
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
        return layoutIsAsExpected
    }()

    /// Whether values and lists lie in memory as the loop reads and writes them.
    private static var layoutIsAsExpected: Bool {
        valuesLieAsExpected && listsLieAsExpected && dictsLieAsExpected && stringsLieAsExpected
    }

    /// A dict holds the arrays of its entries behind its header, and behind those what it found last.
    private static var dictsLieAsExpected: Bool {
        let dict = DictObject([.string("a"): .int(1), .string("b"): .int(2)])
        let key = StringObject("b")
        guard dict.entries.position(of: Value.string(key)) == 1 else { return false }
        let object = UnsafeRawPointer(Unmanaged.passUnretained(dict).toOpaque())
        return withExtendedLifetime((dict, key)) {
            guard let values = object.load(fromByteOffset: 24, as: UnsafeRawPointer?.self) else { return false }
            return dict.entries.values.withUnsafeBufferPointer { all in
                all.baseAddress.map(UnsafeRawPointer.init) == values + 32
                    && object.load(fromByteOffset: 48, as: UnsafeRawPointer?.self)
                        == UnsafeRawPointer(Unmanaged.passUnretained(key).toOpaque())
                    && object.load(fromByteOffset: 56, as: Int.self) == 1
            }
        }
    }

    /// A list holds its array's block behind its header; there stand the count, the capacity, and the elements.
    private static var listsLieAsExpected: Bool {
        let list = ListObject([.int(1), .int(2), .int(3)])
        list.elements.reserveCapacity(11)
        let object = UnsafeRawPointer(Unmanaged.passUnretained(list).toOpaque())
        return withExtendedLifetime(list) {
            guard let block = object.load(fromByteOffset: 16, as: UnsafeRawPointer?.self) else { return false }
            return list.elements.withUnsafeBufferPointer { elements in
                block.load(fromByteOffset: 16, as: Int.self) == 3
                    && block.load(fromByteOffset: 24, as: Int.self) >> 1 == list.elements.capacity
                    && elements.baseAddress.map(UnsafeRawPointer.init) == block + 32
            }
        }
    }

    /// A string's text stands behind its header; a short one is in its two words, with its length in the last byte.
    private static var stringsLieAsExpected: Bool {
        guard MemoryLayout<String>.size == 16 else { return false }
        let texts = ["", "k7", "fifteen letters"]
        return texts.allSatisfy { text in
            // Not the compiler's text but one made at run time, as those are that the loop meets.
            let string = StringObject(String(decoding: Array(text.utf8), as: UTF8.self))
            let object = UnsafeRawPointer(Unmanaged.passUnretained(string).toOpaque())
            return withExtendedLifetime(string) {
                let bytes = UnsafeRawBufferPointer(start: object + 16, count: 16)
                return bytes.prefix(text.utf8.count).elementsEqual(text.utf8)
                    && bytes[text.utf8.count..<15].allSatisfy { $0 == 0 }
                    && bytes[15] == 0xE0 | UInt8(text.utf8.count)
            }
        }
    }

    private static var valuesLieAsExpected: Bool {
        guard MemoryLayout<Value>.size == 9, MemoryLayout<Value>.stride == MemoryLayout<machine_value>.stride else {
            return false
        }
        let list = ListObject([])
        let function = Function(name: "", layout: .none)
        let cell = Cell(.none)
        guard let tensor = try? Tensor([0 as Float]) else { return false }
        func bits(_ object: AnyObject) -> Int64 { Int64(Int(bitPattern: Unmanaged.passUnretained(object).toOpaque())) }
        let samples: [(value: Value, tag: Int, content: Int64)] = [
            (.int(-7), machine_int, -7),
            (.float(0.5), machine_float, Int64(bitPattern: (0.5).bitPattern)),
            (.list(list), machine_list, bits(list)),
            (.function(function), machine_function, bits(function)),
            (.cell(cell), machine_cell, bits(cell)), (.tensor(tensor), machine_tensor, bits(tensor)),
            (.none, machine_empty, 0), (.unbound, machine_empty, 1),
        ]
        func tag(_ bytes: UnsafeRawBufferPointer) -> Int { Int(bytes.load(fromByteOffset: 8, as: UInt8.self)) }
        for sample in samples {
            let agrees = withUnsafeBytes(of: sample.value) { bytes in
                tag(bytes) == sample.tag && bytes.load(as: Int64.self) == sample.content
            }
            guard agrees else { return false }
        }
        return withUnsafeBytes(of: Value.bool(true)) { bytes in tag(bytes) == machine_bool && bytes.load(as: Bool.self)
        }
    }
}

extension Interpreter {
    /// Runs a library function on arguments as they stand in the registers; an error waits in `pendingError`.
    fileprivate func call(
        _ body: Builtin.Body, of function: Function? = nil, _ arguments: UnsafeRawPointer, _ count: Int,
        _ out: UnsafeMutableRawPointer
    ) -> HookOutcome {
        if Interrupt.isRequested { return .declined }
        do {
            out.value.pointee = try body(UnsafeBufferPointer(start: arguments.value, count: count).span, self)
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

extension Interpreter {
    /// An operation of tensors, or of a tensor and a number; an error waits in `pendingError`.
    fileprivate func tensorArithmetic(
        _ operation: Opcode, _ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ out: UnsafeMutableRawPointer
    ) -> HookOutcome {
        do {
            // On the slow path somebody looks whether the program is to stop.
            if Interrupt.isRequested { return .declined }
            let kind = operation.withoutConstant
            if let x = left.tensor, let y = right.tensor, let arithmetic = Self.arithmeticOperator(kind) {
                let result = try x._withUnsafeGuaranteedRef { x in
                    try y._withUnsafeGuaranteedRef { try Tensor.arithmetic(arithmetic, x, $0) }
                }
                out.value.pointee = .tensor(result)
                return .done
            }
            guard let result = try tensorArithmetic(kind, left.value.pointee, right.value.pointee, inPlace: false)
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
