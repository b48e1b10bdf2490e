import CEmbedded
import Runtime

extension Library {
    /// Everything that a Dist program can call, and the sources under `std/`.
    package static func standard() -> Library {
        let library = Library()
        library.addCore()
        library.addTensors()
        library.addLayers()
        library.addConvolutionLayers()
        library.addNormalizationLayers()
        library.addSequenceLayers()
        library.addParameters()
        library.addInitializers()
        library.addSummary()
        library.addModules()
        library.addOptimizers()
        library.addSchedules()
        library.addDatasets()
        library.addTraining()
        library.addDistillation()
        library.addComparison()
        library.addRepresentations()
        library.addTrials()
        library.addPlots()
        library.addSaving()
        library.addSources()
        return library
    }

    /// The Dist files inside the binary, which `import "std/…"` reads.
    private func addSources() {
        for index in 0..<embedded_standard_count() {
            let file = embedded_standard(index)
            let text = String(decoding: UnsafeBufferPointer(start: file.bytes, count: file.length), as: UTF8.self)
            add(source: text, path: "std/" + String(cString: file.name))
        }
    }
}
