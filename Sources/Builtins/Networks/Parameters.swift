import Runtime
import Tensors

extension Library {
    /// What a network written in Dist holds besides layers: trained tensors, and tensors that are only saved with it.
    func addParameters() {
        let source = Parameter<Tensor>("data", "the values at first; the tensor itself stays as it is")
        let net = "module Scale() { factor = Parameter(ones(2)); fn forward(x) { return x * factor } }"
        add(
            Builtin(
                "Parameter", .networks, "A tensor that is trained with the network whose field it is.", source,
                Parameter<Bool>("requires_grad", "whether it is trained", default: true), returns: "a tensor",
                notes: ["A field that holds it makes up parameters() and state_dict() under the field's name."],
                pytorch: .differs("torch.nn.Parameter", "data is copied"), seeAlso: ["Buffer", "parameters"],
                examples: [
                    Example("Parameter(zeros(3)).requires_grad", "true"),
                    Example(net + "; Scale().named_parameters().keys()", #"["factor"]"#),
                ]
            ) { (data: Tensor, requiresGradient: Bool) in
                try data.detach().clone().requireGradient(requiresGradient)
            })
        add(
            Builtin(
                "Buffer", .networks, "A tensor that is saved with the network whose field it is, and never trained.",
                source,
                returns: "a tensor", notes: ["A plain tensor in a field is a buffer too."],
                pytorch: .differs("torch.nn.Buffer", "data is copied"), seeAlso: ["Parameter", "state_dict"],
                examples: [
                    Example("Buffer(zeros(3)).requires_grad", "false"),
                    Example(
                        "module Shift() { offset = Buffer(ones(2)); fn forward(x) { return x + offset } }; s = Shift(); [len(s.parameters()), s.state_dict().keys()]",
                        #"[0, ["offset"]]"#),
                ]
            ) { (data: Tensor) in try data.detach().clone() })
    }
}
