import Base
import Data
import Foundation
import Learning
import OrderedCollections
import Tensors
import Testing

/// Networks of ONNX files against ONNX's own node tests (scripts/golden/onnx_cases.py).
@Suite struct `ONNX networks` {
    enum Verdict {
        case passed
        case refused(String)
        case wrong(String)
    }

    static let folder =
        ProcessInfo.processInfo.environment["DISTILL_ONNX_CASES"]
        ?? #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Fixtures/onnx"
    static let names = WholeFile.namesIfAny(in: folder).filter { $0.hasSuffix(".onnx") }.map { String($0.dropLast(5)) }
    static let isSample = ProcessInfo.processInfo.environment["DISTILL_ONNX_CASES"] == nil

    /// Whether two tensors are equal as ONNX's tests ask, to a thousandth.
    static func difference(_ found: Tensor, _ expected: Tensor, _ tolerance: Double) throws -> String? {
        guard found.shape == expected.shape else { return "\(found.shape) instead of \(expected.shape)" }
        for (a, b) in zip(try found.doubles(), try expected.doubles()) {
            if a == b || a.isNaN && b.isNaN { continue }
            guard abs(a - b) <= tolerance * abs(b) + 1e-6 else { return "\(a) instead of \(b)" }
        }
        return nil
    }

    static func verdict(_ name: String, in folder: String = folder) throws -> Verdict {
        let arrays = try NPZ.read("\(folder)/\(name).npz")
        let expected = arrays.filter { $0.key.hasPrefix("out_") }
        let inputs = OrderedDictionary(
            uniqueKeysWithValues: arrays.filter { $0.key.hasPrefix("in_") }.map {
                (String($0.key.dropFirst(3)), $0.value)
            })
        // Half precision is widened here: its last bit may differ.
        let kind = name.lowercased()
        let isRough = kind.contains("bf16") || kind.contains("bfloat16")
        let tolerance = isRough ? 1.0 / 64 : kind.contains("fp16") || kind.contains("float16") ? 1.0 / 512 : 1e-3
        do {
            let model = try ONNXModel(reading: "\(folder)/\(name).onnx")
            // The networks come with the results of the output that teaches; the cases with those of all.
            let names = model.outputs.map(\.name).filter { expected["out_\($0)"] != nil }
            guard !names.isEmpty else { return .wrong("no output of \(model.outputs.map(\.name))") }
            let net = try ONNXNetwork(model, outputs: names)
            net.eval()
            for (output, result) in zip(names, try net.results(inputs)) {
                guard let wanted = expected["out_\(output)"] else { continue }
                if let problem = try difference(result, wanted, tolerance) { return .wrong("\(output): \(problem)") }
            }
            return .passed
        } catch let error as any DescribedError {
            return .refused(error.message)
        }
    }

    @Test(arguments: isSample ? names : []) func `A node of ONNX's own tests gives what it should`(_ name: String)
        throws
    {
        if case .passed = try Self.verdict(name) { return }
        Issue.record("\(name): \(try Self.verdict(name))")
    }

    static let tables = #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Fixtures/onnx-tables"

    /// scripts/golden/onnx_tables.py
    @Test(arguments: WholeFile.namesIfAny(in: tables).filter { $0.hasSuffix(".onnx") }.map { String($0.dropLast(5)) })
    func `A model of scikit-learn gives what ONNX Runtime gives`(_ name: String) throws {
        guard case .passed = try Self.verdict(name, in: Self.tables) else {
            Issue.record("\(name): \(try Self.verdict(name, in: Self.tables))")
            return
        }
        let net = try ONNXNetwork(ONNXModel(reading: "\(Self.tables)/\(name).onnx"))
        // What a call gives is numbers for each class, not the label.
        let isTaught = name.hasPrefix("forest_") || name.hasPrefix("boosted_") || name.hasPrefix("logistic_")
        #expect(try net(Tensor.zeros([2, 5])).rank == 2)
        let others = ["tree", "sgd", "perceptron"]
        #expect(net.givesProbabilities == (isTaught && !name.hasSuffix("regressor") || others.contains(name)))
        if name == "forest_named" { #expect(net.record?.classes == ["a", "b", "c"]) }
    }

    @Test(.enabled(if: !isSample)) func `No node of ONNX's own tests is wrong`() throws {
        var passed = 0
        var wrong: [String] = []
        var refusals: [String: Int] = [:]
        for name in Self.names {
            switch try Self.verdict(name) {
            case .passed:
                passed += 1
                print("passed \(name)")
            case .refused(let reason):
                refusals[reason.replacing("\(Self.folder)/\(name).onnx: ", with: ""), default: 0] += 1
            case .wrong(let what): wrong.append("\(name): \(what)")
            }
        }
        for (reason, count) in refusals.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            print("refused \(count): \(reason)")
        }
        for line in wrong { print("wrong \(line)") }
        let refused = refusals.values.reduce(0, +)
        let what = ProcessInfo.processInfo.environment["DISTILL_ONNX_WHAT"] ?? "cases"
        print("verify-onnx, \(what): \(passed) passed, \(refused) refused by name, \(wrong.count) wrong")
        #expect(wrong.isEmpty)
        // A folder without cases says nothing.
        #expect(passed > (what == "node tests" ? 1000 : 0), "\(Self.folder) has \(Self.names.count) cases")
    }

    /// Damaged models give a result or an error; nothing else happens.
    @Test func `A damaged model is an error or a network`() throws {
        var state: UInt64 = 1
        func draw(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        let rounds = Int(ProcessInfo.processInfo.environment["DISTILL_FUZZ_INPUTS"] ?? "") ?? 6
        for name in Self.names where Self.isSample {
            let original = try FileBytes.read("\(Self.folder)/\(name).onnx")
            let inputs = try NPZ.read("\(Self.folder)/\(name).npz").filter { $0.key.hasPrefix("in_") }
            for _ in 0..<rounds {
                var bytes = original
                for _ in 0...draw(3) {
                    let place = draw(bytes.count)
                    switch draw(3) {
                    case 0: bytes[place] = UInt8(draw(256))
                    case 1: bytes[place] ^= 1 << UInt8(draw(8))
                    default: bytes[place] = [0, 0xFF, 0x7F, 0x80][draw(4)]
                    }
                }
                do {
                    let net = try ONNXNetwork(ONNXModel(parsing: bytes, path: "x.onnx"))
                    _ =
                        try inputs.count == 1
                        ? net(inputs.values[0])
                        : net(
                            named: OrderedDictionary(
                                uniqueKeysWithValues: inputs.map { (String($0.key.dropFirst(3)), $0.value) }))
                } catch {
                    #expect(error is any DescribedError, "\(name): \(error)")
                }
            }
        }
    }
}
