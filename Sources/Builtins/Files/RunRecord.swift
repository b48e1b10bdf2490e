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
    package var configuration: OrderedDictionary<String, String> = [:]
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
        configuration["objective"] = run.objective
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
            ("parameters", texts(parameters)), ("config", texts(configuration)),
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
        guard FileBytes.exists(path) else {
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
        configuration = texts("config")
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
        if FileBytes.exists(folder), !FileBytes.exists("\(folder)/\(Self.fileName)") {
            guard rmdir(folder) == 0 else {
                throw Failure(.io, "\(folder) exists and is no record of a run", help: ["choose another name"])
            }
        }
        let partial = "\(folder).\(getpid()).partial"
        let former = "\(folder).\(getpid()).old"
        try Self.makeFolder(partial)
        do {
            for (name, bytes) in files { try FileBytes.write(bytes, to: "\(partial)/\(name)") }
            try FileBytes.write(Array(json().text.utf8), to: "\(partial)/\(Self.fileName)")
            let replaces = FileBytes.exists(folder)
            if replaces, rename(folder, former) != 0 { throw Self.failure(folder) }
            guard rename(partial, folder) == 0 else {
                let failure = Self.failure(folder)
                if replaces { rename(former, folder) }
                throw failure
            }
            if replaces { Self.remove(former) }
        } catch {
            Self.remove(partial)
            // The folder that was asked for, not the one that only exists while it is written.
            if case DataError.unwritable(_, let reason) = error {
                throw DataError.unwritable(path: folder, reason: reason)
            }
            throw error
        }
    }

    /// Makes a folder with those above it.
    package static func makeFolder(_ path: String) throws {
        var prefix = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            prefix += part
            if mkdir(prefix, 0o777) != 0, errno != EEXIST { throw failure(prefix) }
            prefix += "/"
        }
        var information = stat()
        guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR else {
            throw Failure(.io, "\(path) is a file, not a folder")
        }
    }

    private static func failure(_ path: String) -> Failure {
        Failure(.io, "cannot write \(path): \(String(cString: strerror(errno)).lowercased())")
    }

    /// Removes the record in a folder, so that it cannot pass for the result of a run that is still to come; nothing
    /// happens where there is none.
    package static func discard(_ folder: String) {
        if FileBytes.exists("\(folder)/\(fileName)") { remove(folder) }
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
