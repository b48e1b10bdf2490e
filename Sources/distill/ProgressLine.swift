import Diagnostics
import Learning
import Notebook

/// How far a training run is: one line that is redrawn in a terminal, a line an epoch elsewhere.
final class ProgressLine {
    private let output: OutputStream
    private var isShown = false
    private var drawn = ContinuousClock.now - .seconds(1)

    init(_ output: OutputStream) { self.output = output }

    /// Shows the state; in a terminal at most ten times a second.
    func update(_ progress: Progress) {
        guard output.isTerminal, !OutputStream.isDumb else {
            if progress.isEpochEnd { output.writeLine(Markup(facts(progress).joined(separator: "  "))) }
            return
        }
        if progress.isEpochEnd, progress.epoch == progress.epochs {
            clear()
            return
        }
        let now = ContinuousClock.now
        guard now - drawn >= .milliseconds(100) else { return }
        drawn = now
        isShown = true
        output.write("\r" + line(progress) + "\u{1B}[K")
    }

    /// Takes the line away.
    func clear() {
        guard isShown else { return }
        isShown = false
        output.write("\r\u{1B}[K")
    }

    private func facts(_ progress: Progress) -> [String] {
        var facts = [progress.name, "epoch \(progress.epoch)/\(progress.epochs)"]
        facts.append("loss \(Duration.fixed(progress.loss, 4))")
        if let metric = progress.metric { facts.append("\(metric.name) \(Duration.fixed(metric.value, 4))") }
        facts.append("\(rate(progress.rate)) examples/s")
        if progress.secondsLeft.isFinite, progress.epoch < progress.epochs || !progress.isEpochEnd {
            facts.append("\(Duration.text(progress.secondsLeft)) left")
        }
        return facts
    }

    private func rate(_ value: Double) -> String {
        value >= 1e6
            ? Duration.fixed(value / 1e6, 1) + "M"
            : value >= 1e4 ? Duration.fixed(value / 1e3, 0) + "k" : Duration.fixed(value, 0)
    }

    /// Name, bar and facts, cut to the terminal's width.
    private func line(_ progress: Progress) -> String {
        let facts = facts(progress)
        let columns = output.size.columns - 1
        let text = "  " + facts.dropFirst().joined(separator: "  ")
        let room = columns - facts[0].count - text.count - 1
        guard room >= 8 else { return String("\(facts[0])\(text)".prefix(columns)) }
        let width = min(room, 30)
        let steps = max(1, progress.steps * progress.epochs)
        let done = min(steps, (progress.epoch - 1) * progress.steps + progress.step)
        let filled = width * done / steps
        let bar = String(repeating: "━", count: filled)
        let rest = String(repeating: output.usesColor ? "━" : "─", count: width - filled)
        guard output.usesColor else { return "\(facts[0]) \(bar)\(rest)\(text)" }
        return "\(facts[0]) \u{1B}[32m\(bar)\u{1B}[0m\u{1B}[2m\(rest)\u{1B}[0m\(text)"
    }
}
