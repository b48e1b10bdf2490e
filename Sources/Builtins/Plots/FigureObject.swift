import Diagnostics
import Drawing
import Runtime
import Tensors

/// A figure as a value; a face shows it as a picture.
package final class FigureObject: LanguageObject {
    /// `figure`.
    package static var languageName: String { "figure" }

    /// What is drawn.
    package let figure: Figure
    /// The PNG that the program last wrote of it.
    package internal(set) var file: String?

    /// A figure as a value.
    package init(_ figure: Figure) { self.figure = figure }
}

/// Runs what may throw a `DrawingError` and throws it as the language's error.
func drawing<Result>(_ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch let error as DrawingError {
        throw Failure(error)
    }
}

/// The options that every figure takes.
struct FigureParameters {
    let title = Parameter<String?>.optional("title", "the line above the figure")
    let xlabel = Parameter<String?>.optional("xlabel", "what the horizontal axis shows")
    let ylabel = Parameter<String?>.optional("ylabel", "what the vertical axis shows")
    let logx = Parameter<Bool>("logx", "a logarithmic horizontal axis", default: false)
    let logy = Parameter<Bool>("logy", "a logarithmic vertical axis", default: false)
    let xlim = Parameter<[Double?]?>.optional("xlim", "[low, high] of the horizontal axis; none leaves an end open")
    let ylim = Parameter<[Double?]?>.optional("ylim", "[low, high] of the vertical axis; none leaves an end open")
    let legend = Parameter<FigureLegend>("legend", "where the legend stands", default: .auto)
    let width = Parameter<Double?>.optional("width", "logical pixels across", defaultText: "800")
    let height = Parameter<Double?>.optional("height", "logical pixels down", defaultText: "500")
    let dpi = Parameter<Double>("dpi", "pixels per inch; 192 is two pixels for each logical one", default: 192)
    let theme = Parameter<FigureTheme>("theme", "the colours: light or dark", default: .light)

    /// All of them, axes included.
    var all: [ParameterDescription] {
        [
            title.description, xlabel.description, ylabel.description, logx.description, logy.description,
            xlim.description, ylim.description, legend.description,
        ] + size
    }

    /// Title and size, for figures without scaled axes.
    var plain: [ParameterDescription] { [title.description] + size }

    /// Title, names of the axes and size, for figures whose axes hold categories.
    var framed: [ParameterDescription] { [title.description, xlabel.description, ylabel.description] + size }

    private var size: [ParameterDescription] {
        [width.description, height.description, dpi.description, theme.description]
    }

    /// The options of a call that declares `all`.
    func options(_ call: Call) throws -> FigureOptions {
        FigureOptions(
            title: try call[title], xlabel: try call[xlabel], ylabel: try call[ylabel], logx: try call[logx],
            logy: try call[logy], xlim: try limits(call[xlim], "xlim"), ylim: try limits(call[ylim], "ylim"),
            legend: try call[legend].drawn, width: try call[width], height: try call[height], dpi: try call[dpi],
            theme: try call[theme].drawn)
    }

    /// The options of a call that declares `plain`.
    func plainOptions(_ call: Call) throws -> FigureOptions {
        FigureOptions(
            title: try call[title], width: try call[width], height: try call[height], dpi: try call[dpi],
            theme: try call[theme].drawn)
    }

    /// The options of a call that declares `framed`.
    func framedOptions(_ call: Call) throws -> FigureOptions {
        FigureOptions(
            title: try call[title], xlabel: try call[xlabel], ylabel: try call[ylabel], width: try call[width],
            height: try call[height], dpi: try call[dpi], theme: try call[theme].drawn)
    }

    /// The figure; what could mislead its readers, such as values that a logarithmic axis leaves out, is said at once.
    func figure(_ chart: any Chart, _ options: FigureOptions, in call: Call) throws -> FigureObject {
        let figure = try Figure(chart, options)
        for warning in figure.warnings { call.interpreter.warn(warning) }
        return FigureObject(figure)
    }

    private func limits(_ ends: [Double?]?, _ name: String) throws -> FigureOptions.Limits? {
        guard let ends else { return nil }
        guard ends.count == 2 else { throw Failure(.value, "\(name) must be [low, high], not \(ends.count) values") }
        return FigureOptions.Limits(ends[0], ends[1])
    }
}

/// Where a legend stands.
enum FigureLegend: String, StringOption {
    case auto, outside, none

    var drawn: FigureOptions.Legend {
        switch self {
        case .auto: .auto
        case .outside: .outside
        case .none: .none
        }
    }
}

/// The colours of a figure.
enum FigureTheme: String, StringOption {
    case light, dark

    var drawn: Theme { self == .light ? .light : .dark }
}
