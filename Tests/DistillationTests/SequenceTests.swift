import Data
import Distillation
import Learning
import OrderedCollections
import Tensors
import Testing

/// Sequences with a mask: every mean is one over the valid positions.
@Suite struct SequenceTests {
    private let x: Tensor
    private let y: Tensor
    private let lengths = [5, 2, 1, 4]

    init() throws {
        Randomness.seed(3)
        x = try Tensor.randn([4, 5, 6])
        y = try Tensor((0..<20).map { $0 * 7 % 3 }, shape: [4, 5])
    }

    private var valid: [Int] { lengths.enumerated().flatMap { row, length in (0..<length).map { row * 5 + $0 } } }

    private func masked(fillingWith filler: Double) throws -> Dataset {
        var mask = Array(repeating: false, count: 20)
        for position in valid { mask[position] = true }
        let flags = try Tensor(mask, shape: [4, 5])
        let filled = try x.maskedFill(flags.eq(0).unsqueeze(dim: -1), .float(filler))
        return try Dataset(input: .tensor(filled), y: y, mask: flags)
    }

    /// The valid positions as examples of their own: what the masked means must equal.
    private func flat() throws -> Dataset {
        let rows = try Tensor(valid)
        return try Dataset(
            x: x.reshape([20, 6]).indexSelect(dim: 0, index: rows), y: y.reshape([20]).indexSelect(dim: 0, index: rows))
    }

    private func net(_ width: Int) throws -> Sequential {
        Sequential([try Linear(6, width), Activation(.relu), try Linear(width, 3)])
    }

    @Test(arguments: ["soft", "hard", "soft + hard", "feature", "dkd", "fit"])
    func `Means are over valid positions`(_ kind: String) throws {
        func losses(_ data: Dataset) throws -> [Double] {
            Randomness.seed(4)
            let teacher = try net(8)
            let student = try net(8)
            var options = TrainingOptions()
            options.epochs = 3
            options.batchSize = 20
            let objective: Objective =
                switch kind {
                case "soft": Objective(try SoftTerm())
                case "hard", "fit": Objective(HardTerm())
                case "soft + hard": try 0.9 * SoftTerm() + 0.1 * HardTerm()
                case "feature": Objective(FeatureTerm())
                default: Objective(try DecoupledTerm())
                }
            if kind == "fit" { return try fit(student, data, options: options).loss }
            return try distill(teacher, into: student, data, loss: objective, options: options).loss
        }
        let expected = try losses(flat())
        for filler in [0.0, 100] {
            let found = try losses(masked(fillingWith: filler))
            for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-5 * (1 + abs(b)), "\(found) \(expected)") }
        }
    }

    @Test func `The mean over an epoch is over positions too`() throws {
        // Batches of one sequence each have 5, 2, 1 and 4 positions; with a learning rate of 0 the loss of the epoch is
        // the mean over the twelve.
        Randomness.seed(5)
        let network = try net(8)
        var options = TrainingOptions()
        options.epochs = 1
        options.batchSize = 1
        options.optimizer = try SGD(lr: 0)
        let run = try fit(network, masked(fillingWith: 0), options: options)
        let nll = try evaluate(network, flat(), metrics: ["nll"])["nll"] ?? .nan
        #expect(abs(run.loss[0] - nll) < 1e-5)
        #expect(try abs((evaluate(network, masked(fillingWith: 7), metrics: ["nll"])["nll"] ?? .nan) - nll) < 1e-5)
    }

    @Test func `Peers exits and chains know the mask`() throws {
        func losses(_ data: Dataset) throws -> [[Double]] {
            var options = TrainingOptions()
            options.epochs = 2
            options.batchSize = 20
            Randomness.seed(6)
            let peers = try mutual([net(8), net(6)], data, options: options)
            let exits = try selfDistill(net(8), exits: [LayerPath("0")], data, options: options)
            return peers.map(\.loss) + [exits.loss]
        }
        let found = try losses(masked(fillingWith: 50))
        let expected = try losses(flat())
        for (a, b) in zip(found.joined(), expected.joined()) { #expect(abs(a - b) < 1e-5 * (1 + abs(b))) }
    }
}
