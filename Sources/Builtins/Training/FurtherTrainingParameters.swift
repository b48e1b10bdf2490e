import Data
import Diagnostics
import Learning
import OrderedCollections
import Runtime
import Tensors

/// How the examples of an epoch are drawn.
enum SamplerOption: String, StringOption {
    case balanced
}

/// The options of `fit` and `distill` that are needed now and then, declared once.
struct FurtherTrainingParameters {
    let dropLast = Parameter<Bool>("drop_last", "leave an incomplete last batch out", default: false)
    let accumulate = Parameter<Int>(
        "accumulate", "batches whose gradients make one step, as if they were one batch", default: 1)
    let sampler = Parameter<SamplerOption?>.optional(
        "sampler", "\"balanced\" draws every class as often as every other, with replacement", defaultText: "each once")
    let classWeights = Parameter<Either<String, Tensor>?>.optional(
        "class_weights", "how much each class counts in the terms of the labels: \"balanced\", or [K]")
    let sampleWeights = Parameter<Tensor?>.optional(
        "sample_weights", "how much each example counts in the terms of the labels [N]")
    let ema = Parameter<Double?>.optional(
        "ema", "the decay of a moving average of the weights, which is validated, kept and saved")
    let freeze = Parameter<OneOrMore<String>?>.optional("freeze", "layers whose parameters stay as they are, by path")
    let clipValue = Parameter<Double?>.optional("clip_grad_value", "the largest size of each element of the gradients")
    let maxSteps = Parameter<Int?>.optional("max_steps", "stop after so many steps of the optimizer")
    let validateEvery = Parameter<Int>("validate_every", "look at `validate` after so many epochs", default: 1)
    let logEvery = Parameter<Int?>.optional(
        "log_every", "print a line with the numbers after so many epochs, and after the last", defaultText: "never")
    let minDelta = Parameter<Double>("min_delta", "how much better counts as better for patience and keep", default: 0)

    /// All of them, in the order of the signature.
    var descriptions: [ParameterDescription] {
        [
            dropLast.description, accumulate.description, sampler.description, classWeights.description,
            sampleWeights.description, ema.description, freeze.description, clipValue.description,
            maxSteps.description, validateEvery.description, logEvery.description, minDelta.description,
        ]
    }

    /// Puts what a call says into options.
    func set(_ options: inout TrainingOptions, _ call: Call) throws {
        options.dropLast = try call[dropLast]
        options.accumulate = try call[accumulate]
        options.sampler = try call[sampler].map { _ in .balanced }
        switch try call[classWeights] {
        case .first(let name)?:
            guard name == "balanced" else {
                throw Failure(
                    .value, "class_weights must be \"balanced\" or a tensor [K], not \"\(name)\"",
                    help: ["class_weights(train) is that tensor"])
            }
            options.classWeights = .balanced
        case .second(let weights)?: options.classWeights = .given(weights)
        case nil: break
        }
        options.sampleWeights = try call[sampleWeights]
        options.ema = try call[ema]
        options.freeze = try call[freeze]?.elements ?? []
        options.clipGradValue = try call[clipValue]
        options.maxSteps = try call[maxSteps]
        options.validateEvery = try call[validateEvery]
        options.logEvery = try call[logEvery]
        let interpreter = call.interpreter
        options.log = { interpreter.output(Markup($0 + "\n")) }
        options.minDelta = try call[minDelta]
    }
}

/// A recipe, or a dict of recipes by the paths of layers.
struct OptimizerChoice: ValueDecodable {
    let one: OptimizerObject?
    let byPath: OrderedDictionary<String, OptimizerObject>

    static var languageType: LanguageType { .union([OptimizerObject.languageType, .dict]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> OptimizerChoice? {
        if let one = OptimizerObject.decode(value, in: interpreter) { return OptimizerChoice(one: one, byPath: [:]) }
        guard let dict = OrderedDictionary<String, OptimizerObject>.decode(value, in: interpreter), !dict.isEmpty
        else { return nil }
        return OptimizerChoice(one: nil, byPath: dict)
    }

    /// The rule of all parameters, or those of each path.
    static func divided(
        _ choice: OptimizerChoice?, for function: String
    ) throws -> ((any UpdateRule)?, OrderedDictionary<String, any UpdateRule>) {
        (try choice?.one?.rule(for: function), try choice?.byPath.mapValues { try $0.rule(for: function) } ?? [:])
    }
}
