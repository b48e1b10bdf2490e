/// The fixed-arity forms: decoding, the call and encoding are compiled into one closure for each declaration.
extension Builtin {
    /// Declares a function of no parameters, or a method whose receiver is the first.
    @inlinable
    public init<Result: ValueEncodable>(
        _ name: String, on receiver: Receiver? = nil, _ group: Group, _ summary: String, formula: String? = nil,
        returns result: String = "", notes: [String] = [], pytorch: PyTorch = .none, seeAlso: [String] = [],
        examples: [Example], run: @escaping () throws -> Result
    ) {
        self.init(
            name: name, receiver: receiver, group: group, summary: summary, formula: formula,
            parameters: [], resultType: Result.languageType, result: result, notes: notes, pytorch: pytorch,
            seeAlso: seeAlso, examples: examples, mayCallBack: false,
            body: { arguments, interpreter in
                return try run().encode(in: interpreter)
            })
    }

    /// Declares a function of one parameter, or a method whose receiver is the first.
    @inlinable
    public init<A: ValueDecodable, Result: ValueEncodable>(
        _ name: String, on receiver: Receiver? = nil, _ group: Group, _ summary: String, formula: String? = nil,
        _ a: Parameter<A>,
        returns result: String = "", notes: [String] = [], pytorch: PyTorch = .none, seeAlso: [String] = [],
        examples: [Example], run: @escaping (A) throws -> Result
    ) {
        self.init(
            name: name, receiver: receiver, group: group, summary: summary, formula: formula,
            parameters: [a.description], resultType: Result.languageType, result: result, notes: notes,
            pytorch: pytorch,
            seeAlso: seeAlso, examples: examples, mayCallBack: A.mayCallBack,
            body: { arguments, interpreter in
                let a = try a.decode(arguments[0], at: 0, in: interpreter, for: name)
                return try run(a).encode(in: interpreter)
            })
    }

    /// Declares a function of two parameters, or a method whose receiver is the first.
    @inlinable
    public init<A: ValueDecodable, B: ValueDecodable, Result: ValueEncodable>(
        _ name: String, on receiver: Receiver? = nil, _ group: Group, _ summary: String, formula: String? = nil,
        _ a: Parameter<A>, _ b: Parameter<B>,
        returns result: String = "", notes: [String] = [], pytorch: PyTorch = .none, seeAlso: [String] = [],
        examples: [Example], run: @escaping (A, B) throws -> Result
    ) {
        self.init(
            name: name, receiver: receiver, group: group, summary: summary, formula: formula,
            parameters: [a.description, b.description], resultType: Result.languageType, result: result, notes: notes,
            pytorch: pytorch,
            seeAlso: seeAlso, examples: examples, mayCallBack: A.mayCallBack || B.mayCallBack,
            body: { arguments, interpreter in
                let a = try a.decode(arguments[0], at: 0, in: interpreter, for: name)
                let b = try b.decode(arguments[1], at: 1, in: interpreter, for: name)
                return try run(a, b).encode(in: interpreter)
            })
    }

    /// Declares a function of three parameters, or a method whose receiver is the first.
    @inlinable
    public init<A: ValueDecodable, B: ValueDecodable, C: ValueDecodable, Result: ValueEncodable>(
        _ name: String, on receiver: Receiver? = nil, _ group: Group, _ summary: String, formula: String? = nil,
        _ a: Parameter<A>, _ b: Parameter<B>, _ c: Parameter<C>,
        returns result: String = "", notes: [String] = [], pytorch: PyTorch = .none, seeAlso: [String] = [],
        examples: [Example], run: @escaping (A, B, C) throws -> Result
    ) {
        self.init(
            name: name, receiver: receiver, group: group, summary: summary, formula: formula,
            parameters: [a.description, b.description, c.description], resultType: Result.languageType, result: result,
            notes: notes, pytorch: pytorch,
            seeAlso: seeAlso, examples: examples, mayCallBack: A.mayCallBack || B.mayCallBack || C.mayCallBack,
            body: { arguments, interpreter in
                let a = try a.decode(arguments[0], at: 0, in: interpreter, for: name)
                let b = try b.decode(arguments[1], at: 1, in: interpreter, for: name)
                let c = try c.decode(arguments[2], at: 2, in: interpreter, for: name)
                return try run(a, b, c).encode(in: interpreter)
            })
    }

    /// Declares a function of four parameters, or a method whose receiver is the first.
    @inlinable
    public init<A: ValueDecodable, B: ValueDecodable, C: ValueDecodable, D: ValueDecodable, Result: ValueEncodable>(
        _ name: String, on receiver: Receiver? = nil, _ group: Group, _ summary: String, formula: String? = nil,
        _ a: Parameter<A>, _ b: Parameter<B>, _ c: Parameter<C>, _ d: Parameter<D>,
        returns result: String = "", notes: [String] = [], pytorch: PyTorch = .none, seeAlso: [String] = [],
        examples: [Example], run: @escaping (A, B, C, D) throws -> Result
    ) {
        self.init(
            name: name, receiver: receiver, group: group, summary: summary, formula: formula,
            parameters: [a.description, b.description, c.description, d.description], resultType: Result.languageType,
            result: result, notes: notes, pytorch: pytorch,
            seeAlso: seeAlso, examples: examples,
            mayCallBack: A.mayCallBack || B.mayCallBack || C.mayCallBack || D.mayCallBack,
            body: { arguments, interpreter in
                let a = try a.decode(arguments[0], at: 0, in: interpreter, for: name)
                let b = try b.decode(arguments[1], at: 1, in: interpreter, for: name)
                let c = try c.decode(arguments[2], at: 2, in: interpreter, for: name)
                let d = try d.decode(arguments[3], at: 3, in: interpreter, for: name)
                return try run(a, b, c, d).encode(in: interpreter)
            })
    }

