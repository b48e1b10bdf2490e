import Data
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
        addNetworkSaving()
        addTensorSaving()
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
                return NoValue()
            })
    }

    private func addRunSaving() {
        add(
            Builtin(
                "save", .files, "Writes the curves and metrics of a run: .json has everything, .csv one line an epoch.",
                Parameter<Run>("run", "a run"), Parameter<String>("path", "the file, .json or .csv"),
                seeAlso: ["plot"],
                examples: [
                    Example(
                        """
                        run = fit(Linear(64, 10), take(dataset("digits"), 128), epochs=2)
                        save(run, "/tmp/distill-example.csv")
                        len(read_text("/tmp/distill-example.csv").split("\\n"))
                        """, "4")
                ]
            ) { (run: Run, path: String) in
                if path.hasSuffix(".json") {
                    try FileBytes.write(Array(run.json().text.utf8), to: path)
                } else if path.hasSuffix(".csv") {
                    try FileBytes.write(Array(run.csv().utf8), to: path)
                } else {
                    throw Failure(
                        .value, "save: a run is written as .json or .csv, not as \(path)",
                        help: ["save(run, \"run.json\")"], operands: [1: ""])
                }
                return NoValue()
            })
    }
}
