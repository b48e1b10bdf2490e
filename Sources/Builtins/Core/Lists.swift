import OrderedCollections
import Runtime

/// A list as a parameter: the reference, so that methods change it in place.
struct ListReference: ValueDecodable {
    let object: ListObject
    static var languageType: LanguageType { .list(.any) }
    static var mayCallBack: Bool { false }
    static func decode(_ value: Value, in interpreter: Interpreter) -> ListReference? {
        if case .list(let list) = value { ListReference(object: list) } else { nil }
    }
}

/// A dict as a parameter: the reference, so that methods change it in place.
struct DictReference: ValueDecodable {
    let object: DictObject
    static var languageType: LanguageType { .dict }
    static var mayCallBack: Bool { false }
    static func decode(_ value: Value, in interpreter: Interpreter) -> DictReference? {
        if case .dict(let dict) = value { DictReference(object: dict) } else { nil }
    }
}

extension Library {
    func addLists() {
        let list = Parameter<ListReference>("xs", "the list")
        let element = Parameter<Value>("x", "the element")
        let index = Parameter<Int>("index", "a position; negative ones count from the end", default: -1)
        add(
            Builtin(
                "append", on: .list, .core, "Adds an element at the end.", list, element, returns: "nothing",
                seeAlso: ["extend"], examples: [Example("xs = [1]; xs.append(2); xs", "[1, 2]")]
            ) { xs, x in
                xs.object.append(x)
                return NoValue()
            }.withoutCallbacks())
        let others = Parameter<Value>("others", "a list, or anything else with elements")
        add(
            Builtin(
                "extend", on: .list, .core, "Adds all elements of another list at the end.",
                parameters: [list.description, others.description], returns: "nothing", seeAlso: ["append"],
                examples: [Example("xs = [1]; xs.extend([2, 3]); xs", "[1, 2, 3]")]
            ) { call in
                let xs = try call[list].object
                let others = try call.interpreter.elements(of: try call[others], for: "extend")
                try Interpreter.claim(xs.elements.count + others.count, for: "extend")
                xs.elements += others
                return NoValue()
            })
        let place = Parameter<Int>("index", "the position before which it goes")
        add(
            Builtin(
                "insert", on: .list, .core, "Puts an element before a position.", list, place, element,
                returns: "nothing", examples: [Example("xs = [1, 3]; xs.insert(1, 2); xs", "[1, 2, 3]")]
            ) { xs, index, x in
                let count = xs.object.elements.count
                let position = min(count, max(0, index < 0 ? index &+ count : index))
                xs.object.elements.insert(x, at: position)
                return NoValue()
            }.withoutCallbacks())
        add(
            Builtin(
                "pop", on: .list, .core, "Takes an element out and gives it.", list, index, returns: "the element",
                examples: [Example("xs = [1, 2]; xs.pop()", "2")]
            ) { xs, index in
                let count = xs.object.elements.count
                let position = index < 0 ? index &+ count : index
                guard position >= 0, position < count else {
                    throw Failure(
                        .index, "pop: index \(index) is outside the list of \(count) elements", operands: [1: ""])
                }
                return xs.object.elements.remove(at: position)
            }.withoutCallbacks())
        add(
            Builtin(
                "index", on: .list, .core, "Where an element first stands.", list, element, returns: "an int",
                seeAlso: ["count"], examples: [Example("[5, 7].index(7)", "1")]
            ) { xs, x in
                guard let index = xs.object.elements.firstIndex(where: { Equality.areEqual($0, x) }) else {
                    throw Failure(.value, "index: \(Display.brief(x)) is not in the list", operands: [1: ""])
                }
                return index
            }.withoutCallbacks())
        add(
            Builtin(
                "count", on: .list, .core, "How often an element occurs.", list, element, returns: "an int",
                seeAlso: ["index"], examples: [Example("[1, 2, 1].count(1)", "2")]
            ) { xs, x in xs.object.elements.count { Equality.areEqual($0, x) } }.withoutCallbacks())
        add(
            Builtin(
                "copy", on: .list, .core, "Another list with the same elements; they are not copied themselves.", list,
                returns: "a list", examples: [Example("a = [1, 2]; b = a.copy(); b.append(3); a", "[1, 2]")]
            ) { xs in Value.list(xs.object.elements) }.withoutCallbacks())
        let key = Parameter<Callable?>.optional("key", "what to compare instead of the elements")
        let reverse = Parameter<Bool>("reverse", "whether the largest comes first", default: false)
        add(
            Builtin(
                "sort", on: .list, .core, "Sorts the list in place, stably, NaN last.",
                parameters: [list.description, key.description, reverse.description], returns: "nothing",
                seeAlso: ["sorted"], examples: [Example("xs = [3, 1]; xs.sort(); xs", "[1, 3]")]
            ) { call in
                let xs = try call[list].object
                xs.elements = try Sorting.sorted(xs.elements, key: try call[key], reverse: try call[reverse])
                return NoValue()
            })
    }

