import Data

extension JSON {
    /// The value as JSON with one space of indentation a level, as Jupyter writes its files, so that they diff well.
    package var indented: String {
        var text = ""
        write(to: &text, indent: 0)
        return text
    }

    private func write(to text: inout String, indent: Int) {
        let inner = "\n" + String(repeating: " ", count: indent + 1)
        let outer = "\n" + String(repeating: " ", count: indent)
        switch self {
        case .array(let elements) where !elements.isEmpty:
            text += "["
            for (index, element) in elements.enumerated() {
                text += (index == 0 ? "" : ",") + inner
                element.write(to: &text, indent: indent + 1)
            }
            text += outer + "]"
        case .object(let members) where !members.isEmpty:
            text += "{"
            for (index, member) in members.enumerated() {
                text += (index == 0 ? "" : ",") + inner + JSON.string(member.key).text + ": "
                member.value.write(to: &text, indent: indent + 1)
            }
            text += outer + "}"
        default: text += self.text
        }
    }
}
