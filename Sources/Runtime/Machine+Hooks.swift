import CMachine

/// What the instruction loop asks of containers, texts and functions.
///
/// The loop hands over references that stay alive during the call, and places that hold valid values: that is what makes
/// the unsafe steps here sound. Nothing here comes back to the interpreter's registers, which the loop has borrowed.
enum MachineHooks {
    /// Tells the loop about these functions, once; false when the compiler lays out ``Value`` in another way than the
    /// loop expects, and then nothing may run.
    static let isInstalled: Bool = {
        var hooks = machine_hooks(
            listGet: { list, index, out in
                list.withObject(ListObject.self) { list in
                    guard let position = position(index, in: list) else { return false }
                    out.value.pointee = list.elements[position]
                    return true
                }
            },
            listSet: { list, index, value in
                list.withObject(ListObject.self) { list in
                    guard let position = position(index, in: list) else { return false }
                    list.elements[position] = value.value.pointee
                    return true
                }
            },
            listAppend: { list, value in
                list.withObject(ListObject.self) { list in
                    let count = list.elements.count
                    guard count < 1 << 20 || count < list.elements.capacity else { return false }
                    list.elements.append(value.value.pointee)
                    return true
                }
            },
            listNext: { list, index, out in
                list.withObject(ListObject.self) { list in
                    guard index < list.elements.count else { return false }
                    out.value.pointee = list.elements[index]
                    return true
                }
            },
            newList: { first, count, out in
                let elements = Array(UnsafeBufferPointer(start: first.value, count: count))
                out.value.pointee = .list(ListObject(elements))
            },
            dictGet: { dict, key, out in
                dict.withObject(DictObject.self) { dict in
                    guard let value = dict.value(under: key.value.pointee) else { return false }
                    out.value.pointee = value
                    return true
                }
            },
            dictSet: { dict, key, value in
                dict.withObject(DictObject.self) { $0.setValue(value.value.pointee, under: key.value.pointee) }
            },
            dictContains: { dict, key, out in
                dict.withObject(DictObject.self) { dict in
                    guard let found = dict.contains(key.value.pointee) else { return .declined }
                    out.pointee = found
                    return .done
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
                    return interpreter.withObject(Interpreter.self) { $0.call(body, arguments, count, out) }
                }
            },
            callListMethod: { interpreter, site, arguments, count, out in
                interpreter.withObject(Interpreter.self) { interpreter in
                    let site = interpreter.sites[site]
                    guard site.listCount == count, let body = site.listBody else { return .declined }
                    return interpreter.call(body, arguments, count, out)
                }
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

    private static func position(_ index: Int, in list: ListObject) -> Int? {
        let position = index < 0 ? index &+ list.elements.count : index
        return position >= 0 && position < list.elements.count ? position : nil
    }

    /// Whether values lie in memory as the loop reads and writes them.
    private static var layoutIsAsExpected: Bool {
        guard MemoryLayout<Value>.size == 9, MemoryLayout<Value>.stride == MemoryLayout<machine_value>.stride else {
            return false
        }
        let list = ListObject([])
        let function = Function(name: "", layout: .none)
        let cell = Cell(.none)
        func bits(_ object: AnyObject) -> Int64 { Int64(Int(bitPattern: Unmanaged.passUnretained(object).toOpaque())) }
        let samples: [(value: Value, tag: Int, content: Int64)] = [
            (.int(-7), machine_int, -7),
            (.float(0.5), machine_float, Int64(bitPattern: (0.5).bitPattern)),
            (.list(list), machine_list, bits(list)),
            (.function(function), machine_function, bits(function)),
            (.cell(cell), machine_cell, bits(cell)),
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
        _ body: Builtin.Body, _ arguments: UnsafeRawPointer, _ count: Int, _ out: UnsafeMutableRawPointer
    ) -> HookOutcome {
        do {
            out.value.pointee = try body(UnsafeBufferPointer(start: arguments.value, count: count).span, self)
            return .done
        } catch {
            pendingError = error
            return .failed
        }
    }
}

extension UnsafeRawPointer {
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
