import Diagnostics
import Learning

/// A library object as a value: the Swift instance, and what the language knows about its type.
public final class Object {
    /// The instance.
    public let payload: AnyObject
    /// Its type.
    public let type: ObjectType

    /// An object of a type.
    public init(_ payload: AnyObject, _ type: ObjectType) {
        self.payload = payload
        self.type = type
    }
}

/// A Swift class whose instances are values of the language, such as `Run`, `Dataset`, `Figure`.
///
/// The class itself knows nothing of the language; the library conforms it in one line and declares an `ObjectType` of
/// the same name.
public protocol LanguageObject: AnyObject, ValueDecodable, ValueEncodable {
    /// The type's name as users see it.
    static var languageName: String { get }
}

extension LanguageObject {
    /// The object type of this name.
    public static var languageType: LanguageType { .object(languageName) }
    /// Takes an object that holds an instance of this class.
    public static func decode(_ value: Value, in interpreter: Interpreter) -> Self? {
        if case .object(let object) = value { object.payload as? Self } else { nil }
    }
    /// Wraps the instance with its declared type.
    public func encode(in interpreter: Interpreter) -> Value {
        .object(Object(self, interpreter.library.objectType(named: Self.languageName)))
    }
}

/// What the language knows about a kind of library object.
public final class ObjectType {
    /// The name as users see it, `run`.
    public let name: String
    /// One sentence.
    public let summary: String
    /// Shows an object at the prompt and in reports.
    public let display: (AnyObject, Interpreter) throws -> Markup
    /// The number of elements, for `len(x)`.
    public let length: ((AnyObject) throws -> Int)?
    /// `x[index]`; a slice arrives as a `Slice` object's value.
    public let element: ((AnyObject, Value, Interpreter) throws -> Value)?
    /// The elements for a `for` loop: each call gives the next, nil at the end.
    public let iterate: ((AnyObject, Interpreter) throws -> () throws -> Value?)?
    /// `x(args)`.
    public let call: ((AnyObject, [Value], [(name: String, value: Value)], Interpreter) throws -> Value)?
    /// Attributes that differ from object to object, such as the curves of a run; nil when it has none of this name.
    public let member: ((AnyObject, String, Interpreter) throws -> Value?)?
    /// The names that `member` knows, for completion and near misses.
    public let memberNames: (AnyObject) -> [String]
    /// `a op b` with an object of this type on either side; nil when the operator is not defined for the operands.
    public let operate: ((ObjectOperator, Value, Value, Interpreter) throws -> Value?)?

    /// Declares a type for the instances of a class.
    public init<Payload: LanguageObject>(
        _ payload: Payload.Type, _ summary: String, display: @escaping (Payload) throws -> Markup,
        length: ((Payload) throws -> Int)? = nil,
        element: ((Payload, Value, Interpreter) throws -> Value)? = nil,
        iterate: ((Payload, Interpreter) throws -> () throws -> Value?)? = nil,
        call: ((Payload, [Value], [(name: String, value: Value)], Interpreter) throws -> Value)? = nil,
        member: ((Payload, String, Interpreter) throws -> Value?)? = nil,
        memberNames: ((Payload) -> [String])? = nil,
        operate: ((ObjectOperator, Value, Value, Interpreter) throws -> Value?)? = nil
    ) {
        name = Payload.languageName
        self.summary = summary
        self.display = { object, _ in try display(Self.cast(object)) }
        self.length = length.map { body in { try body(Self.cast($0)) } }
        self.element = element.map { body in { try body(Self.cast($0), $1, $2) } }
        self.iterate = iterate.map { body in { try body(Self.cast($0), $1) } }
        self.call = call.map { body in { try body(Self.cast($0), $1, $2, $3) } }
        self.member = member.map { body in { try body(Self.cast($0), $1, $2) } }
        self.memberNames = { object in (object as? Payload).flatMap { memberNames?($0) } ?? [] }
        self.operate = operate
    }

    /// A type that only has a name, for a class that the library has not declared.
    init(undeclared name: String) {
        self.name = name
        summary = ""
        display = { _, _ in Markup("<\(name)>") }
        length = nil
        element = nil
        iterate = nil
        call = nil
        member = nil
        memberNames = { _ in [] }
        operate = nil
    }

    private static func cast<Payload>(_ object: AnyObject) throws -> Payload {
        guard let payload = object as? Payload else {
            throw Failure(.internal, "an object does not hold what its type declares")
        }
        return payload
    }
}

/// The operators that an object type may define, such as `0.9 * soft() + hard()`.
public enum ObjectOperator: String, CaseIterable, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case negate = "-x"
}

/// `a:b:c` between the brackets of an index expression on an object.
public final class Slice: LanguageObject {
    /// The bounds as written, none where left out.
    public let start, stop, step: Int?

    /// A slice.
    public init(start: Int?, stop: Int?, step: Int?) {
        self.start = start
        self.stop = stop
        self.step = step
    }

    /// `slice`.
    public static var languageName: String { "slice" }

    /// The indices that the slice picks out of `count` elements, with Python's rules.
    public func indices(count: Int) throws -> StrideTo<Int> {
        let (from, to, step) = try bounds(count: count)
        return stride(from: from, to: to, by: step)
    }

    /// Where the slice begins and ends in a sequence, as in Python: the end is the beginning where nothing lies between them.
    ///
    /// - Throws: a failure for a step of 0.
    func bounds(count: Int) throws -> (from: Int, to: Int, step: Int) {
        let step = self.step ?? 1
        guard step != 0 else { throw Failure(.value, "a slice's step must not be 0") }
        func bound(_ value: Int, _ low: Int, _ high: Int) -> Int {
            value < 0 ? max(low, value &+ count) : min(value, high)
        }
        if step > 0 {
            let from = start.map { bound($0, 0, count) } ?? 0
            let to = stop.map { bound($0, 0, count) } ?? count
            return (from, max(from, to), step)
        }
        let from = start.map { bound($0, -1, count - 1) } ?? count - 1
        let to = stop.map { bound($0, -1, count - 1) } ?? -1
        return (from, min(from, to), step)
    }
}

/// What the language knows about a class of modules beyond what every module has.
public struct ModuleType {
    /// The name as users see it, `Linear`.
    public let name: String
    /// Whether its modules stand in a model file as the call that makes them, `Linear(64, 32)`.
    public let isBuiltByCall: Bool
    /// What it makes of the shape of its input; nil is unknown.
    public let shape: LayerShape?
    let matches: (Module) -> Bool

    /// Declares a class of modules.
    ///
    /// - Parameters:
    ///   - builtByCall: whether a model file holds such a module as the call that makes it, with its options.
    ///   - shape: what it makes of the shape of its input; nil is unknown.
    public init<M: Module>(
        _ type: M.Type, named name: String, builtByCall: Bool = false, shape: LayerShape? = nil
    ) {
        self.name = name
        isBuiltByCall = builtByCall
        self.shape = shape
        matches = { $0 is M }
    }

    /// Declares modules of a class that serves under several names, as activations do; it has no methods of its own.
    public init(nameOnly name: String, builtByCall: Bool = false, shape: LayerShape? = nil) {
        self.name = name
        isBuiltByCall = builtByCall
        self.shape = shape
        matches = { _ in false }
    }
}
