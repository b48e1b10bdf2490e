import Diagnostics
import Learning
import Notebook

/// How far a training run is: one line that is redrawn in a terminal, a line an epoch elsewhere.
final class ProgressLine {
    private let output: OutputStream
    private var isShown = false
    private var drawn = ContinuousClock.now - .seconds(1)
    /// When the last line was written where lines stay.
    private var written: ContinuousClock.Instant?

    init(_ output: OutputStream) { self.output = output }

    /// Shows the state; in a terminal at most ten times a second.
    func update(_ progress: Progress) {
        guard output.isTerminal, !OutputStream.isDumb else {
            // A log holds at most a line every five seconds, and how it ended.
            let now = ContinuousClock.now
            let isLast = progress.isEpochEnd && progress.epoch == progress.epochs
            guard isLast || progress.isEpochEnd && written.map({ now - $0 >= .seconds(5) }) ?? false else {
                if written == nil { written = now }
                return
            }
            written = isLast ? nil : now
            output.writeLine(Markup(progress.facts.joined(separator: "  ")))
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

    /// Name, bar and facts, cut to the terminal's width.
    private func line(_ progress: Progress) -> String {
        let facts = progress.facts
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