    func addDicts() {
        let dict = Parameter<DictReference>("d", "the dict")
        let key = Parameter<Value>("key", "the key")
        let fallback = Parameter<Value?>.optional("default", "what to give when the key is missing")
        add(
            Builtin(
                "keys", on: .dict, .core, "The keys, in order.", dict, returns: "a list",
                examples: [Example("{\"a\": 1}.keys()", "[\"a\"]")]
            ) { d in d.object.entries.keys.map(\.value) })
        add(
            Builtin(
                "values", on: .dict, .core, "The values, in order.", dict, returns: "a list",
                examples: [Example("{\"a\": 1}.values()", "[1]")]
            ) { d in Array(d.object.entries.values) })
        add(
            Builtin(
                "items", on: .dict, .core, "The entries, in order.", dict, returns: "a list of [key, value]",
                examples: [Example("{\"a\": 1}.items()", "[[\"a\", 1]]")]
            ) { d in
                d.object.entries.map { Value.list([$0.key.value, $0.value]) }
            })
        add(
            Builtin(
                "get", on: .dict, .core, "The value under a key, or a default.", dict, key, fallback,
                returns: "the value", examples: [Example("{\"a\": 1}.get(\"b\", 0)", "0")]
            ) { d, key, fallback in
                guard let key = DictKey(key) else { return fallback ?? Value.none }
                return d.object.entries[key] ?? fallback ?? Value.none
            }.withoutCallbacks())
        add(
            Builtin(
                "pop", on: .dict, .core, "Takes an entry out and gives its value.", dict, key, fallback,
                returns: "the value", examples: [Example("d = {\"a\": 1}; d.pop(\"a\")", "1")]
            ) { d, key, fallback in
                if let key = DictKey(key), let value = d.object.entries.removeValue(forKey: key) { return value }
                guard let fallback else {
                    throw Failure(.key, "pop: the dict has no key \(Display.brief(key))", operands: [1: ""])
                }
                return fallback
            }.withoutCallbacks())
        add(
            Builtin(
                "copy", on: .dict, .core, "Another dict with the same entries; the values are not copied themselves.",
                dict,
                returns: "a dict",
                examples: [Example("a = {\"lr\": 0.1}; b = a.copy(); b.lr = 1; a", "{\"lr\": 0.1}")]
            ) { d in
                let copy = DictObject()
                copy.entries = d.object.entries
                return Value.dict(copy)
            }.withoutCallbacks())
        let other = Parameter<DictReference>("other", "the dict whose entries are taken over")
        add(
            Builtin(
                "update", on: .dict, .core, "Takes over all entries of another dict.", dict, other, returns: "nothing",
                examples: [Example("d = {\"a\": 1}; d.update({\"b\": 2}); d", "{\"a\": 1, \"b\": 2}")]
            ) { d, other in
                for (key, value) in other.object.entries { d.object.entries[key] = value }
                return NoValue()
            })
    }
}
