import Glibc

/// Mean and spread of several runs at the positions they share.
package struct CurveBand: Sendable {
    package var x: [Double] = []
    package var mean: [Double] = []
    package var low: [Double] = []
    package var high: [Double] = []
    /// How many runs there are.
    package var runs = 0

    /// Values of the runs by position. A position counts where at least two runs have a finite value; positions
    /// that only one has (a run that stopped late) end the band.
    package init(xs: [[Double]], ys: [[Double]], kind: BandKind) {
        runs = ys.count
        var values: [Double: [Double]] = [:]
        for (run, positions) in zip(ys, xs) {
            for (x, y) in zip(positions, run) where x.isFinite && y.isFinite { values[x, default: []].append(y) }
        }
        for position in values.keys.sorted() {
            guard let sample = values[position], sample.count >= 2 else { continue }
            let n = Double(sample.count)
            let mean = sample.reduce(0) { $0 + $1 / n }
            let deviation = sqrt(sample.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1))
            x.append(position)
            self.mean.append(mean)
            switch kind {
            case .standardDeviation:
                low.append(mean - deviation)
                high.append(mean + deviation)
            case .standardError:
                low.append(mean - deviation / sqrt(n))
                high.append(mean + deviation / sqrt(n))
            case .confidence95:
                let reach = Self.studentQuantile(degrees: sample.count - 1) * deviation / sqrt(n)
                low.append(mean - reach)
                high.append(mean + reach)
            case .range:
                low.append(sample.min() ?? mean)
                high.append(sample.max() ?? mean)
            }
        }
    }

    /// The 97.5 % quantile of Student's t distribution, exact to three decimals in the table and by the
    /// Cornish–Fisher expansion beyond it.
    package static func studentQuantile(degrees: Int) -> Double {
        let table = [
            12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
        ]
        guard degrees >= 1 else { return 0 }
        if degrees <= table.count { return table[degrees - 1] }
        let (z, n) = (1.959964, Double(degrees))
        let z3 = z * z * z
        return z + (z3 + z) / (4 * n) + (5 * z3 * z * z + 16 * z3 + 3 * z) / (96 * n * n)
    }
}
