import Data
import Diagnostics
import Distillation
import Learning
import OrderedCollections
import Runtime
import Tensors

/// What one call of an experiment gave: a run, or a dict of numbers and runs.
private struct TrialResult {
    var metrics: OrderedDictionary<String, Double> = [:]
    var runs: [Run] = []

    init(_ value: Value, function: String, in interpreter: Interpreter) throws {
        if let number = Self.number(value) {
            metrics["value"] = number
        } else if let run = Run.decode(value, in: interpreter) {
            add(run)
        } else if let runs = [Run].decode(value, in: interpreter), let last = runs.last {
            self.runs = runs.dropLast()
            add(last)
        } else if case .dict(let dict) = value {
            for (key, entry) in dict.entries {
                guard case .string(let name) = key else { continue }
                if let number = Self.number(entry) {
                    metrics[name] = number
                } else if let run = Run.decode(entry, in: interpreter) {
                    add(run)
                } else {
                    throw Failure(
                        .type, "\(function): \"\(name)\" must be a number or a run, not \(entry.typeName)",
                        help: ["return {\"accuracy\": accuracy(net, test)}, or the run"])
                }
            }
        } else {
            throw Failure(
                .type,
                "\(function): the function must give a run, a number or a dict of numbers, not \(value.typeName)",
                help: ["the last expression of a block is its value: end with the run"])
        }
    }

    private mutating func add(_ run: Run) {
        runs.append(run)
        for (name, value) in run.summaryMetrics where metrics[name] == nil { metrics[name] = value }
    }

    private static func number(_ value: Value) -> Double? {
        if let number = value.number { return number }
        if case .bool(let truth) = value { return truth ? 1 : 0 }
        if case .tensor(let tensor) = value, tensor.count == 1 { return try? tensor.itemDouble() }
        return nil
    }
}

/// Which side of a verdict: a table, runs, or numbers.
struct SampleValue: ValueDecodable {
    enum Content {
        case table(TrialTable)
        case runs([Run])
        case numbers([Double])
    }

    let content: Content

