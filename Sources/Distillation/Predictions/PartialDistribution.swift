import Data
import Glibc
import Tensors

/// What is known of a teacher's answers where only some classes of each row are stored.
///
/// Formulas: S the stored classes, p the teacher, q the student, P and Q their mass on S, K classes, k stored.
/// `bucket` Σ_S p log(p/q) + (1 − P) log((1 − P)/(1 − Q)); `renormalize` p/P on S, 0 elsewhere; `uniform` (1 − P)/(K − k)
/// elsewhere; `truncate` Σ_S p log(p/q). At another temperature T₂ than the stored T₁ p becomes p^(T₁/T₂), renormalised over
/// what is stored, the mass of the rest counting as one class (for `uniform` as K − k of them).
public struct PartialDistribution {
    /// The classes, int64 [R, k] (before rows are chosen [B, …, k]); −1 where a row has fewer.
    let indices: Tensor
    /// log p, of the same shape.
    let logProbabilities: Tensor
    /// The logarithm of the mass of the other classes, [R].
    let logTail: Tensor
    /// The temperature of p.
    let temperature: Double
    let rest: StoredPredictions.Rest
    let kind: StoredPredictions.Kind

    /// Whether terms can be given logits of all classes.
    var isDense: Bool { kind != .counts && (rest == .renormalize || rest == .uniform) }

    /// The rows that count, as the student's outputs have them.
    func rows(_ rows: TargetRows) throws -> PartialDistribution {
        let k = indices.shape.last ?? 1
        func chosen(_ x: Tensor) throws -> Tensor { try rows.positions(x.reshape([x.count / k, k])) }
        return PartialDistribution(
            indices: try chosen(indices), logProbabilities: try chosen(logProbabilities),
            logTail: try rows.positions(logTail.reshape([logTail.count])), temperature: temperature, rest: rest,
            kind: kind)
    }

    /// The rows at some positions.
    func rows(at index: Tensor) throws -> PartialDistribution {
        PartialDistribution(
            indices: try indices.rows(at: index), logProbabilities: try logProbabilities.rows(at: index),
            logTail: try logTail.rows(at: index), temperature: temperature, rest: rest, kind: kind)
    }

    /// Logits of all classes, [R, K]: softmax(z/T) is p^(T₁/T), renormalised. −∞ for what `renormalize` leaves out.
    func logits(width: Int, dtype: DType) throws -> Tensor {
        let elsewhere: Tensor
        switch rest {
        case .uniform:
            let others = try indices.ge(.int(0)).to(.int64).sum(dims: [-1]) * .int(-1) + .int(width)
            let count = try others.to(logTail.dtype)
            // Where all classes are stored there is nowhere to spread to.
            elsewhere = try (logTail - count.log()).maskedFill(count.eq(.int(0)), .float(-.infinity))
        case .renormalize, .bucket, .truncate:
            elsewhere = try logTail.maskedFill(.ones([], dtype: .bool), .float(-.infinity))
        }
        let spread = try elsewhere.unsqueeze(dim: 1).expand([elsewhere.count, width + 1])
        // What is no class goes to a column of its own, which is cut off again.
        let places = try indices.maskedFill(indices.lt(.int(0)), .int(width))
        let logarithms = try spread.scatter(dim: 1, index: places, .tensor(logProbabilities))
            .narrow(dim: 1, start: 0, length: width)
        return try (logarithms * Scalar(temperature)).to(dtype)
    }

    /// log p and the logarithm of the rest's mass at a temperature.
    private func softened(_ temperature: Double) throws -> (own: Tensor, tail: Tensor) {
        let isNone = kind == .counts || rest == .renormalize
        var tail = isNone ? try logTail.maskedFill(.ones([], dtype: .bool), .float(-.infinity)) : logTail
        let ratio = self.temperature / temperature
        if ratio == 1, !isNone { return (logProbabilities, logTail) }
        var own = logProbabilities
        if ratio != 1 {
            own = try own * Scalar(ratio)
            tail = try tail * Scalar(ratio)
        }
        let total = try Tensor.cat([own, tail.unsqueeze(dim: 1)], dim: 1).logsumexp(dims: [1])
        return (try own - total.unsqueeze(dim: 1), try tail - total)
    }

    /// Σ over the rows of the divergence of a student's logits [R, K] at a temperature.
    ///
    /// - Throws: ``DistillationError`` for counts at another temperature than they were drawn at, and for classes that the
    ///   student lacks.
    func divergenceSum(student: Tensor, temperature: Double, of term: Term) throws -> Tensor {
        if kind == .counts, temperature != self.temperature {
            throw DistillationError.option(
                term: term.name,
                problem: "counts drawn at T = \(number(self.temperature)) do not say what the teacher says at "
                    + "T = \(number(temperature)): \(term.name)(T=\(number(self.temperature)))")
        }
        let width = student.shape[1]
        let logStudent = try Logits.scaled(student, temperature).logSoftmax(dim: 1)
        let (own, tail) = try softened(temperature)
        let missing = try indices.lt(.int(0))
        let places = try indices.maskedFill(missing, .int(0))
        let seen = try logStudent.gather(dim: 1, index: places)
        let sum = try Logits.divergence(own.to(student.dtype), seen).sum()
        guard rest == .bucket, kind != .counts else { return sum }
        // The student's mass elsewhere, from its logarithms: 1 − Q would lose all digits where Q is nearly 1.
        let marks = try Tensor.zeros([indices.shape[0], width + 1], dtype: .int64)
            .scatter(dim: 1, index: indices.maskedFill(missing, .int(width)), .scalar(.int(1)))
            .narrow(dim: 1, start: 0, length: width)
        let others = try logStudent.maskedFill(marks.eq(.int(1)), .float(-1e30)).logsumexp(dims: [1])
        // Where all classes are stored, what rounding leaves of the mass belongs to none.
        let known = try tail.maskedFill(marks.sum(dims: [1]).eq(.int(width)), .float(-.infinity))
        return try sum + Logits.divergence(known.to(student.dtype), others).sum()
    }
}
