import Data
import Learning
import Tensors

extension StoredPredictions {
    /// The stored row of each example, int64 [N]; nil when they stand in the dataset's order.
    ///
    /// - Throws: ``DistillationError/predictions(name:problem:help:)`` that names the examples for which nothing is stored.
    func positions(in data: Dataset) throws -> Tensor? {
        try checkTokens(of: data)
        let order = try order(in: data)
        try checkCoverage(of: data, order)
        return order
    }

    /// Refuses what was said of tokens where the data are other tokens. What was said of whole texts is that of any tokens.
    private func checkTokens(of data: Dataset) throws {
        guard let length = positionCount, let tokens = data.tokens else { return }
        if let tokenizer, tokenizer != tokens.tokenizer {
            throw failure(
                "was said of the tokens of another tokenizer (\(tokenizer)) than \(data.name) has (\(tokens.tokenizer)): "
                    + "position 5 is not the same place in a text",
                help: "tokenize(ds, t) with the teacher's tokenizer, or a teacher of whole texts [N, K]")
        }
        guard let width = data.tokenWidth, width != length else { return }
        throw failure(
            "\(length) positions of each text are stored, and \(data.name) has \(width)",
            help: "the same texts, max_length= and padding= as when it was written")
    }

    /// Refuses data of which a position counts that nothing is stored for.
    private func checkCoverage(of data: Dataset, _ order: Tensor?) throws {
        guard var known = mask else { return }
        if let order { known = try known.rows(at: order) }
        func refuse(_ problem: String) -> DistillationError {
            failure(
                problem,
                help: "a dataset's mask leaves positions out: TensorDataset({\"x\": x, \"mask\": predictions.mask}, y)")
        }
        if let mask = data.mask, mask.shape != known.shape {
            throw refuse("positions \(known.shape) are stored, and the mask of \(data.name) is \(mask.shape)")
        }
        let counted = try data.mask?.ne(.float(0)).to(.int64) ?? .ones([], dtype: .int64)
        let missing = try known.eq(.int(0)).to(.int64) * counted
        let count = try missing.sum().itemDouble()
        guard count > 0 else { return }
        let flat = try missing.argmax().item().integer
        let width = max(1, known.shape.last ?? 1)
        throw refuse(
            "nothing is stored for \(number(count)) positions that count, first for position \(flat % width) of example "
                + "\(flat / width)")
    }

    private func order(in data: Dataset) throws -> Tensor? {
        if let own = data.ids, let ids { return try matched(own, ids) }
        let numbers = ids?.compactMap { Int($0) }
        if let numbers, numbers.count == data.count, Set(numbers) == Set(0..<data.count) {
            // Ids that are nothing but the numbers of the examples.
            return numbers == Array(0..<data.count) ? nil : try matched((0..<data.count).map { String($0) }, ids ?? [])
        }
        guard count != data.count else { return nil }
        var missing = ""
        if let numbers, numbers.count == count {
            let known = Set(numbers)
            let lacking = (0..<data.count).filter { !known.contains($0) }.map { String($0) }
            if !lacking.isEmpty { missing = "; none for the examples \(Self.list(lacking))" }
        }
        let help =
            switch (ids, data.ids) {
            case (nil, nil):
                "one row per example, in the order of the dataset; ids= of predictions and of the dataset match them"
            case (_, nil): "the dataset's rows have no ids: TensorDataset(…, ids=[…]), read_csv(…, id=\"column\")"
            default: "predictions(…, ids=[…]) names its rows, as the dataset's are"
            }
        throw DistillationError.teacher(
            problem: "\(count) rows of \(name) for \(data.count) examples\(missing)", help: help)
    }

    private func matched(_ own: [String], _ ids: [String]) throws -> Tensor {
        let places = Dictionary(ids.enumerated().map { ($1, $0) }) { first, _ in first }
        let missing = own.filter { places[$0] == nil }
        guard missing.isEmpty else {
            throw failure(
                "nothing is stored for \(missing.count) of \(own.count) examples, the ids \(Self.list(missing))",
                help: "\(ids.count) rows are stored, with the ids \(Self.list(ids))")
        }
        return try Tensor(own.compactMap { places[$0] })
    }

    /// Whether the classes that are not stored have no mass in some row.
    func hasEmptyRest() throws -> Bool {
        guard case .top(let rows) = content else { return false }
        return try rows.logTail.eq(.float(-.infinity)).any().item() == .bool(true)
    }

    /// What is to be said before predictions are matched with data by position that they were not made of.
    public func note(for data: Dataset) -> String? {
        if let ids, data.ids == nil, count == data.count, Set(ids.compactMap { Int($0) }) != Set(0..<count) {
            return "the rows of \(name) have ids, and those of \(data.name) none: rows are matched by position"
        }
        guard let dataMark, data.ids == nil || ids == nil, let mark = data.contentMark, mark != dataMark else {
            return nil
        }
        return "\(name) was written for other inputs than \(data.name): rows are matched by position"
    }

    /// Refuses classes that the student lacks.
    ///
    /// - Throws: ``DistillationError/predictions(name:problem:help:)``.
    func check(width: Int) throws {
        guard case .top(let rows) = content else { return }
        if let own = self.width, own != width {
            throw failure("is of \(own) classes, and the student gives \(width)")
        }
        try rows.check(width: width, of: name)
    }
}

extension Term {
    /// Refuses a teacher of which only some classes are stored where the formula needs all.
    ///
    /// - Throws: ``DistillationError/option(term:problem:)``.
    func requireForm(for stored: StoredPredictions) throws {
        guard needsTeacher, stored.stored != nil else { return }
        if stored.isPartial, !hasPartialForm {
            let way =
                stored.kind == .counts
                ? "soft() has a form for counts"
                : "rest=\"renormalize\" and rest=\"uniform\" give them, and soft() has a form without"
            throw DistillationError.option(
                term: name,
                problem: "needs the teacher's logits of all classes, and \(stored.summary) are stored: \(way)"
            )
        }
        if !stored.isPartial, stored.rest == .renormalize, comparesNumbers {
            throw DistillationError.option(
                term: name,
                problem: "compares the logits as numbers, and those that are not stored are −inf with "
                    + "rest=\"renormalize\": soft() compares probabilities")
        }
        if !stored.isPartial, comparesNumbers, try stored.hasEmptyRest() {
            throw DistillationError.option(
                term: name,
                problem: "compares the logits as numbers, and where what is stored has all mass the others are −inf: "
                    + "soft() compares probabilities")
        }
    }
}
