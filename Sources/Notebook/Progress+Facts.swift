import Learning

extension Progress {
    /// What a person wants to know of a training: its name, then epoch, loss, metric, speed and the time that is left.
    package var facts: [String] {
        var facts = [name, "epoch \(epoch)/\(epochs)", "loss \(Duration.fixed(loss, 4))"]
        if let metric { facts.append("\(metric.name) \(Duration.fixed(metric.value, 4))") }
        facts.append("\(Self.short(rate)) examples/s")
        if secondsLeft.isFinite, epoch < epochs || !isEpochEnd { facts.append("\(Duration.text(secondsLeft)) left") }
        return facts
    }

    private static func short(_ rate: Double) -> String {
        rate >= 1e6
            ? Duration.fixed(rate / 1e6, 1) + "M"
            : rate >= 1e4 ? Duration.fixed(rate / 1e3, 0) + "k" : Duration.fixed(rate, 0)
    }
}
