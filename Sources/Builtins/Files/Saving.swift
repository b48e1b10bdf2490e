import Base
import Data
import Distillation
import Drawing
import Learning
import Runtime
import Tensors

extension Builtin.Group {
    /// Files.
    static let files = Builtin.Group("Saving and loading")
}

extension Library {
    /// `save` and `load`, one verb each way, by the file's extension.
    func addSaving() {
        addFigureSaving()
        addRunSaving()
        addTableSaving()
        addNetworkSaving()
        addTensorSaving()
        addValueSaving()
        addOpaqueRecords()
        addSkeletons()
        addLoading()
    }

    private func addFigureSaving() {
        let path = Parameter<String>("path", "the file; its extension says the format: .png, .svg or .pdf")
        let figure = Parameter<FigureObject>("fig", "a figure")
        let dpi = Parameter<Double?>.optional("dpi", "pixels per inch of a PNG", defaultText: "the figure's own, 192")
        add(
            Builtin(
                "save", .files, "Writes a figure; the old file stays until the new one is whole.", figure, path, dpi,
                notes: [
                    "A PNG carries title, software and seed as text, and no time: the same figure gives the same bytes."
                ],
                seeAlso: ["plot"],
                examples: [
                    Example(
                        #"save(plot([3, 2, 1]), "/tmp/distill-example.png"); exists("/tmp/distill-example.png")"#,
                        "true")
                ]
            ) { (object: FigureObject, path: String, dpi: Double?) in
                try drawing {
                    var options = object.figure.options
                    if let dpi { options.dpi = dpi }
                    let metadata = PictureMetadata(seed: Randomness.state.seed)
                    try Figure(object.figure.chart, options).write(to: path, metadata: metadata)
                }
                if path.lowercased().hasSuffix(".png") { object.file = path }
                return NoValue()
            })
    }

    /// Writes the folder of a run: the record with its provenance, curves as a table and as a figure.
    private static func saveRecord(of run: Run, to path: String, in interpreter: Interpreter) throws {
        var record = RunRecord(run, name: run.name)
        for (name, value) in interpreter.parameters {
            record.parameters[name] = Display.repr(value, in: interpreter)
        }
        for (name, value) in interpreter.provenance() { record.provenance[name] = value }
        let figure = try run.figure().png(metadata: PictureMetadata(seed: Randomness.state.seed))
        let weights = SafeTensors(try run.net.storedState())
        try record.write(
            to: path,
            files: [
                ("net.safetensors", try weights.bytes()),
                ("run.json", Array(run.json().text.utf8)), ("curves.csv", Array(run.csv().utf8)),
                ("curves.png", figure),
            ])
    }

    private func addRunSaving() {
        let run = Parameter<Run>("run", "a run")
        let path = Parameter<String>("path", "a file, .json or .csv, or a folder such as runs/kd")
        add(
            Builtin(
                "save", .files, "Writes a run: .json has everything, .csv one line an epoch; a folder is a record.",
                parameters: [run.description, path.description],
                returns: "nothing",
                notes: [
                    "A folder such as runs/kd holds settings, metrics, curves, a figure, the weights as net.safetensors and where it all comes from; `distill compare runs/a runs/b` puts two side by side."
                ],
                seeAlso: ["plot"],
                examples: [
                    Example(
                        """
                        run = fit(Linear(64, 10), take(dataset("digits"), 128), epochs=2)
                        save(run, "/tmp/distill-example.csv")
                        len(read_text("/tmp/distill-example.csv").split("\\n"))
                        """, "4")
                ]
            ) { call in
                let run = try call[run]
                let path = try call[path]
                let name = path.split(separator: "/").last.map(String.init) ?? ""
                if !name.contains("."), !name.isEmpty {
                    try Self.saveRecord(of: run, to: path, in: call.interpreter)
                } else if path.hasSuffix(".json") {
                    try WholeFile.write(Array(run.json().text.utf8), to: path)
                } else if path.hasSuffix(".csv") {
                    try WholeFile.write(Array(run.csv().utf8), to: path)
                } else {
                    throw Failure(
                        .value, "save: a run is written as .json, .csv or into a folder, not as \(path)",
                        help: ["save(run, \"run.json\")", "save(run, \"runs/kd\")"], operands: [1: ""])
                }
                return NoValue()
            })
    }

    private func addTableSaving() {
        add(
            Builtin(
                "save", .files, "Writes a table of trials: one line for each call.",
                Parameter<TrialTable>("table", "what trials or sweep gave"),
                Parameter<String>("path", "the file, .csv"),
                seeAlso: ["trials", "sweep"],
                examples: [
                    Example(
                        """
                        save(trials(2, seed => ({"score": seed})), "/tmp/distill-example-table.csv")
                        read_text("/tmp/distill-example-table.csv").split("\\n")[0]
                        """, "seed,score")
                ]
            ) { (table: TrialTable, path: String) in
                guard path.hasSuffix(".csv") else {
                    throw Failure(
                        .value, "save: a table is written as .csv, not as \(path)", help: ["save(t, \"t.csv\")"],
                        operands: [1: ""])
                }
                try WholeFile.write(Array(table.csv().utf8), to: path)
                return NoValue()
            })
    }
}