    /// Declares a function of five parameters, or a method whose receiver is the first.
    @inlinable
    public init<
        A: ValueDecodable, B: ValueDecodable, C: ValueDecodable, D: ValueDecodable, E: ValueDecodable,
        Result: ValueEncodable
    >(
        _ name: String, on receiver: Receiver? = nil, _ group: Group, _ summary: String, formula: String? = nil,
        _ a: Parameter<A>, _ b: Parameter<B>, _ c: Parameter<C>, _ d: Parameter<D>, _ e: Parameter<E>,
        returns result: String = "", notes: [String] = [], pytorch: PyTorch = .none, seeAlso: [String] = [],
        examples: [Example], run: @escaping (A, B, C, D, E) throws -> Result
    ) {
        self.init(
            name: name, receiver: receiver, group: group, summary: summary, formula: formula,
            parameters: [a.description, b.description, c.description, d.description, e.description],
            resultType: Result.languageType, result: result, notes: notes, pytorch: pytorch,
            seeAlso: seeAlso, examples: examples,
            mayCallBack: A.mayCallBack || B.mayCallBack || C.mayCallBack || D.mayCallBack || E.mayCallBack,
            body: { arguments, interpreter in
                let a = try a.decode(arguments[0], at: 0, in: interpreter, for: name)
                let b = try b.decode(arguments[1], at: 1, in: interpreter, for: name)
                let c = try c.decode(arguments[2], at: 2, in: interpreter, for: name)
                let d = try d.decode(arguments[3], at: 3, in: interpreter, for: name)
                let e = try e.decode(arguments[4], at: 4, in: interpreter, for: name)
                return try run(a, b, c, d, e).encode(in: interpreter)
            })
    }

    /// Declares a function of six parameters, or a method whose receiver is the first.
    @inlinable
    public init<
        A: ValueDecodable, B: ValueDecodable, C: ValueDecodable, D: ValueDecodable, E: ValueDecodable,
        F: ValueDecodable, Result: ValueEncodable
    >(
        _ name: String, on receiver: Receiver? = nil, _ group: Group, _ summary: String, formula: String? = nil,
        _ a: Parameter<A>, _ b: Parameter<B>, _ c: Parameter<C>, _ d: Parameter<D>, _ e: Parameter<E>,
        _ f: Parameter<F>,
        returns result: String = "", notes: [String] = [], pytorch: PyTorch = .none, seeAlso: [String] = [],
        examples: [Example], run: @escaping (A, B, C, D, E, F) throws -> Result
    ) {
        self.init(
            name: name, receiver: receiver, group: group, summary: summary, formula: formula,
            parameters: [a.description, b.description, c.description, d.description, e.description, f.description],
            resultType: Result.languageType, result: result, notes: notes, pytorch: pytorch,
            seeAlso: seeAlso, examples: examples,
            mayCallBack: A.mayCallBack || B.mayCallBack || C.mayCallBack || D.mayCallBack || E.mayCallBack
                || F.mayCallBack,
            body: { arguments, interpreter in
                let a = try a.decode(arguments[0], at: 0, in: interpreter, for: name)
                let b = try b.decode(arguments[1], at: 1, in: interpreter, for: name)
                let c = try c.decode(arguments[2], at: 2, in: interpreter, for: name)
                let d = try d.decode(arguments[3], at: 3, in: interpreter, for: name)
                let e = try e.decode(arguments[4], at: 4, in: interpreter, for: name)
                let f = try f.decode(arguments[5], at: 5, in: interpreter, for: name)
                return try run(a, b, c, d, e, f).encode(in: interpreter)
            })
    }

    /// Declares a function of many parameters, or one that needs the interpreter: the closure takes a record of the
    /// arguments, `{ call in let epochs = try call[epochs]; … }`.
    public init<Result: ValueEncodable>(
        _ name: String, on receiver: Receiver? = nil, _ group: Group, _ summary: String, formula: String? = nil,
        parameters: [ParameterDescription], returns result: String = "", notes: [String] = [],
        pytorch: PyTorch = .none, seeAlso: [String] = [], examples: [Example],
        run: @escaping (Call) throws -> Result
    ) {
        self.init(
            name: name, receiver: receiver, group: group, summary: summary, formula: formula, parameters: parameters,
            resultType: Result.languageType, result: result, notes: notes, pytorch: pytorch, seeAlso: seeAlso,
            examples: examples, mayCallBack: true,
            body: { arguments, interpreter in
                var values: [Value] = []
                values.reserveCapacity(arguments.count)
                for index in arguments.indices { values.append(arguments[index]) }
                let call = Call(
                    function: name, interpreter: interpreter, arguments: values, parameters: parameters)
                return try run(call).encode(in: interpreter)
            })
    }
}
