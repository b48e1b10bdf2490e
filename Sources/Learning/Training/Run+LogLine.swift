extension Run {
    /// The numbers of one epoch in one line, for logs of runs that nobody watches:
    /// `distill: epoch 10/40, loss 0.4312, val_loss 0.4508, val_accuracy 0.9375, lr 0.001`.
    ///
    /// - Parameters:
    ///   - epoch: from 0.
    ///   - count: how many epochs there are to be.
    func logLine(_ epoch: Int, of count: Int) -> String {
        let isShown = { (name: String) in name == "loss" || name == "lr" || name.hasPrefix("val_") }
        let parts = curves.compactMap { curve -> String? in
            guard isShown(curve.key), curve.value.indices.contains(epoch) else { return nil }
            let value = curve.value[epoch]
            return value.isNaN ? nil : "\(curve.key) \(Self.short(value))"
        }
        // The rate comes last: what one looks for stands in front.
        let rates = parts.filter { $0.hasPrefix("lr ") }
        let others = parts.filter { !$0.hasPrefix("lr ") }
        return (["\(name): epoch \(epoch + 1)/\(count)"] + others + rates).joined(separator: ", ")
    }

    /// Four decimals, or as many as small numbers take.
    private static func short(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e9 else { return "\(value)" }
        guard abs(value) >= 0.01 || value == 0 else { return "\(Float(value))" }
        return "\((value * 1e4).rounded() / 1e4)"
    }
}
