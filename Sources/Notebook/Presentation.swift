import Diagnostics
import Runtime

/// A value ready to be shown: as text everywhere, and as more where a face can.
package struct Presentation {
    /// The value.
    package let value: Value
    /// The value as text.
    package let text: Markup

    /// The presentation of a value. A display that fails shows its error in place of the value.
    package init(of value: Value, in interpreter: Interpreter) {
        self.value = value
        text = Markup(Display.repr(value, in: interpreter))
    }
}
