import Data
import Diagnostics
import Learning
import Notebook

/// How far a training is: one display that is updated at most ten times a second and says in the end how it went.
final class ProgressDisplay {
    private let outbox: Outbox
    private let parent: JSON
    private var identifier: String?
    private var shown = ContinuousClock.now - .seconds(1)

    init(_ outbox: Outbox, parent: JSON) {
        self.outbox = outbox
        self.parent = parent
    }

    func update(_ progress: Progress) {
        let isLast = progress.isEpochEnd && progress.epoch == progress.epochs
        let now = ContinuousClock.now
        guard isLast || now - shown >= .milliseconds(100) else { return }
        shown = now
        let steps = max(1, progress.steps * progress.epochs)
        let done = min(steps, (progress.epoch - 1) * progress.steps + progress.step)
        let text = progress.facts.joined(separator: "  ")
        let bar = isLast ? "" : "<progress value=\"\(done)\" max=\"\(steps)\"></progress> "
        let isNew = identifier == nil
        let name = identifier ?? Message.identifier()
        identifier = isLast ? nil : name
        outbox.publish(
            isNew ? "display_data" : "update_display_data",
            .object([
                (
                    "data",
                    .object([
                        ("text/html", .string("\(bar)<code>\(Markup.escapeHTML(text))</code>")),
                        ("text/plain", .string(text)),
                    ])
                ), ("metadata", .object([])), ("transient", .object([("display_id", .string(name))])),
            ]), for: parent)
    }
}
