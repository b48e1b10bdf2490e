import CEmbedded
import Runtime

extension Library {
    /// Everything that a Dist program can call, and the sources under `std/`.
    package static func standard() -> Library {
        let library = Library()
        library.addCore()
        library.addTensors()
        library.addLayers()
        library.addModules()
        library.addOptimizers()
        library.addSchedules()
        library.addDatasets()
        library.addTraining()
        library.addDistillation()
        library.addPlots()
        library.addSaving()
        return library
    }
}
