import Distillation
import Learning
import Runtime

/// A term of the language: the page that its class keeps, and how the term is made of arguments.
struct TermDeclaration {
    let page: MethodPage
    /// The function that makes the term, with the names to be looked at as well.
    let builtin: (_ related: [String]) -> Builtin

    private static let name = Parameter<String?>.optional("name", "the name of the term's curve in the run")
    private static let teacher = Parameter<Int>("teacher", "which of several teachers", default: 0)
    private static let adapter = Parameter<AdapterValue>(
        "adapter", "what makes unlike features comparable: \"auto\", \"none\" or a module", default: .auto)
    private static let hintEpochs = Parameter<Int>(
        "hint_epochs",
        "so many of the run's epochs come first with this term alone, training the student up to the layer and what the term trains; then the term drops out and a fresh optimizer starts",
        default: 0)

    /// A term on outputs or labels, made of its method's own arguments.
    init<Method: Term, each Argument: ValueDecodable>(
        _ type: Method.Type, _ own: repeat Parameter<each Argument>, examples: [Example],
        _ make: @escaping (repeat each Argument) throws -> Method
    ) {
        self.init(type.page, Self.described(repeat each own), examples) { call in
            try make(repeat call[each own])
        }
    }

    /// A term on layer pairs, made of the pairs and its method's own arguments.
    ///
    /// - Parameters:
    ///   - pairsText: what the pairs are.
    ///   - pairsDefault: what they are when none is given; nil where one has to be.
    ///   - adapts: whether unlike features get an adapter that may be chosen.
    ///   - hints: whether the term has a two-stage form.
    init<Method: Term, each Argument: ValueDecodable>(
        pairs type: Method.Type, _ own: repeat Parameter<each Argument>,
        pairsText: String = "\"teacher layer\" -> \"student layer\", or a list of such, which sum up",
        pairsDefault: String? = "the input of the last child called", adapts: Bool = false, hints: Bool = false,
        examples: [Example], _ make: @escaping ([LayerPair], repeat each Argument) throws -> Method
    ) {
        let pairs = Parameter<OneOrMore<LayerPairValue>?>.optional("pairs", pairsText, defaultText: pairsDefault)
        let parameters =
            [pairs.description] + Self.described(repeat each own) + (adapts ? [Self.adapter.description] : [])
            + (hints ? [Self.hintEpochs.description] : []) + [Self.teacher.description]
        self.init(type.page, parameters, examples) { call in
            let term = try make((try call[pairs]?.elements ?? []).map(\.pair), repeat call[each own])
            term.teacherIndex = try call[Self.teacher]
            if adapts { (term as? any Adaptable)?.adapter = try call[Self.adapter].choice }
            if hints {
                let epochs = try call[Self.hintEpochs]
                guard epochs >= 0 else {
                    throw Failure(.value, "\(type.page.name): hint_epochs must be at least 0, not \(epochs)")
                }
                term.hintEpochs = epochs
            }
            return term
        }
    }

    private init(
        _ page: MethodPage, _ parameters: [ParameterDescription], _ examples: [Example],
        _ make: @escaping (Call) throws -> Term
    ) {
        self.page = page
        builtin = { related in
            Builtin(
                page.name, .distillation, page.summary, formula: page.formula,
                parameters: parameters + [Self.name.description], returns: "an objective of one term",
                notes: ["Paper: \(page.paper)", "Suggested: \(page.use)", "When: \(page.when)"] + page.remarks,
                seeAlso: related, examples: examples
            ) { call in
                let term = try make(call)
                if let name = try call[Self.name] { term.name = name }
                return ObjectiveObject(term)
            }
        }
    }

    private static func described<each Argument>(_ own: repeat Parameter<each Argument>) -> [ParameterDescription] {
        var descriptions: [ParameterDescription] = []
        repeat descriptions.append((each own).description)
        return descriptions
    }
}

extension Library {
    /// Every method that is a term, family by family.
    private static var terms: [TermDeclaration] {
        let all = labelTerms + logitTerms + rankingTerms + featureTerms + tokenTerms + trainedTerms + selfTaughtTerms
        return MethodFamily.allCases.flatMap { family in all.filter { $0.page.family == family } }
    }

    /// The pages of the methods, family by family: what guides and lists are made of.
    public static var methods: [MethodPage] { terms.map(\.page) }

    /// The methods family by family, a line each.
    public static var methodTable: String {
        let methods = methods
        return MethodFamily.allCases.compactMap { family in
            let names = methods.filter { $0.family == family }.map(\.name)
            guard !names.isEmpty else { return nil }
            let title = family.title + String(repeating: " ", count: max(1, 23 - family.title.count))
            return title + names.joined(separator: ", ") + (family.note.map { ": \($0)" } ?? "")
        }.joined(separator: "\n")
    }

    /// The methods. A page names what was declared before it; the older ones are found to be related in turn, so that a
    /// new method is seen from them without their being touched.
    func addTerms() {
        let terms = Self.terms
        for term in terms {
            let later = terms.filter { $0.page.related.contains(term.page.name) }.map(\.page.name)
            var related: [String] = []
            for name in term.page.related + later + ["distill"] where !related.contains(name) { related.append(name) }
            add(term.builtin(related))
        }
    }
}
