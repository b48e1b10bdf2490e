import Diagnostics
import Runtime
import Syntax

/// A layer or network as a script writes it out.
indirect enum Layer {
    /// A layer of the library with the arguments that are known, by parameter.
    case layer(name: String, [String: Known], Written)
    /// Layers one after another.
    case sequence([Layer], Written)
    /// Something that computes nobody knows what.
    case unknown

    /// Where a layer stands and what is written there.
    struct Written {
        let source: SourceText
        let span: SourceSpan

        /// The text, shortened to the layer's name when it is long.
        var text: String {
            let text = source.text(in: span)
            guard text.count > 40 || text.contains("\n") else { return text }
            return String(text.prefix { $0 != "(" }) + "(…)"
        }
    }
}

extension Checker {
    /// The layer that a call of a library function makes; none when it is no layer.
    mutating func layer(
        _ builtin: Builtin, _ plan: [ArgumentSource], _ arguments: CheckedArguments, at span: SourceSpan
    ) -> Layer? {
        let written = Layer.Written(source: source, span: span)
        if builtin.name == "Sequential" {
            let layers = arguments.isOpen ? [.unknown] : children(arguments)
            let network = Layer.sequence(layers, written)
            _ = flow(through: network, from: Flow(library))
            return network
        }
        var values: [String: Known] = [:]
        for (parameter, place) in zip(builtin.parameters, plan) {
            switch place {
            case .argument(let index): values[parameter.name] = arguments.all[index].known
            case .defaultValue: values[parameter.name] = parameter.defaultValue.map { .literal($0.value) }
            case .rest, .options: return .unknown
            }
        }
        return .layer(name: builtin.name, values, written)
    }

    private func children(_ arguments: CheckedArguments) -> [Layer] { arguments.all.flatMap { children($0.known) } }

    private func children(_ known: Known) -> [Layer] {
        switch known {
        case .network(let layer): [layer]
        case .elements(let elements): elements.flatMap(children)
        case .literal(.list(let list)) where list.elements.isEmpty: []
        default: [.unknown]
        }
    }

    /// Follows a value through a network, reports the first place where sizes do not meet, and gives what comes out.
    @discardableResult
    mutating func flow(through layer: Layer, from start: Flow) -> Known {
        var flow = start
        do {
            try flow.pass(layer)
            return flow.sizes.map { .tensor($0) } ?? .type(.tensor)
        } catch let mismatch as Flow.Mismatch {
            var labels = [
                Diagnostic.Label(mismatch.written.source, mismatch.written.span, "takes \(mismatch.expected)")
            ]
            if let origin = mismatch.origin {
                labels.append(
                    Diagnostic.Label(
                        origin.source ?? source, origin.span, "gives \(mismatch.given)",
                        isPrimary: false))
            }
            report(
                Diagnostic(
                    .shape,
                    "\(mismatch.written.text) takes \(mismatch.expected), and \(mismatch.giver) gives "
                        + mismatch.given, code: ErrorCode.shape.rawValue, labels: labels, help: mismatch.help))
            return .unknown
        } catch {
            return .unknown
        }
    }

    /// `summary(net, input=[3, 32, 32])` sends a batch of that shape through the network.
    mutating func checkSummary(_ builtin: Builtin, _ plan: [ArgumentSource], _ arguments: CheckedArguments) {
        var network: Layer?
        var input: (sizes: [Int], span: SourceSpan)?
        for (parameter, place) in zip(builtin.parameters, plan) {
            guard case .argument(let index) = place else { continue }
            if case .network(let layer) = arguments.all[index].known { network = layer }
            if parameter.name == "input", let sizes = arguments.all[index].known.ints {
                input = (sizes, arguments.all[index].span)
            }
        }
        guard let network, let input else { return }
        flow(
            through: network,
            from: Flow(
                library, sizes: [nil] + input.sizes.map(Optional.some), origin: source.text(in: input.span), input.span)
        )
    }
}
