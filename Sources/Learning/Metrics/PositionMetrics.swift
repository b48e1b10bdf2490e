import Data

extension Predictions {
    /// The spans that labels in the scheme B-x, I-x, O name: where they begin and end, and what they are.
    struct SourceSpan: Hashable {
        let example: Int
        let start: Int
        let end: Int
        let kind: String
    }

    /// The spans of some labels, read as seqeval does by default: an I- that follows nothing of its kind begins a span.
    func spans(_ labels: [Int], names: [String]) -> Set<SourceSpan> {
        var spans: Set<SourceSpan> = []
        var open: (start: Int, kind: String, example: Int)?
        func close(at end: Int) {
            if let open {
                spans.insert(SourceSpan(example: open.example, start: open.start, end: end, kind: open.kind))
            }
            open = nil
        }
        for (position, label) in labels.enumerated() {
            let name = names.indices.contains(label) ? names[label] : "O"
            let example = examples.indices.contains(position) ? examples[position] : 0
            let parts = name.split(separator: "-", maxSplits: 1).map(String.init)
            let kind = parts.count > 1 ? parts[1] : parts[0]
            let continues = parts[0] == "I" && open?.kind == kind && open?.example == example
            if !continues { close(at: position) }
            if parts[0] != "O", !continues { open = (position, kind, example) }
        }
        close(at: labels.count)
        return spans
    }

    /// The harmonic mean of precision and recall of whole spans.
    func spanF1(_ names: [String]) -> Double {
        let found = spans(choices, names: names)
        let wanted = spans(labels, names: names)
        guard found.count + wanted.count > 0 else { return 0 }
        return 2 * Double(found.intersection(wanted).count) / Double(found.count + wanted.count)
    }
}

extension Metric {
    private static func overlap(
        _ name: String, _ summary: String, formula: String, reference: String,
        averages: [MetricAverage] = [.macro, .micro, .weighted, .perClass],
        _ value: @escaping (ClassCounts.Cell) -> Double
    ) -> Metric {
        Metric(
            name, summary, formula: formula, tasks: labelled, larger: true, range: 0...1, reference: reference,
            averages: averages
        ) { predictions, average in
            ClassCounts(predictions).averaged(predictions.task, name == "miou" ? .macro : average, value)
        }
    }

    /// The metrics of positions: pixels and tokens.
    static var positionMetrics: [Metric] {
        func share(_ part: Double, _ rest: Double) -> Double { part + rest > 0 ? part / (part + rest) : 0 }
        return [
            overlap(
                "miou", "How far what was found and what is there overlap, averaged over the classes that occur.",
                formula: "mean over k of TP_k/(TP_k + FP_k + FN_k)", reference: "torchmetrics.JaccardIndex",
                averages: []
            ) { share($0.hits, $0.falseAlarms + $0.misses) },
            overlap(
                "iou", "How far what was found and what is there overlap; iou_per_class is one number a class.",
                formula: "TP/(TP + FP + FN)", reference: "sklearn.metrics.jaccard_score"
            ) { share($0.hits, $0.falseAlarms + $0.misses) },
            overlap(
                "dice", "Twice the overlap over the sum of both sizes, averaged over the classes that occur.",
                formula: "2TP/(2TP + FP + FN)", reference: "torchmetrics.segmentation.DiceScore"
            ) { share(2 * $0.hits, $0.falseAlarms + $0.misses) },
            Metric(
                "pixel_accuracy", "The share of positions that are right.", formula: "⟨1[argmax z = y]⟩",
                tasks: [.positions], larger: true, range: 0...1, reference: "sklearn.metrics.accuracy_score"
            ) { $0.accuracy },
            Metric(
                "token_accuracy", "The share of positions that are right.", formula: "⟨1[argmax z = y]⟩",
                tasks: [.positions], larger: true, range: 0...1, reference: "sklearn.metrics.accuracy_score"
            ) { $0.accuracy },
            Metric(
                "span_f1", "The harmonic mean of precision and recall of whole spans, of classes B-x, I-x and O.",
                formula: "2·|found ∩ true| / (|found| + |true|)", tasks: [.positions], larger: true, range: 0...1,
                reference: "seqeval.metrics.f1_score"
            ) { predictions in
                guard let names = predictions.classes, names.contains("O"),
                    names.allSatisfy({ $0 == "O" || $0.hasPrefix("B-") || $0.hasPrefix("I-") })
                else {
                    throw TrainingError.data(
                        function: "span_f1", problem: "the classes are not of the scheme B-x, I-x, O",
                        help: "TensorDataset(x, y, classes=[\"O\", \"B-place\", \"I-place\"])")
                }
                return predictions.spanF1(names)
            },
        ]
    }
}
