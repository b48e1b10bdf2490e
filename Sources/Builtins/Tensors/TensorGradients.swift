import Runtime
import Tensors

extension Library {
    /// Derivatives.
    func addTensorGradients() {
        let retain = Parameter<Bool>("retain_graph", "whether the history is kept for another walk", default: false)
        add(
            Builtin(
                "backward", on: .tensor, .autograd,
                "Adds the derivatives of this number to the `grad` of every tensor with requires_grad that it depends on.",
                Parameter<Tensor>("self", "the loss, one element unless `gradient` is given"),
                Parameter<Tensor?>.optional("gradient", "what to start from, of the shape of the tensor"), retain,
                returns: "none",
                notes: [
                    "Gradients add up: zero_grad(), or `x.grad = none`, starts anew.",
                    "A tensor without history, several elements without `gradient`, a second walk without "
                        + "`retain_graph`, and a tensor overwritten since are errors.",
                ],
                pytorch: .same("torch.Tensor.backward"), seeAlso: ["grad", "detach"],
                examples: [
                    Example("x = tensor(3.0, requires_grad=true); y = x ** 2; y.backward(); x.grad.item()", "6.0")
                ]
            ) { (x: Tensor, gradient: Tensor?, retain: Bool) in
                try x.backward(gradient: gradient, retainGraph: retain)
                return NoValue()
            })
        add(
            Builtin(
                "grad", .autograd, "The derivatives of a number with respect to tensors, leaving their `grad` alone.",
                Parameter<Tensor>("outputs", "the number, one element"),
                Parameter<OneOrMoreTensors>("inputs", "the tensors, a list or one"), retain,
                returns: "a list of tensors, each of the shape of its input; one tensor for one tensor",
                notes: ["An input that the number does not depend on is a value error."],
                pytorch: .differs("torch.autograd.grad", "a single input gives its gradient without a list around it"),
                seeAlso: ["backward", "gradcheck"],
                examples: [
                    Example(
                        "x = tensor(2.0, requires_grad=true); w = tensor(5.0, requires_grad=true)\ndx, dw = grad(x * w, [x, w]); [dx.item(), dw.item()]",
                        "[5.0, 2.0]")
                ]
            ) { (outputs: Tensor, inputs: OneOrMoreTensors, retain: Bool) in
                switch inputs {
                case .first(let input):
                    let found = try outputs.gradients([input], retainGraph: retain)
                    return OneOrMoreTensors.first(found[0])
                case .second(let inputs):
                    return OneOrMoreTensors.second(try outputs.gradients(inputs, retainGraph: retain))
                }
            })
        add(
            Builtin(
                "gradcheck", .autograd, "Compares `backward` of a function with finite differences, in float64.",
                Parameter<Callable>("func", "a deterministic function of the inputs that gives a tensor"),
                Parameter<OneOrMoreTensors>("inputs", "the points, a tensor or a list; floats become float64"),
                Parameter<Double>("eps", "the step of the differences", default: 1e-6),
                Parameter<Double>("atol", "the allowed difference, absolute and relative", default: 1e-5),
                returns: "true",
                notes: ["The first element whose derivative differs is a value error that shows both values."],
                pytorch: .differs("torch.autograd.gradcheck", "one tolerance, and floats are converted to float64"),
                seeAlso: ["backward", "grad"],
                examples: [Example("gradcheck(x => (x ** 3).sum(), tensor([1.0, 2.0]))", "true")]
            ) { (function: Callable, inputs: OneOrMoreTensors, epsilon: Double, tolerance: Double) in
                let points =
                    switch inputs {
                    case .first(let input): [input]
                    case .second(let inputs): inputs
                    }
                try Tensor.checkGradients(of: points, epsilon: epsilon, tolerance: tolerance) { points in
                    let result = try function.call(points.map { .tensor($0) })
                    guard case .tensor(let tensor) = result else {
                        throw Failure(.type, "gradcheck: the function must give a tensor, not \(result.typeName)")
                    }
                    return tensor
                }
                return true
            })
    }
}
