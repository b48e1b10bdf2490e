import Diagnostics

/// A mistake in the command line that the argument parser cannot know of: exit status 2.
struct UsageFailure: Error {
    let message: String
    let help: String?

    init(_ message: String, help: String? = nil) {
        self.message = message
        self.help = help
    }

    var markup: Markup {
        var markup = Markup("error", .error)
        markup.append(": \(message)", .strong)
        if let help {
            markup.append("\n  = ", .gutter)
            markup.append("help: ", .help)
            markup.append(help)
        }
        return markup
    }
}
