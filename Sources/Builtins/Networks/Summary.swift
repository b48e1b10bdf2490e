import Diagnostics
import Learning
import OrderedCollections
import Runtime
import Tensors

extension NetworkSummary: LanguageObject {
    /// `summary`.
    public static var languageName: String { "summary" }

    /// The table: layer, output shape, parameters, operations and bytes, with the sums below.
    var table: String {
        var table = TextTable(["layer", "type", "output", "parameters", "FLOPs", "bytes"], left: 3)
        for row in rows {
            table.append([
                row.path.isEmpty ? "(network)" : row.path, row.typeName, row.outputShape.map { "\($0)" } ?? "not run",
                Self.grouped(row.parameters), Self.grouped(row.operations), Self.grouped(row.bytes),
            ])
        }
        table.append([
            "total", "", "\(outputShape)", Self.grouped(parameters), Self.grouped(operations), Self.grouped(bytes),
        ])
        return table.text
            + (trainedParameters == parameters ? "" : "\n\(Self.grouped(trainedParameters)) parameters are trained")
    }

    /// A count with commas between thousands.
    private static func grouped(_ count: Int) -> String {
        var text = ""
        for (index, digit) in String(count).reversed().enumerated() {
            if index > 0, index.isMultiple(of: 3), digit != "-" { text.append(",") }
            text.append(digit)
        }
        return String(text.reversed())
    }
}

extension Library {
    /// What a network consists of and costs.
    func addSummary() {
        add(
            ObjectType(
                NetworkSummary.self, "The layers of a network with shapes, parameters, FLOPs and bytes.",
                display: { Markup($0.table) }))
        add(
            Builtin(
                "summary", .networks, "A table of the layers: output shape, parameters, FLOPs and bytes.",
                Parameter<Module>("net", "the network"),
                Parameter<Either<Tensor, [Int]>>(
                    "input", "the shape of one example such as [1, 28, 28], or a batch for token numbers and the like"),
                returns: "a summary: a table, with the attributes parameters, flops and bytes",
                notes: [
                    "A multiplication with its addition counts as two FLOPs, in layers and in functions such as `@` and conv2d; sums and functions of single elements count where they are layers.",
                    "Bytes are those of parameters and buffers. The network runs once, in evaluation mode.",
                ],
                seeAlso: ["parameters", "features"],
                examples: [
                    Example(
                        "summary(Sequential(Linear(4, 8), ReLU(), Linear(8, 2)), input=[4])",
                        "layer  type    output  parameters  FLOPs  bytes",
                        "0      Linear  [1, 8]          40     72    160",
                        "1      ReLU    [1, 8]           0      8      0",
                        "2      Linear  [1, 2]          18     34     72",
                        "total          [1, 2]          58    114    232")
                ]
            ) { (net: Module, input: Either<Tensor, [Int]>) in
                switch input {
                case .first(let batch): try NetworkSummary(net, example: batch)
                case .second(let shape): try NetworkSummary(net, example: .zeros([1] + shape))
                }
            })
        add(
            Builtin(
                "backend", .networks, "How a network is evaluated: by a plan or step by step, and why.",
                Parameter<Module>("net", "the network"),
                returns: "a dict of strings: evaluation, reason, plans, runs",
                notes: [
                    "`evaluate`, `predict`, `compare`, validation and teachers make a plan when inputs of one shape come a second time: normalisations, sums and ReLU join the convolution before them. The first run of each plan is compared with the operations one by one.",
                    "A plan needs a forward that reads no numbers out of tensors, writes and draws nothing, and uses nothing but what can be compared at every use. `DISTILL_PLAN=off` in the environment makes none.",
                ],
                seeAlso: ["predict", "evaluate"],
                examples: [Example("backend(Linear(2, 1))[\"evaluation\"]", "step by step")]
            ) { (net: Module) throws -> OrderedDictionary<String, String> in
                OrderedDictionary(uniqueKeysWithValues: Preparation.facts(of: net).map { ($0.name, $0.value) })
            })
        let example = "summary(Linear(4, 2), input=[4])"
        add(
            Attribute(
                "parameters", on: .object("summary"), "The number of parameters.",
                examples: [Example(example + ".parameters", "10")]
            ) { (summary: NetworkSummary) in summary.parameters })
        add(
            Attribute(
                "flops", on: .object("summary"), "The floating-point operations of one pass.",
                examples: [Example(example + ".flops", "18")]
            ) { (summary: NetworkSummary) in summary.operations })
        add(
            Attribute(
                "bytes", on: .object("summary"), "The size of parameters and buffers in memory.",
                examples: [Example(example + ".bytes", "40")]
            ) { (summary: NetworkSummary) in summary.bytes })
    }
}
