import Builtins
import Diagnostics
import Drawing
import OrderedCollections
import Runtime

/// Records of runs side by side: what they differ in, and their curves over each other.
package struct RecordComparison {
    /// The records with the folders they come from.
    private let records: [(folder: String, record: RunRecord)]

    /// Reads the records in `folders`.
    ///
    /// - Throws: a ``Failure`` of kind `io` for a folder that holds none.
    package init(folders: [String]) throws {
        records = try folders.map { folder in
            var folder = folder
            while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
            return (folder, try RunRecord(folder: folder))
        }
    }

    /// What each column is called: the folder's last part, the whole path where those are equal.
    package var names: [String] {
        let short = records.map { $0.folder.split(separator: "/").last.map(String.init) ?? $0.folder }
        return Set(short).count == short.count ? short : records.map(\.folder)
    }

    /// The rows that differ, the titles first, and how many are the same in all records.
    ///
    /// Two records have a last column with the difference, second minus first.
    package func table(showingAll: Bool) -> (rows: [[Markup]], equal: Int) {
        var header = [Markup("")] + names.map { Markup($0) }
        if records.count == 2 { header.append("difference") }
        var rows = [header]
        var equal = 0
        func add(_ title: String, _ cells: [Markup], difference: Markup = "") {
            guard showingAll || Set(cells.map(\.plain)).count > 1 else {
                equal += 1
                return
            }
            rows.append([Markup(title)] + cells + (records.count == 2 ? [difference] : []))
        }
        func texts<Value: CustomStringConvertible>(
            _ title: (String) -> String, _ key: KeyPath<RunRecord, OrderedDictionary<String, Value>>
        ) {
            for name in OrderedSet(records.flatMap { $0.record[keyPath: key].keys }) {
                add(title(name), records.map { Markup(short($0.record[keyPath: key][name]?.description ?? "–")) })
            }
        }
        texts({ "param \($0)" }, \.parameters)
        texts({ $0 }, \.configuration)
        add("status", records.map { Markup($0.record.status, $0.record.status == "finished" ? .plain : .bad) })
        for name in OrderedSet(records.flatMap { $0.record.metrics.keys }) {
            let numbers = records.map { $0.record.metrics[name] }
            var difference = Markup()
            if let first = numbers.first ?? nil, let last = numbers.last ?? nil {
                difference = Markup((last >= first ? "+" : "") + Self.number(last - first))
            }
            add(name, numbers.map { Markup($0.map(Self.number) ?? "–") }, difference: difference)
        }
        add("seconds", records.map { Markup(Duration.text($0.record.seconds), .measured) })
        texts({ $0 }, \.provenance)
        return (rows, equal)
    }

    /// Long words, such as hashes, by their beginning.
    private func short(_ text: String) -> String { text.count > 40 ? String(text.prefix(39)) + "…" : text }

    static func number(_ value: Double) -> String {
        if let whole = Int(exactly: value), abs(value) < 1e15 { return String(whole) }
        return NumberText.significant(value, digits: 4)
    }

    /// The curves of the records over each other: a panel for each name, losses first.
    ///
    /// - Throws: a ``Failure`` of kind `value` when they have no curve in common.
    package func figure(curve: String? = nil) throws -> Figure {
        let counts = records.map { _, record in
            Dictionary(grouping: record.curves.flatMap { $0.value.keys }, by: { $0 })
        }
        var common: [String] = []
        for (_, lists) in records.first?.record.curves ?? [:] {
            for name in lists.keys where counts.allSatisfy({ $0[name] != nil }) && !common.contains(name) {
                common.append(name)
            }
        }
        if let curve {
            guard common.contains(curve) else {
                throw Failure(
                    .value, "the records have no curve \(curve) in common",
                    help: ["they share " + (common.isEmpty ? "none" : common.joined(separator: ", "))])
            }
            return try panel(curve)
        }
        let shown = common.filter { !["lr", "grad_norm"].contains($0) }
        let chosen = Array(
            (["loss"] + shown.filter { $0.hasPrefix("val_") }).filter(shown.contains).prefix(4))
        guard !chosen.isEmpty else { throw Failure(.value, "the records have no curve in common") }
        let panels = try chosen.map(panel)
        guard panels.count > 1 else { return panels[0] }
        let rows = stride(from: 0, to: panels.count, by: 2).map { Array(panels[$0..<min($0 + 2, panels.count)]) }
        return try Figure(FigureGrid(rows))
    }

    private func panel(_ curve: String) throws -> Figure {
        var series: [CurveSeries] = []
        for (name, entry) in zip(names, records) {
            for (run, lists) in entry.record.curves {
                guard let values = lists[curve] else { continue }
                let label = entry.record.curves.count > 1 ? "\(name), \(run)" : name
                series.append(try CurveSeries(label, y: values))
            }
        }
        let words = curve.hasPrefix("val_") ? "validation " + curve.dropFirst(4) : curve
        return try Figure(CurveChart(series, smoothing: .auto), FigureOptions(xlabel: "epoch", ylabel: words))
    }
}
