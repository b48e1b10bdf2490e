import Data
import Glibc
import Tensors

/// The plans of one network's evaluation, and why there are none.
package final class Preparation {
    private var plans: [PreparedNetwork] = []
    /// The kinds of inputs that occurred once: a plan is made when they come again.
    private var seen: [[Graph.Kind]] = []
    /// The kinds of inputs for which there can be no plan.
    private var refused: [[Graph.Kind]] = []
    /// Why the network is computed step by step.
    package fileprivate(set) var refusal: String?
    /// Whether that is for good.
    private var isRefused = false

    /// How many plans there are.
    package var count: Int { plans.count }
    /// How often they ran.
    package var runs: Int { plans.reduce(0) { $0 + $1.runs } }

    /// More shapes than this are not kept: a network fed with sequences of all lengths would fill the memory.
    private static let limit = 8

    /// What is known of a network's evaluation, name by name.
    package static func facts(of net: Module) -> [(name: String, value: String)] {
        let preparation = net.preparation
        let isPlanned = (preparation?.count ?? 0) > 0
        let unknown = "it was not evaluated twice on inputs of one shape"
        let reason =
            isPlanned
            ? ""
            : Plain.isOn
                ? "everything is computed plainly"
                : isEnabled ? preparation?.refusal ?? unknown : "DISTILL_PLAN=off"
        return [
            ("evaluation", isPlanned ? "planned" : "step by step"), ("reason", reason),
            ("plans", "\(preparation?.count ?? 0)"), ("runs", "\(preparation?.runs ?? 0)"),
        ]
    }

    fileprivate func evaluate(
        _ net: Module, _ inputs: [(name: String, tensor: Tensor)], _ body: () throws -> Tensor
    ) throws -> Tensor {
        if isRefused { return try body() }
        if let plan = plans.first(where: { $0.isCurrent(net, inputs) }), Shortcut.plan.isTaken() {
            do {
                return try plan.run(net, inputs)
            } catch let error as EvaluationPlan.Refusal {
                return try drop(error.reason, body)
            }
        }
        let kinds = inputs.map { Graph.Kind($0.tensor.shape, $0.tensor.dtype) }
        if refused.contains(kinds) { return try body() }
        guard seen.contains(kinds) else {
            if seen.count >= Self.limit { seen.removeFirst() }
            seen.append(kinds)
            return try body()
        }
        let (output, prepared) = try PreparedNetwork.make(net, inputs, body)
        switch prepared {
        case .failure(let reason):
            refusal = reason.reason
            // A network fed with inputs of all sizes is asked anew now and then.
            if refused.count >= Self.limit { refused.removeFirst() }
            refused.append(kinds)
        case .success(let plan):
            // The first run of every plan is compared.
            guard try plan.agrees(with: output, for: inputs) else {
                _ = try drop("its plan gave other numbers than the operations one by one") { output }
                Self.report(
                    "the prepared evaluation of \(net.typeName) gave other numbers and is not used; please report it")
                return output
            }
            refusal = nil
            if plans.count >= Self.limit { plans.removeFirst() }
            plans.append(plan)
        }
        return output
    }

    private func drop(_ reason: String, _ body: () throws -> Tensor) throws -> Tensor {
        (plans, isRefused, refusal) = ([], true, reason)
        return try body()
    }

    private static func report(_ text: String) {
        let line = "distill: \(text)\n"
        _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }

    /// Whether networks are planned at all: not with `DISTILL_PLAN=off` in the environment.
    package static let isEnabled: Bool = {
        guard let value = getenv("DISTILL_PLAN") else { return true }
        return String(cString: value) != "off"
    }()
}

extension Module {
    /// The network's result without gradients: by a plan made when such inputs came before, if the network allows it, else
    /// as the network computes it.
    ///
    /// - Parameter plan: whether a plan may be used.
    /// - Throws: what the network throws.
    package final func evaluated(_ input: DatasetInput, plan: Bool = true) throws -> Tensor {
        guard plan else { return try self(input) }
        return switch input {
        case .tensor(let x): try evaluated([(name: "", tensor: x)]) { try self(x) }
        case .named(let inputs):
            try evaluated(inputs.map { (name: $0.key, tensor: $0.value) }) { try self(named: inputs) }
        case .texts: throw DataError.texts(typeName)
        }
    }

    /// As ``evaluated(_:plan:)`` on a batch, of which the network takes what its `forward` names.
    package final func evaluated(_ batch: Batch, plan: Bool = true) throws -> Tensor {
        try evaluated(taken(from: batch.input, mask: batch.mask), plan: plan)
    }

    private final func evaluated(
        _ inputs: [(name: String, tensor: Tensor)], _ body: () throws -> Tensor
    ) throws -> Tensor {
        guard Preparation.isEnabled, !Plain.isOn, !Trace.isRunning, !Gradients.isEnabled else { return try body() }
        let preparation = self.preparation ?? Preparation()
        self.preparation = preparation
        return try preparation.evaluate(self, inputs, body)
    }
}
