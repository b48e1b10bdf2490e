import Base
import Data
import Drawing
import Glibc
import Learning
import OrderedCollections
import Runtime

/// What is kept of an experiment, one folder each: settings, metrics, curves and where they come from.
///
/// `save(run, "runs/name")` and `distill run --record runs/name` write one, `distill compare` and `distill sweep` read
/// them. The folder holds `record.json`, and beside it figures, tables and weights.
package struct RunRecord {
    /// The file that makes a folder a record.
    package static let fileName = "record.json"

    /// What it is called.
    package var name: String
    /// `finished`, `failed` or `interrupted`.
    package var status = "finished"
    /// The message of the error that ended it.
    package var error: String?
    /// The `param`s of the script with their values as the language writes them.
    package var parameters: OrderedDictionary<String, String> = [:]
    /// The options of the training.
    package var configuration: OrderedDictionary<String, OptionValue> = [:]
    /// The numbers it came to.
    package var metrics: OrderedDictionary<String, Double> = [:]
    /// The curves of each of its runs.
    package var curves: OrderedDictionary<String, OrderedDictionary<String, [Double]>> = [:]
    /// How long it took.
    package var seconds = 0.0
    /// Facts about script, machine and versions.
    package var provenance: OrderedDictionary<String, String> = [:]

    /// A record without content.
    package init(name: String) { self.name = name }

    /// The record of one run.
    package init(_ run: Run, name: String) {
        self.name = name
        status = run.isInterrupted ? "interrupted" : "finished"
        configuration = run.configuration
        configuration["objective"] = .text(run.objective)
        metrics = run.last.filter { $0.key != "epoch" }
        metrics["epochs"] = Double(run.epochs)
        metrics["best_epoch"] = Double(run.bestEpoch + 1)
        curves[run.name] = run.curves
        seconds = run.seconds
    }

    // MARK: JSON

    /// The record as JSON.
    package func json() -> JSON {
        func texts(_ values: OrderedDictionary<String, String>) -> JSON {
            .object(values.map { ($0.key, .string($0.value)) })
        }
        var members: [(key: String, value: JSON)] = [
            ("format", .string("distill record 1")), ("name", .string(name)), ("status", .string(status)),
        ]
        if let error { members.append(("error", .string(error))) }
        members += [
            ("parameters", texts(parameters)), ("config", .object(configuration.map { ($0.key, $0.value.json) })),
            ("metrics", .object(metrics.map { ($0.key, .number($0.value)) })), ("seconds", .number(seconds)),
            (
                "curves",
                .object(
                    curves.map { run in
                        (run.key, .object(run.value.map { ($0.key, .array($0.value.map { .number($0) })) }))
                    })
            ), ("provenance", texts(provenance)),
        ]
        return .object(members)
    }

    /// The record in a folder.
    ///
    /// - Throws: ``Failure`` of kind `io` that says what is wrong with the folder.
    package init(folder: String) throws {
        let path = "\(folder)/\(Self.fileName)"
        guard WholeFile.exists(path) else {
            throw Failure(
                .io, "\(folder) holds no record of a run: there is no \(path)",
                help: ["records are written by save(run, \"runs/name\") and by distill run --record runs/name"])
        }
        let json: JSON
        do {
            json = try JSON(parsing: try FileBytes.read(path))
        } catch let error as JSON.SyntaxError {
            throw Failure(.io, "\(path) is no JSON: \(error.problem), at byte \(error.offset)")
        }
        guard json["format"]?.string == "distill record 1", let name = json["name"]?.string,
            let status = json["status"]?.string
        else { throw Failure(.io, "\(path) is no record of a run") }
        func texts(_ key: String) -> OrderedDictionary<String, String> {
            var result: OrderedDictionary<String, String> = [:]
            for (name, value) in json[key]?.members ?? [] { result[name] = value.string }
            return result
        }
        self.name = name
        self.status = status
        error = json["error"]?.string
        parameters = texts("parameters")
        for (name, value) in json["config"]?.members ?? [] { configuration[name] = OptionValue(value) }
        provenance = texts("provenance")
        seconds = json["seconds"]?.double ?? .nan
        // JSON has no NaN: it is written as null.
        for (name, value) in json["metrics"]?.members ?? [] { metrics[name] = value.double ?? .nan }
        for (run, lists) in json["curves"]?.members ?? [] {
            for (name, values) in lists.members ?? [] {
                curves[run, default: [:]][name] = (values.array ?? []).map { $0.double ?? .nan }
            }
        }
    }

    // MARK: Files

    /// Writes the record and further files into a folder: all of them, or nothing. An older record is replaced.
    ///
    /// - Throws: ``Failure`` of kind `io`, also when the folder holds something else than a record.
    package func write(to folder: String, files: [(name: String, bytes: [UInt8])] = []) throws {
        var folder = folder
        while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
        if WholeFile.exists(folder), !WholeFile.exists("\(folder)/\(Self.fileName)") {
            guard rmdir(folder) == 0 else {
                throw Failure(.io, "\(folder) exists and is no record of a run", help: ["choose another name"])
            }
        }
        Self.removeLeftovers(beside: folder)
        let partial = "\(folder).\(getpid())\(Self.unfinished)"
        try WholeFile.makeFolder(partial)
        // Whoever writes holds a lock, so that the next writer can tell what a killed one left.
        let descriptor = open(partial, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        flock(descriptor, LOCK_EX | LOCK_NB)
        defer { if descriptor >= 0 { close(descriptor) } }
        do {
            for (name, bytes) in files { try WholeFile.write(bytes, to: "\(partial)/\(name)") }
            try WholeFile.write(Array(json().text.utf8), to: "\(partial)/\(Self.fileName)")
            let replaces = WholeFile.exists(folder)
            try WholeFile.exchange(partial, with: folder)
            if replaces { Self.remove(partial) }
        } catch {
            Self.remove(partial)
            // The folder that was asked for, not the one that only exists while it is written.
            throw FileError(.write, folder, error.reason, kind: error.kind)
        }
    }

    private static let unfinished = ".partial"

    /// Removes what killed processes left of this record.
    private static func removeLeftovers(beside folder: String) {
        let parent = WholeFile.folder(of: folder)
        let prefix = (folder.split(separator: "/").last.map(String.init) ?? "") + "."
        for entry in WholeFile.namesIfAny(in: parent) where entry.hasPrefix(prefix) && entry.hasSuffix(unfinished + "/")
        {
            let name = entry.dropFirst(prefix.count).dropLast(unfinished.count + 1)
            guard !name.isEmpty, name.allSatisfy(\.isNumber) else { continue }
            let path = "\(parent)/\(entry.dropLast())"
            let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { remove(path) }
            close(descriptor)
        }
    }

    /// Removes the record in a folder, so that it cannot pass for the result of a run that is still to come; nothing
    /// happens where there is none.
    package static func discard(_ folder: String) {
        if WholeFile.exists("\(folder)/\(fileName)") { remove(folder) }
    }

    /// Removes a folder of files.
    private static func remove(_ folder: String) {
        guard let stream = opendir(folder) else { return }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        closedir(stream)
        for name in names where name != "." && name != ".." { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }
}

extension JSON {
    /// The members, if this is an object.
    var members: [(key: String, value: JSON)]? {
        if case .object(let members) = self { members } else { nil }
    }
}

extension Run {
    /// The usual figure of a run: its loss and terms, and beside it the metrics on validation data.
    package func figure() throws -> Figure {
        let loss = try CurvePlot(self, names: nil, labels: nil)
        func figure(_ plot: CurvePlot) throws -> Figure {
            let chart = try CurveChart(plot.series, smoothing: .auto, best: plot.best)
            return try Figure(chart, FigureOptions(title: name, xlabel: plot.xlabel, ylabel: plot.ylabel))
        }
        let metrics = curves.keys.filter { $0.hasPrefix("val_") && $0 != "val_loss" }
        guard !metrics.isEmpty else { return try figure(loss) }
        return try Figure(FigureGrid([[figure(loss), figure(CurvePlot(self, names: Array(metrics), labels: nil))]]))
    }
}
