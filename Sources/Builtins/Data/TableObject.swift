import Diagnostics
import Distillation
import Runtime

/// A library object that pages show as a table.
package protocol TabularObject: LanguageObject {
    /// The cells, the titles of the columns first; the first cell of a row names it.
    var tableCells: [[Markup]] { get }
    /// What must be said along with the numbers.
    var tableNotes: [String] { get }
}

extension TabularObject {
    /// Nothing.
    package var tableNotes: [String] { [] }
}
