import CEmbedded
import Runtime

extension Library {
    /// Everything that a Dist program can call, and the sources under `std/`.
    package static func standard() -> Library {
        let library = Library()
        library.addCore()
        library.addTensors()
        library.addLayers()
        library.addActivationLayers()
        library.addReshapingLayers()
        library.addConvolutionLayers()
        library.addPoolingLayers()
        library.addNormalizationLayers()
        library.addNormReLU()
        library.addSequenceLayers()
        library.addRecurrentLayers()
        library.addParameters()
        library.addInitializers()
        library.addSummary()
        library.addModules()
        library.addOptimizers()
        library.addSchedules()
        library.addDatasets()
        library.addAugmentation()
        library.addPictures()
        library.addTokenizers()
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
            var bytes = [UInt8](repeating: 0, count: file.length)
            embedded_copy(file, &bytes)
            add(source: String(decoding: bytes, as: UTF8.self), path: "std/" + String(cString: file.name))
        }
    }
}
