import Data
import Diagnostics
import Distillation
import Learning
import OrderedCollections
import Runtime
import Tensors

extension Comparison: LanguageObject {
    /// `comparison`.
    public static var languageName: String { "comparison" }
}

extension Comparison: TabularObject {
    /// One row a metric.
    package var tableCells: [[Markup]] {
        [[""] + columns.map { Markup($0) }]
            + rows.map { metric, values in
                let cell = MetricCell(metric)
                return [Markup(cell.title)] + values.map { $0.map { Markup(cell.text($0), cell.style) } ?? "" }
            }
    }

    package var tableNotes: [String] { notes }
}

/// One student, or a dict of them by name.
struct StudentsValue: ValueDecodable {
    let students: OrderedDictionary<String, Module>

    static var languageType: LanguageType { .union([.module, .dict]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> StudentsValue? {
        if case .module(let net) = value { return StudentsValue(students: ["student": net]) }
        guard let nets = OrderedDictionary<String, Module>.decode(value, in: interpreter), !nets.isEmpty else {
            return nil
        }
        return StudentsValue(students: nets)
    }
}

extension Library {
    /// `compare`, and the metrics of two networks.
    func addComparison() {
        addComparisonType()
        addCompare()
        addQuantize()
        addFidelity()
    }

    private func addComparisonType() {
        add(
            ObjectType(
                Comparison.self, "Numbers side by side: a column for each network or run, a row for each metric.",
                display: { Self.text(of: $0) },
                length: { $0.rows.count },
                element: { comparison, index, interpreter in
                    guard let name = index.text else {
                        throw Failure(
                            .type, "a comparison is indexed by the name of a column or metric, not \(index.typeName)")
                    }
                    guard let numbers = Self.numbers(of: comparison, named: name) else {
                        throw Failure(
                            .key, "the comparison has no \"\(name)\"",
                            help: [
                                "columns: " + comparison.columns.joined(separator: ", "),
                                "metrics: " + comparison.rows.keys.joined(separator: ", "),
                            ])
                    }
                    return numbers.encode(in: interpreter)
                },
                member: { comparison, name, interpreter in
                    Self.numbers(of: comparison, named: name)?.encode(in: interpreter)
                },
                memberNames: { $0.columns + $0.rows.keys }))
        let start = #"net = Linear(64, 10); c = compare(net, net.copy(), take(dataset("digits"), 64))"#
        add(
            Attribute(
                "columns", on: .object("comparison"), "The names of the columns.",
                examples: [Example("\(start); c.columns", #"["teacher", "student"]"#)]
            ) { (comparison: Comparison) in comparison.columns })
        add(
            Attribute(
                "metrics", on: .object("comparison"), "The names of the rows.",
                examples: [Example("\(start); \"agreement\" in c.metrics", "true")]
            ) { (comparison: Comparison) in Array(comparison.rows.keys) })
    }

    private func addCompare() {
        let students = Parameter<StudentsValue>("student", "the student, or a dict of networks by name")
        let alone = Parameter<Module?>.optional(
            "alone", "the student trained without the teacher: gap_closed is what distillation made up for")
        add(
            Builtin(
                "compare", .training, "Whether distillation paid: size, speed and quality of teacher and student.",
                Parameter<Module>("teacher", "the network compared with"), students,
                Parameter<Dataset>("test", "data that neither trained them nor chose their epoch"), alone,
                returns: "a comparison: c.student.accuracy, c[\"accuracy\"], c.columns",
                notes: [
                    "latency is the median time of one example alone, throughput is measured in batches of 256; both after a warm-up, within 0.15 s.",
                    "gap closed is (student − alone)/(teacher − alone), of accuracy or mse: 1 is as good as the teacher, 0 no better than without it.",
                    "accuracy kept is the student's accuracy over the teacher's; agreement is the share of examples for which both choose the same class.",
                ],
                seeAlso: ["evaluate", "agreement", "fidelity_kl", "distill"],
                examples: [
                    Example(
                        """
                        net = Linear(64, 10)
                        compare(net, net.copy(), dataset("digits")).student.agreement
                        """, "1.0"),
                    Example(
                        running: """
                            test = dataset("digits")
                            compare(Linear(64, 10), {"a": Linear(64, 10), "b": Linear(64, 10)}, test)
                            """),
                ]
            ) { (teacher: Module, students: StudentsValue, test: Dataset, alone: Module?) in
                try Comparison(teacher: teacher, students: students.students, alone: alone, on: test)
            })
        add(
            Builtin(
                "compare", .training,
                "Runs side by side: the last value of every curve, the best of the validation curves.",
                Parameter<[Run]>("runs", "a list of runs"),
                returns: "a comparison with one column per run", seeAlso: ["plot", "fit", "distill"],
                examples: [
                    Example(
                        """
                        train = take(dataset("digits"), 128)
                        a = fit(Linear(64, 10), train, epochs=1, name="one")
                        b = fit(Linear(64, 10), train, epochs=2, name="two")
                        compare([a, b]).epochs
                        """, #"{"one": 1, "two": 2}"#)
                ]
            ) { (runs: [Run]) in
                guard !runs.isEmpty else { throw Failure(.value, "compare: the list has no runs") }
                return Comparison(runs: runs)
            })
    }

    private func addQuantize() {
        add(
            Builtin(
                "quantize", .training, "A copy whose weights of Linear and Conv2d are rounded to 8 bits.",
                formula: "w ≈ s_c · q, q ∈ {−127, …, 127}, s_c = max |w_c| / 127 for each output channel c",
                Parameter<Module>("net", "the network"), returns: "a network; the original stays as it is",
                notes: [
                    "compare(net, quantize(net), test) shows what it costs in accuracy and saves in bytes.",
                    "Files hold a byte per weight. Computation is in float32 with the rounded weights: latency and memory in use stay as they are.",
                    "The rounded weights are frozen. arXiv:1712.05877, weights alone.",
                ],
                seeAlso: ["save", "compare"],
                examples: [
                    Example(
                        """
                        net = Linear(64, 10)
                        small = quantize(net)
                        compare(net, small, dataset("digits")).bytes.student
                        """, "720")
                ]
            ) { (net: Module) in try net.quantized() })
    }

    private func addFidelity() {
        let a = Parameter<Module>("a", "a network, usually the teacher")
        let b = Parameter<Module>("b", "another")
        let data = Parameter<Dataset>("ds", "the data")
        add(
            Builtin(
                "agreement", .training, "The share of examples for which two networks choose the same class.",
                formula: "⟨1[argmax z_a = argmax z_b]⟩", a, b, data, returns: "a float",
                seeAlso: ["compare", "fidelity_kl"],
                examples: [Example(#"net = Linear(64, 10); agreement(net, net.copy(), dataset("digits"))"#, "1.0")]
            ) { (a: Module, b: Module, data: Dataset) in try Fidelity.agreement(a, b, on: data) })
        let first = Parameter<Tensor>("a", "logits [N, K], usually the teacher's")
        let second = Parameter<Tensor>("b", "other logits [N, K]")
        add(
            Builtin(
                "agreement", .training, "The share of rows for which two sets of logits choose the same class.",
                first, second, returns: "a float", seeAlso: ["compare", "fidelity_kl"],
                examples: [
                    Example("agreement(tensor([[2.0, 1.0], [0.0, 3.0]]), tensor([[1.0, 0.0], [1.0, 0.0]]))", "0.5")
                ]
            ) { (a: Tensor, b: Tensor) in try Fidelity.agreement(a, b) })
        add(
            Builtin(
                "fidelity_kl", .training, "How far the probabilities of two sets of logits are apart.", first, second,
                returns: "a float in nats", seeAlso: ["compare", "agreement"],
                examples: [Example("z = randn(4, 3); fidelity_kl(z, z)", "0.0")]
            ) { (a: Tensor, b: Tensor) in try Fidelity.divergence(a, b) })
        add(
            Builtin(
                "fidelity_kl", .training, "How far the probabilities of two networks are apart.",
                formula: "⟨Σₖ p_a (log p_a − log p_b)⟩, p = softmax(z)", a, b, data, returns: "a float in nats",
                seeAlso: ["compare", "agreement"],
                examples: [Example(#"net = Linear(64, 10); fidelity_kl(net, net.copy(), dataset("digits"))"#, "0.0")]
            ) { (a: Module, b: Module, data: Dataset) in try Fidelity.divergence(a, b, on: data) })
    }

    /// The numbers of a column by metric, or of a metric by column.
    private static func numbers(of comparison: Comparison, named name: String) -> OrderedDictionary<
        String, MetricValue
    >? {
        if let column = comparison.column(name) {
            var numbers: OrderedDictionary<String, MetricValue> = [:]
            for (metric, value) in column { numbers[metric] = MetricCell(metric).value(value) }
            return numbers
        }
        return comparison.row(name)?.mapValues { MetricCell(name).value($0) }
    }

    private static func text(of comparison: Comparison) -> Markup {
        var table = TextTable([])
        for row in comparison.tableCells { table.append(row) }
        var text = table.markup
        for note in comparison.notes { text.append("\nnote: \(note)", .dim) }
        return text
    }
}

/// How the numbers of one metric are called and written.
private struct MetricCell {
    let metric: String

    init(_ metric: String) { self.metric = metric }

    /// Times differ from run to run.
    var style: Markup.Style { ["latency", "throughput", "seconds"].contains(metric) ? .measured : .plain }

    var title: String {
        switch metric {
        case "latency": "latency per example"
        case "flops": "operations per example"
        default: String(metric.map { $0 == "_" && !metric.contains("val_") ? " " : $0 })
        }
    }

    /// The number in the language: counts are ints.
    func value(_ number: Double) -> MetricValue {
        guard ["parameters", "bytes", "flops", "epochs", "best_epoch"].contains(metric),
            let count = Int(exactly: number)
        else {
            return .number(number)
        }
        return .count(count)
    }

    func text(_ number: Double) -> String {
        switch metric {
        case "parameters", "epochs", "best_epoch": Self.grouped(number)
        case "flops": Self.scaled(number, by: 1000, ["FLOPs", "kFLOPs", "MFLOPs", "GFLOPs", "TFLOPs"])
        case "bytes": Self.scaled(number, by: 1024, ["B", "KiB", "MiB", "GiB"])
        case "latency": Self.duration(number)
        case "throughput": Self.grouped(number.rounded()) + " /s"
        case "seconds": TextTable.number(number, digits: 2)
        case "accuracy_kept", "gap_closed": TextTable.number(number * 100, digits: 1) + " %"
        default: TextTable.number(number, digits: 4)
        }
    }

    /// A count with its thousands apart: 84,234.
    private static func grouped(_ number: Double) -> String {
        guard let count = Int(exactly: number) else { return TextTable.number(number, digits: 0) }
        var text = ""
        for (position, digit) in String(count).reversed().enumerated() {
            if position > 0, position % 3 == 0, digit != "-" { text.append(",") }
            text.append(digit)
        }
        return String(text.reversed())
    }

    private static func scaled(_ number: Double, by step: Double, _ units: [String]) -> String {
        var number = number
        var position = 0
        while number >= step, position + 1 < units.count {
            number /= step
            position += 1
        }
        return TextTable.number(number, digits: position == 0 ? 0 : 1) + " " + units[position]
    }

    private static func duration(_ seconds: Double) -> String {
        if seconds >= 1 { return TextTable.number(seconds, digits: 2) + " s" }
        if seconds >= 1e-3 { return TextTable.number(seconds * 1e3, digits: 2) + " ms" }
        return TextTable.number(seconds * 1e6, digits: 1) + " µs"
    }
}
