import Builtins
import Diagnostics
import Drawing
import Glibc
import OrderedCollections
import Runtime

/// The records of a sweep, gathered: a row for each setting with means over its seeds, and figures.
package struct SweepResults {
    /// The grid.
    package let grid: SweepGrid
    /// The records by point; none where there is none or it did not finish.
    package let records: [(point: SweepGrid.Point, record: RunRecord?)]

    /// Gathers what lies in `folder`.
    package init(_ grid: SweepGrid, in folder: String) {
        self.grid = grid
        records = grid.points.map { point in
            let record = try? RunRecord(folder: "\(folder)/\(point.name)")
            return (point, record?.status == "finished" ? record : nil)
        }
    }

    // MARK: Which numbers

    /// Every number that a run came to, by name.
    package var metrics: [String] {
        var names: OrderedSet<String> = []
        for (_, record) in records { names.append(contentsOf: record?.metrics.keys.map { $0 } ?? []) }
        return Array(names)
    }

    /// The numbers worth a column when none is asked for: those of a variable called `result`, else accuracies, else
    /// validation losses, else losses, else everything; at most four, those first that the settings change most.
    package var usual: [String] {
        let all = metrics.filter { name in Set(records.compactMap { $0.record?.metrics[name] }).count > 1 }
        let candidates: [(String) -> Bool] = [
            { $0 == "result" || $0.hasPrefix("result.") },
            { $0.hasSuffix("accuracy") }, { $0.hasSuffix("val_loss") || $0.hasSuffix("nll") },
            { $0.hasSuffix("loss") }, { _ in true },
        ]
        for test in candidates {
            let found = all.filter(test)
            guard !found.isEmpty else { continue }
            let spread = Dictionary(uniqueKeysWithValues: found.map { ($0, self.spread($0)) })
            let order = found.indices.sorted { a, b in
                let (x, y) = (spread[found[a]] ?? 0, spread[found[b]] ?? 0)
                return x != y ? x > y : a < b
            }
            return order.prefix(4).map { found[$0] }
        }
        return Array(metrics.prefix(4))
    }

    /// The standard deviation of the settings' means.
    private func spread(_ metric: String) -> Double {
        let means = settings.map { mean($0.records, metric).mean }.filter(\.isFinite)
        guard means.count > 1 else { return 0 }
        let centre = means.reduce(0, +) / Double(means.count)
        return (means.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / Double(means.count)).squareRoot()
    }

    // MARK: The table

    /// A setting with the records of its seeds.
    package struct Setting {
        /// The values of the axes that vary, seeds left out.
        package let values: [String]
        /// What came of it; none for what did not finish.
        package let records: [RunRecord?]

        /// How many finished.
        var count: Int { records.count { $0 != nil } }
    }

    /// The settings in the order of the grid.
    package var settings: [Setting] {
        let varying = grid.varying
        var groups: OrderedDictionary<[String], [RunRecord?]> = [:]
        for (point, record) in records { groups[varying.map { point.values[$0] }, default: []].append(record) }
        return groups.map { Setting(values: $0.key, records: $0.value) }
    }

    func mean(_ records: [RunRecord?], _ metric: String) -> (mean: Double, deviation: Double, count: Int) {
        let values = records.compactMap { $0?.metrics[metric] }
        guard !values.isEmpty else { return (.nan, .nan, 0) }
        let mean = values.reduce(0, +) / Double(values.count)
        guard values.count > 1 else { return (mean, .nan, 1) }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (mean, sqrt(squares / Double(values.count - 1)), values.count)
    }

    /// One row a setting: its values, n, and mean ± standard deviation (n − 1) of each metric.
    package func table(_ metrics: [String]) -> [[Markup]] {
        let varying = grid.varying
        let names = varying.map { Markup(grid.axes[$0].name) }
        var rows = [(names.isEmpty ? [Markup("setting")] : names) + [Markup("n")] + metrics.map { Markup($0) }]
        for setting in settings {
            var row = setting.values.isEmpty ? [Markup("all")] : setting.values.map { Markup($0) }
            let n = "\(setting.count)" + (setting.count < setting.records.count ? " of \(setting.records.count)" : "")
            row.append(Markup(n, setting.count < setting.records.count ? .bad : .plain))
            for metric in metrics {
                let (mean, deviation, count) = mean(setting.records, metric)
                var text = count == 0 ? "–" : NumberText.decimal(mean, places: 4)
                if abs(mean) >= 1e4 || (mean != 0 && abs(mean) < 1e-3) {
                    text = NumberText.significant(mean, digits: 4)
                }
                if deviation.isFinite { text += " ± " + NumberText.decimal(deviation, places: 4) }
                row.append(Markup(text))
            }
            rows.append(row)
        }
        return rows
    }

    /// One line for each run, with every number it came to.
    package var csv: String {
        let names = metrics
        func quoted(_ text: String) -> String {
            guard text.contains(where: { ",\"\n".contains($0) }) else { return text }
            return "\"" + text.replacing("\"", with: "\"\"") + "\""
        }
        var text = (grid.axes.map(\.name) + ["status", "seconds"] + names).map(quoted).joined(separator: ",") + "\n"
        for (point, record) in records {
            let cells =
                point.values + [record?.status ?? "missing", record.map { "\($0.seconds)" } ?? ""]
                + names.map { name in (record?.metrics[name]).map { "\($0)" } ?? "" }
            text += cells.map(quoted).joined(separator: ",") + "\n"
        }
        return text
    }

    // MARK: Figures

    /// A metric over the settings: a heat map over two of them, a curve or bars over one, bars of several.
    package func figure(_ metric: String) throws -> Figure {
        let varying = grid.varying
        let settings = settings
        let repeats = settings.map { $0.records.compactMap { $0?.metrics[metric] } }
        let most = repeats.map(\.count).max() ?? 0
        let n = most > 1 ? ", mean of n = \(most)" : ""
        if varying.count == 2 {
            let (x, y) = (grid.axes[varying[0]], grid.axes[varying[1]])
            let values = y.values.map { down in
                x.values.map { across in
                    settings.first { $0.values == [across, down] }.map { mean($0.records, metric).mean } ?? .nan
                }
            }
            let falls = ["loss", "nll", "ece", "brier", "mse", "mae"].contains { metric.hasSuffix($0) }
            let chart = try HeatmapChart(
                values, rows: y.values, columns: x.values, best: falls ? .lowest : .highest, valueName: metric)
            return try Figure(chart, FigureOptions(title: metric + n, xlabel: x.name, ylabel: y.name))
        }
        let positions = varying.count == 1 ? grid.axes[varying[0]].values.compactMap { Double($0) } : []
        if varying.count == 1, positions.count == settings.count, positions == positions.sorted() {
            let lists = (0..<most).map { seed in repeats.map { $0.indices.contains(seed) ? $0[seed] : .nan } }
            let series = try CurveSeries(
                metric, xs: lists.map { _ in positions }, runs: lists, role: .training)
            let name = grid.axes[varying[0]].name
            return try Figure(CurveChart([series]), FigureOptions(title: metric, xlabel: name, ylabel: metric))
        }
        let labels = settings.map { setting in
            zip(varying, setting.values).map { "\(grid.axes[$0].name) = \($1)" }.joined(separator: ", ")
        }
        let means = settings.map { mean($0.records, metric) }
        let chart = try BarChart(
            labels.map { $0.isEmpty ? "all" : $0 },
            [.init("", means.map(\.mean), errors: means.map { $0.deviation.isFinite ? $0.deviation : 0 })],
            errorLabel: "± std, n = \(most)")
        return try Figure(chart, FigureOptions(title: metric, ylabel: metric))
    }

    /// The course of the training by setting, seeds as bands: of the run that `metric` names, else of the last one. At
    /// most eight settings, the best by `metric`; none when the records hold no curves.
    package func curves(_ metric: String) throws -> Figure? {
        let parts = metric.split(separator: ".").map(String.init)
        let runs = records.lazy.compactMap { $0.record?.curves }.first { !$0.isEmpty }
        guard let runs, let name = parts.first.flatMap({ runs[$0] != nil ? $0 : nil }) ?? runs.keys.last,
            let lists = runs[name]
        else { return nil }
        let curve =
            parts.last.flatMap { lists[$0] != nil ? $0 : nil }
            ?? lists.keys.first { $0.hasSuffix("accuracy") } ?? lists.keys.first { $0 == "val_loss" } ?? "loss"
        let varying = grid.varying
        let falls = curve.hasSuffix("loss")
        let best = settings.sorted { a, b in
            let (x, y) = (mean(a.records, metric).mean, mean(b.records, metric).mean)
            return x.isNaN ? false : y.isNaN ? true : falls ? x < y : x > y
        }.prefix(8)
        let series = try best.compactMap { setting -> CurveSeries? in
            let values = setting.records.compactMap { $0?.curves[name]?[curve] }.filter { !$0.isEmpty }
            guard !values.isEmpty else { return nil }
            let label = zip(varying, setting.values).map { "\(grid.axes[$0].name) = \($1)" }.joined(separator: ", ")
            return try CurveSeries(label.isEmpty ? name : label, runs: values)
        }
        guard !series.isEmpty else { return nil }
        let words = curve.hasPrefix("val_") ? "validation " + curve.dropFirst(4) : curve
        let title = settings.count > series.count ? "\(name), the best \(series.count) of \(settings.count)" : name
        return try Figure(
            CurveChart(series, smoothing: .auto), FigureOptions(title: title, xlabel: "epoch", ylabel: words))
    }
}