    static var languageType: LanguageType { .union([.object("table"), .list(.object("run")), .list(.number)]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> SampleValue? {
        if let table = TrialTable.decode(value, in: interpreter) { return SampleValue(content: .table(table)) }
        if let numbers = [Double].decode(value, in: interpreter) { return SampleValue(content: .numbers(numbers)) }
        return [Run].decode(value, in: interpreter).map { SampleValue(content: .runs($0)) }
    }

    static func mismatch(_ value: Value) -> Mismatch {
        Mismatch(
            expected: "a table of trials, a list of runs or a list of numbers",
            help: value.typeName == "run" ? ["one run is one seed; trials(5, seed => …) gives a table of five"] : [])
    }

    /// What must be said of a metric.
    func notes(_ metric: String) -> [String] {
        switch content {
        case .table(let table): TrialTable.notes(on: table.runs, [metric])
        case .runs(let runs): TrialTable.notes(on: runs, [metric])
        case .numbers: []
        }
    }

    /// Which way a metric is better, if a run has noted it.
    func direction(_ metric: String) -> Bool? {
        switch content {
        case .table(let table): table.isBetterWhenLarger(metric)
        case .runs(let runs): runs.lazy.compactMap { $0.isBetterWhenLarger(metric) }.first
        case .numbers: nil
        }
    }

    /// The numbers of a metric by seed; lists are paired by position.
    func numbers(_ metric: String) throws -> OrderedDictionary<TrialTable.Setting, Double> {
        let values: [Double]
        switch content {
        case .table(let table): return try table.bySeed(metric)
        case .numbers(let numbers): values = numbers
        case .runs(let runs):
            values = try runs.map { run in
                guard let value = run.summaryMetrics[metric] else {
                    throw Failure(
                        .key, "verdict: \(run.name) has no \"\(metric)\"",
                        help: ["there are " + run.summaryMetrics.keys.joined(separator: ", ")])
                }
                return value
            }
        }
        return OrderedDictionary(
            uniqueKeysWithValues: values.enumerated().map { (TrialTable.Setting.integer($0), $1) })
    }
}

extension Verdict: LanguageObject {
    /// `verdict`.
    public static var languageName: String { "verdict" }
}

extension Library {
    /// Repeating experiments over seeds and settings, and what may be concluded.
    func addTrials() {
        addTrialTable()
        addTrialFunctions()
        addCrossValidation()
        addVerdict()
    }

    private func addTrialFunctions() {
        let seeds = Parameter<Either<Int, [Int]>>("seeds", "how many seeds (0, 1, …), or a list of them")
        let function = Parameter<Callable>(
            "function", "seed => …; gives a run, a number, or a dict of numbers and runs")
        add(
            Builtin(
                "trials", .training, "Repeats an experiment under several seeds.",
                parameters: [seeds.description, function.description],
                returns: "a table with one row for each seed; it shows mean ± standard deviation",
                notes: [
                    "Each call starts under its seed with all random streams reset, so that a call alone gives the same numbers; afterwards the random numbers go on where they were.",
                    "A run's row has the metrics of the epoch whose weights it kept.",
                ], seeAlso: ["sweep", "verdict", "manual_seed"],
                examples: [
                    Example(
                        """
                        train, val = split(take(dataset("digits"), 300))
                        t = trials(3, seed => fit(Linear(64, 10), train, epochs=2, validate=val))
                        [len(t), t["seed"], len(t.runs)]
                        """, "[3, [0, 1, 2], 3]"),
                    Example("trials([3, 4], seed => ({\"draw\": rand(1).item()}))[\"seed\"]", "[3, 4]"),
                ]
            ) { call in
                let list: [Int]
                switch try call[seeds] {
                case .first(let count):
                    guard count > 0 else {
                        throw Failure(.value, "trials: the number of seeds must be at least 1, not \(count)")
                    }
                    try Self.check(calls: count, "trials", "seeds")
                    list = Array(0..<count)
                case .second(let given): list = given
                }
                let function = try call[function]
                let plan = list.map { [(name: TrialTable.seed, value: Value.int($0))] }
                return try Self.table(plan, "trials", call.interpreter) { settings in
                    try function.call(settings.map(\.value))
                }
            })
        let experiment = Parameter<Callable>(
            "function", "(T, alpha, seed) => …, with the names of the settings; gives a run, a number, or a dict")
        let settings = Parameter<OrderedDictionary<String, Value>>.namedVariadic(
            "settings", "the values of each setting: T=[1, 2, 4], alpha=[0.5, 0.9], seed=range(5)")
        add(
            Builtin(
                "sweep", .training, "Runs an experiment for every combination of settings.",
                parameters: [experiment.description, settings.description],
                returns: "a table with one row for each combination; the last setting changes fastest",
                notes: [
                    "`seed` is special: each call starts under its seed with all random streams reset, and the table shows mean ± standard deviation over the seeds.",
                    "Without seed= every call starts under the seed in force.",
                ], seeAlso: ["trials", "verdict"],
                examples: [
                    Example(
                        """
                        t = sweep((T, seed) => ({"score": T * 10 + seed}), T=[1, 2], seed=range(2))
                        [t.columns, t["score"], t.best("score", larger=true).T]
                        """, #"[["T", "seed", "score"], [10.0, 11.0, 20.0, 21.0], 2]"#)
                ]
            ) { call in
                let function = try call[experiment]
                let settings = try call[settings]
                guard !settings.isEmpty else {
                    throw Failure(
                        .value, "sweep: there is nothing to sweep over",
                        help: ["sweep((T, seed) => …, T=[1, 2, 4], seed=range(5))"])
                }
                var plan: [[(name: String, value: Value)]] = [[]]
                for (name, given) in settings {
                    if name == "jobs", [Value].decode(given, in: call.interpreter) == nil {
                        throw Failure(
                            .type, "sweep has no argument jobs",
                            help: ["`distill sweep FILE --jobs 2` runs several at once"])
                    }
                    guard let values = [Value].decode(given, in: call.interpreter) else {
                        throw Failure(
                            .type, "sweep: \(name) must be a list of values, not \(given.typeName)",
                            help: ["\(name)=[\(Display.brief(given))]"])
                    }
                    guard !values.isEmpty else { throw Failure(.value, "sweep: \(name) has no values") }
                    let (calls, overflow) = plan.count.multipliedReportingOverflow(by: values.count)
                    try Self.check(calls: overflow ? .max : calls, "sweep", "combinations")
                    plan = plan.flatMap { before in values.map { before + [(name, $0)] } }
                }
                return try Self.table(plan, "sweep", call.interpreter) { settings in
                    try function.call([], named: settings)
                }
            })
    }

    /// Refuses what nobody waits for, before a plan is made of it.
    private static func check(calls: Int, _ function: String, _ what: String) throws {
        guard calls <= 1_000_000 else { throw Failure(.limit, "\(function): more than a million \(what)") }
    }

    private func addCrossValidation() {
        let data = Parameter<Dataset>("ds", "the data")
        let count = Parameter<Int>("k", "into how many parts it is cut")
        let function = Parameter<Callable>(
            "function", "(train, val) => …; gives a run, a number, or a dict of numbers and runs")
        let seed = Parameter<Int>("seed", "decides the cut; nothing else does", default: 0)
        add(
            Builtin(
                "cross_validate", .training, "Repeats an experiment with each part of the data as validation data.",
                parameters: [data.description, count.description, function.description, seed.description],
                returns: "a table with one row for each fold; it shows mean ± standard deviation",
                notes: [
                    "Stratified when there are classes. Two tables of the same k and seed have the same folds, and verdict pairs them.",
                    "Each call starts under the seed in force.",
                ], seeAlso: ["trials", "split", "verdict"],
                examples: [
                    Example(
                        """
                        t = cross_validate(take(dataset("digits"), 100), 5, (train, val) => ({"n": len(val)}))
                        [t["fold"], t["n"]]
                        """, "[[0, 1, 2, 3, 4], [20.0, 20.0, 20.0, 20.0, 20.0]]")
                ]
            ) { call in
                let function = try call[function]
                let folds = try Data.folds(call[data], call[count], seed: call[seed])
                let plan = folds.indices.map { [(name: "fold", value: Value.int($0))] }
                return try Self.table(plan, "cross_validate", call.interpreter) { settings in
                    guard case .int(let fold)? = settings.first?.value else { return .none }
                    let (train, validation) = folds[fold]
                    return try function.call([
                        train.encode(in: call.interpreter), validation.encode(in: call.interpreter),
                    ])
                }
            })
    }

    /// Runs the calls of a plan, each under its seed; what is there already is shown when one of them fails.
    private static func table(
        _ plan: [[(name: String, value: Value)]], _ function: String, _ interpreter: Interpreter,
        _ run: ([(name: String, value: Value)]) throws -> Value
    ) throws -> TrialTable {
        let before = Randomness.state
        defer { Randomness.state = before }
        var rows: [TrialTable.Row] = []
        for settings in plan {
            do {
                var seed = before.seed
                if let own = settings.first(where: { $0.name == TrialTable.seed }) {
                    guard case .int(let number) = own.value, number >= 0 else {
                        throw Failure(.type, "\(function): a seed must be an int of at least 0")
                    }
                    seed = UInt64(number)
                }
                Randomness.seed(seed)
                let result = try TrialResult(run(settings), function: function, in: interpreter)
                var described: OrderedDictionary<String, TrialTable.Setting> = [:]
                for (name, value) in settings { described[name] = TrialTable.Setting(value) }
                rows.append(TrialTable.Row(settings: described, metrics: result.metrics, runs: result.runs))
            } catch {
                if !rows.isEmpty {
                    let title = "\(function): \(rows.count) of \(plan.count) calls were done\n"
                    interpreter.output(Markup(title + TrialTable(rows).text + "\n"))
                }
                throw error
            }
        }
        return TrialTable(rows)
    }

    /// Which way a number is better: as was said, as its run or its declaration has it; asked for otherwise.
    static func direction(
        _ larger: Bool?, of metric: String, in noted: [Bool?] = [], _ function: String
    ) throws -> Bool {
        if let known = larger ?? noted.lazy.compactMap({ $0 }).first ?? Direction.isBetterWhenLarger(metric) {
            return known
        }
        throw Failure(
            .value, "\(function): nothing says whether a larger \"\(metric)\" is better",
            help: ["larger=true, or larger=false for an error or a cost"])
    }

    private func addVerdict() {
        add(
            ObjectType(
                Verdict.self, "What a paired test over seeds says.", display: { Markup(Self.sentence($0)) }))
        let start = "v = verdict([0.91, 0.93, 0.92], [0.90, 0.90, 0.91], metric=\"accuracy\")"
        func attribute<Result: ValueEncodable>(
            _ name: String, _ summary: String, _ example: Example, _ get: @escaping (Verdict) -> Result
        ) {
            add(Attribute(name, on: .object("verdict"), summary, examples: [example]) { (v: Verdict) in get(v) })
        }
        attribute(
            "outcome", "\"better\", \"worse\" or \"inconclusive\": the first against the second.",
            Example("\(start); v.outcome", "inconclusive")
        ) { $0.outcome.rawValue }
        attribute(
            "difference", "The mean difference, first minus second.",
            Example("\(start); abs(v.difference - 0.05 / 3) < 1e-9", "true")
        ) { $0.difference }
        attribute(
            "interval", "[low, high]: holds the true difference with confidence 1 − level.",
            Example("\(start); v.interval[0] < 0 and v.interval[1] > 0", "true")
        ) { [$0.interval.low, $0.interval.high] }
        attribute(
            "p", "How likely a difference of this size is when there is none.",
            Example("\(start); v.p > 0.05", "true")
        ) { $0.p }
        let a = Parameter<SampleValue>("a", "a table of trials, a list of runs, or a list of numbers")
        let b = Parameter<SampleValue>("b", "the same for what it is compared with, under the same seeds")
        let metric = Parameter<String>("metric", "the metric that is compared", default: "val_accuracy")
        let level = Parameter<Double>("level", "the probability of a wrong verdict that is accepted", default: 0.05)
        let larger = Parameter<Bool?>.optional(
            "larger", "whether larger is better", defaultText: "as the metric is declared; needed for any other number")
        add(
            Builtin(
                "verdict", .training, "Whether one training is better than another, by a paired t test over seeds.",
                formula: "t = mean(d)·√n / std(d), d = a − b by seed, n − 1 degrees of freedom",
                parameters: [a.description, b.description, metric.description, level.description, larger.description],
                returns: "a verdict: .outcome .difference .interval .p",
                notes: [
                    "Tables are paired by seed, lists by position. Five seeds are a start; a small gain needs more.",
                    "Comparing many settings and reporting the best one finds differences by chance: choose on validation data, then test once.",
                ], seeAlso: ["trials", "sweep", "compare"],
                examples: [
                    Example(
                        "verdict([0.95, 0.96, 0.95, 0.97], [0.90, 0.92, 0.91, 0.92], metric=\"accuracy\").outcome",
                        "better")
                ]
            ) { call in
                let metric = try call[metric]
                let (a, b) = (try call[a], try call[b])
                let first = try a.numbers(metric)
                let second = try b.numbers(metric)
                let common = first.keys.filter { second[$0] != nil }
                guard common.count == first.count, common.count == second.count else {
                    throw Failure(
                        .value, "verdict: the two were not run under the same seeds",
                        help: [
                            "seeds of the first: " + first.keys.map(\.description).joined(separator: ", "),
                            "seeds of the second: " + second.keys.map(\.description).joined(separator: ", "),
                        ])
                }
                let verdict = try Verdict(
                    common.compactMap { first[$0] }, common.compactMap { second[$0] }, metric: metric,
                    largerIsBetter: Self.direction(
                        call[larger], of: metric, in: [a.direction(metric), b.direction(metric)], "verdict"),
                    level: call[level])
                verdict.notes += (a.notes(metric) + b.notes(metric)).reduce(into: []) { all, note in
                    if !all.contains(note) { all.append(note) }
                }
                return verdict
            })
    }

    private static func sentence(_ verdict: Verdict) -> String {
        func number(_ value: Double) -> String { TextTable.number(value, digits: 4) }
        func signed(_ value: Double) -> String { value < 0 ? number(value) : "+" + number(value) }
        let percent = NumberFormat.repr(((1 - verdict.level) * 1e6).rounded() / 1e4)
        let confidence = percent.hasSuffix(".0") ? String(percent.dropLast(2)) : percent
        let notes = verdict.notes.map { "\nnote: \($0)" }.joined()
        return """
            \(verdict.outcome.rawValue): \(verdict.metric) \(number(verdict.means.first)) against \
            \(number(verdict.means.second)) over \(verdict.count) seeds
            difference \(signed(verdict.difference)), \(confidence) % interval \
            \(signed(verdict.interval.low)) … \(signed(verdict.interval.high)), p = \(number(verdict.p))\(notes)
            """
    }
}
