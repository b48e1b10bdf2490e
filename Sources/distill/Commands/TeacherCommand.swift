import ArgumentParser
import Base
import Runtime

/// `distill teacher teacher.distill train.csv -o top.safetensors --top 32`.
struct TeacherCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "teacher",
        abstract: "Ask a teacher once, and keep what it says in a file that teaches any number of students.",
        discussion: """
            Writes `predictions(teacher, data, top=32)`: for each row the most probable classes with their log-probabilities, the \
            mass of all others and the entropy. A script reads it with `distill(predictions("top.safetensors") -> student, train)`.

              distill teacher teacher.distill train.csv --label kind --id id -o top.safetensors --top 32
              distill teacher teacher.onnx photos/ -o top.safetensors
            """)

    @Argument(help: "The network: .distill or .onnx.", completion: .file(extensions: ["distill", "onnx"]))
    var teacher: String

    @Argument(
        help: "The data: a .csv, a folder of images, a .npz or .safetensors with x (and y), or the name of a dataset.",
        completion: .file())
    var data: String

    @Option(name: .shortAndLong, help: "The file to write, .safetensors.")
    var output: String

    @Option(help: "How many classes of each row, the most probable; all when left out.")
    var top: Int?

    @Option(name: .customLong("temperature"), help: "The temperature of the stored probabilities.")
    var temperature = 1.0

    @Option(help: ArgumentHelp("How values stand in the file: f16 or int8.", valueName: "kind"))
    var values = "f16"

    @Option(help: ArgumentHelp("The column of a table that is its label.", valueName: "column"))
    var label: String?

    @Option(help: ArgumentHelp("The column of a table that names its rows.", valueName: "column"))
    var id: String?

    @OptionGroup var options: RunOptions

    func validate() throws {
        if let top, top < 1 { throw ValidationError("--top counts from 1") }
        if !["f16", "int8"].contains(values) { throw ValidationError("--values is f16 or int8") }
        if values == "int8", top == nil { throw ValidationError("--values int8 is for the --top classes of each row") }
        guard temperature > 0, temperature.isFinite else { throw ValidationError("--temperature is a number above 0") }
        guard output.lowercased().hasSuffix(".safetensors") else {
            throw ValidationError("-o names a .safetensors file")
        }
        if !isTable, label != nil || id != nil {
            throw ValidationError("--label and --id name columns of a table, and \(data) is none")
        }
    }

    private var ending: String { data.split(separator: ".").last?.lowercased() ?? "" }
    private var isFolder: Bool { (try? WholeFile.names(in: data)) != nil }
    private var isTable: Bool { !isFolder && ["csv", "tsv", "jsonl", "ndjson", "arff"].contains(ending) }

    /// The statements that read the data.
    private var source: String {
        let path = NumberFormat.quote(data)
        if isFolder { return "data = image_folder(\(path))" }
        if isTable {
            let label = label.map { ", label=\(NumberFormat.quote($0))" } ?? ""
            return "data = read_csv(\(path)\(label)\(id.map { ", id=\(NumberFormat.quote($0))" } ?? ""))"
        }
        switch ending {
        case "npz", "safetensors", "pt":
            return
                "parts = load(\(path))\ndata = TensorDataset(parts[\"x\"], parts.get(\"y\", none), ids=parts.get(\"ids\", none))"
        case "npy": return "data = TensorDataset(load(\(path)))"
        default: return "data = dataset(\(path))"
        }
    }

    func run() throws {
        let top = top.map { ", top=\($0)" } ?? ""
        let program = """
            teacher = load(\(NumberFormat.quote(teacher)))
            \(source)
            if teacher.normalization != none and data.normalization == none {
                data = normalize(data, **teacher.normalization)
            }
            answers = predictions(teacher, data\(top), T=\(temperature))
            save(answers, \(NumberFormat.quote(output)), values="\(values)")
            print(answers)
            """
        throw ExitCode(
            Runner(options.settings).run(
                text: program, named: "distill teacher", displaysValues: false, staysOpen: false))
    }
}
