/// A graph prepared for being computed many times: convolutions take the normalisation, the sum and the ReLU behind them into
/// their own pass, weights are laid out once, and every value goes as soon as nobody needs it.
///
/// Only a graph that is closed can be prepared: nothing was read out of a tensor, nothing written but what was made on the
/// way, nothing drawn, and every tensor is an input, a part of the state, or made on the way. Then the same numbers come out
/// whenever the same numbers go in. State is read at every run; what is derived from it is derived anew when it was written.
package final class EvaluationPlan {
    /// Why a graph cannot be prepared.
    package struct Refusal: Error {
        /// The reason, to be read after "because".
        package let reason: String

        /// A reason.
        package init(_ reason: String) { self.reason = reason }
    }

    /// Where a step finds an operand.
    enum Source {
        /// A value of this run.
        case slot(Int)
        /// A tensor of the state, or a constant.
        case kept(Tensor)
        case scalar(Scalar)
    }

    /// Something to compute, and the values that nobody needs afterwards.
    struct Step {
        let work: Work
        var freed: [Int] = []
    }

    enum Work {
        case operation(any Graph.Form, inputs: [Source?], outputs: [Int])
        case fused(FusedColumns, x: Source, residual: Source?, output: Int)
    }

    private let inputs: [(slot: Int, kind: Graph.Kind)]
    private let state: [(tensor: Tensor, kind: Graph.Kind)]
    private let steps: [Step]
    private let results: [Source]
    private let slotCount: Int
    /// How many operations of the graph became part of another's pass.
    package let fusedCount: Int

    /// Prepares a graph.
    ///
    /// - Parameters:
    ///   - inputs: the values that are given at every run.
    ///   - state: tensors that may be read at every run: parameters and buffers.
    ///   - outputs: the values that are wanted.
    /// - Throws: ``Refusal``.
    package init(_ graph: Graph, inputs: [Int], state: [Tensor], outputs: [Int]) throws {
        let reader = try PlanReader(graph, inputs: inputs, state: state, outputs: outputs)
        self.inputs = inputs.map { ($0, graph.kind($0)) }
        self.state = state.map { ($0, Graph.Kind($0.shape, $0.dtype)) }
        slotCount = graph.tensors.count
        results = try outputs.map { try reader.source($0) }
        (steps, fusedCount) = try reader.steps()
    }

    /// Whether inputs and state have the shapes and dtypes that the plan was made for.
    package func fits(_ tensors: [Tensor]) -> Bool {
        tensors.count == inputs.count
            && zip(tensors, inputs).allSatisfy { $0.shape == $1.kind.shape && $0.dtype == $1.kind.dtype }
            && state.allSatisfy { $0.tensor.shape == $0.kind.shape && $0.tensor.dtype == $0.kind.dtype }
    }

    /// Computes the outputs; the inputs have to fit.
    ///
    /// - Throws: what the operations throw: too little memory, an index out of range.
    package func run(_ tensors: [Tensor]) throws -> [Tensor] {
        var values = [Tensor?](repeating: nil, count: slotCount)
        for (input, tensor) in zip(inputs, tensors) { values[input.slot] = tensor }
        for step in steps {
            switch step.work {
            case .operation(let form, let inputs, let outputs):
                let operands = try inputs.map { try $0.map { try Self.operand($0, values) } }
                for (slot, tensor) in zip(outputs, try form.evaluate(operands)) { values[slot] = tensor }
            case .fused(let work, let x, let residual, let output):
                values[output] = try work.run(
                    try Self.tensor(x, values), residual: try residual.map { try Self.tensor($0, values) })
            }
            for slot in step.freed { values[slot] = nil }
        }
        return try results.map { try Self.tensor($0, values) }
    }

    private static func operand(_ source: Source, _ values: [Tensor?]) throws -> Operand {
        if case .scalar(let scalar) = source { return .scalar(scalar) }
        return .tensor(try tensor(source, values))
    }

    private static func tensor(_ source: Source, _ values: [Tensor?]) throws -> Tensor {
        switch source {
        case .slot(let slot):
            if let tensor = values[slot] { return tensor }
        case .kept(let tensor): return tensor
        case .scalar(let scalar): return try Tensor(scalar)
        }
        throw Refusal("a value is missing")
    }
}
