extension Module {
    /// The layer as it is written, without its children: `Linear(64, 10)`.
    public final var signature: String { "\(typeName)(\(options))" }

    /// The network as a tree, one layer a line, children indented under their names.
    ///
    /// What was shown once is not shown again, and nothing deeper than 100 levels.
    public final var outline: String {
        var lines: [String] = []
        var seen: Set<ObjectIdentifier> = []
        func visit(_ module: Module, _ label: String, _ depth: Int) {
            let indent = String(repeating: "  ", count: depth)
            let isNew = seen.insert(ObjectIdentifier(module)).inserted
            guard !module.children.isEmpty, isNew, depth < 100 else {
                lines.append(indent + label + module.signature)
                return
            }
            lines.append(indent + label + module.typeName + (module.options.isEmpty ? "(" : "(" + module.options + ","))
            for (name, child) in module.children { visit(child, name + ": ", depth + 1) }
            lines.append(indent + ")")
        }
        visit(self, "", 0)
        return lines.joined(separator: "\n")
    }
}
