import Builtins
import Diagnostics
import Drawing
import Runtime

/// A value ready to be shown: as text everywhere, and as more where a face can.
package struct Presentation {
    /// The value.
    package let value: Value
    /// The value as text.
    package let text: Markup
    /// The figure, when it is one.
    package let figure: Figure?
    /// The PNG that the program itself wrote of the figure.
    package let file: String?
    /// The cells of a table, when it is one.
    package let table: [[Markup]]?
    /// What must be said along with the table.
    package let notes: [String]

    /// The presentation of a value.
    package init(of value: Value, in interpreter: Interpreter) {
        self.value = value
        if case .object(let object) = value, let shown = object.payload as? FigureObject {
            (figure, file) = (shown.figure, shown.file)
        } else {
            (figure, file) = (nil, nil)
        }
        if case .object(let object) = value, let tabular = object.payload as? any TabularObject {
            table = tabular.tableCells
            notes = tabular.tableNotes
        } else {
            table = nil
            notes = []
        }
        text = Display.display(value, in: interpreter)
    }

    /// The presentation of a figure that no program made.
    package init(of figure: Figure) {
        value = .none
        (self.figure, file) = (figure, nil)
        table = nil
        notes = []
        text = Markup(figure.altText)
    }
}
