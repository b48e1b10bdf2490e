/// What the manual says of a method: its own file declares it once, and help, manual, guides and tests read it.
public struct MethodPage: Sendable {
    /// The function of the language that makes the term.
    public let name: String
    /// One sentence, with its source.
    public let summary: String
    /// What the term computes, unweighted.
    public let formula: String
    /// Where it comes from.
    public let paper: String
    /// The weight that the authors, or the reference implementation most cited, give the term beside the labels.
    public let weight: Double
    /// How it is written into an objective.
    public let use: String
    /// When it is a good choice, and when not.
    public let when: String
    /// What else one has to know.
    public let remarks: [String]
    /// What it compares.
    public let family: MethodFamily
    /// Methods declared before it, and other functions, to be looked at as well.
    public let related: [String]

    /// A page.
    ///
    /// - Parameter use: how the term is written into an objective, `{weight}` standing for its weight.
    public init(
        _ name: String, _ summary: String, formula: String, paper: String, weight: Double = 1, use: String,
        when: String, remarks: [String] = [], family: MethodFamily, related: [String] = []
    ) {
        self.name = name
        self.summary = summary
        self.formula = formula
        self.paper = paper
        self.weight = weight
        let text = weight == weight.rounded() ? String(Int(weight)) : "\(weight)"
        self.use = use.split(separator: "{weight}", omittingEmptySubsequences: false).joined(separator: text)
        self.when = when
        self.remarks = remarks
        self.family = family
        self.related = related
    }
}

/// What methods compare, in the order in which one tries them.
public enum MethodFamily: String, Sendable, CaseIterable {
    /// What the student says with the labels.
    case labels
    /// The networks' outputs.
    case outputs
    /// The outputs at a temperature that is found along the way.
    case temperature
    /// The outputs of a teacher that is sometimes wrong.
    case repairs
    /// Features of layers that correspond.
    case layers
    /// Features before their ReLU.
    case activations
    /// Where and how maps are active.
    case maps
    /// Several layers together.
    case stages
    /// A paraphrase of the teacher's features.
    case factors
    /// The tokens of texts: their states, attention, one vector for all.
    case tokens
    /// How the examples of a batch lie to each other.
    case relations
    /// The order of candidates.
    case orders
    /// The teacher's last layer.
    case classifier
    /// What the network or the label says, without a teacher.
    case selfTaught
    /// What the caller says.
    case own

    /// The family in a table of methods.
    public var title: String {
        switch self {
        case .labels: "labels"
        case .outputs: "outputs"
        case .temperature: "  its temperature"
        case .repairs: "  a teacher that errs"
        case .layers: "layers alike"
        case .activations: "  before the ReLU"
        case .maps: "  maps"
        case .stages: "  several stages"
        case .factors: "  paraphrased"
        case .tokens: "tokens and texts"
        case .relations: "relations of examples"
        case .orders: "orders of candidates"
        case .classifier: "the teacher's head"
        case .selfTaught: "no teacher"
        case .own: "your own"
        }
    }

    /// What holds for all of a family.
    public var note: String? {
        switch self {
        case .labels: "for classes, for floats"
        case .temperature: "learned; standardize=true scales each row instead"
        case .tokens: "for transformers"
        case .relations: "for networks of unlike kind and width"
        case .orders: "for scores of a query's candidates"
        case .classifier: "run.net ends in the teacher's classifier"
        case .selfTaught: "with fit"
        default: nil
        }
    }
}
