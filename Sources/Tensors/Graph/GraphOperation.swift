extension Graph {
    /// The operations there are. The list is closed: a `switch` over it names what a new one still lacks.
    public enum Operation: Hashable, Sendable {
        case arithmetic(Arithmetic)
        case comparison(Comparison)
        case logic(Logic)
        case pointwise(Pointwise)
        case classification(Classification)
        case conversion(Conversion)
        case identity(Identity)
        case choice(Choice)
        case attentionBias(AttentionBias)
        case reshape(Reshape)
        case expand(Expand)
        case permute(Permute)
        case slice(Slice)
        case concatenation(Concatenation)
        case padding(Padding)
        case triangle(Triangle)
        case indexSelect(IndexSelect)
        case gather(Gather)
        case topK(TopK)
        case cumulativeSum(CumulativeSum)
        case reduction(Reduction)
        case softmax(Softmax)
        case linear(Linear)
        case matrixProduct(MatrixProduct)
        case convolution(Convolution)
        case transposedConvolution(TransposedConvolution)
        case maxPool(MaxPool)
        case averagePool(AveragePool)
        case adaptiveAveragePool(AdaptiveAveragePool)
        case interpolation(Interpolation)
        case batchNorm(BatchNorm)
        case layerNorm(LayerNormalization)
        case rowNorm(RowNorm)
        case lstm(LSTM)
        case constant(Constant)
        case effect(Effect)

        /// What is known about it.
        package var form: any Form {
            switch self {
            case .arithmetic(let form): form
            case .comparison(let form): form
            case .logic(let form): form
            case .pointwise(let form): form
            case .classification(let form): form
            case .conversion(let form): form
            case .identity(let form): form
            case .choice(let form): form
            case .attentionBias(let form): form
            case .reshape(let form): form
            case .expand(let form): form
            case .permute(let form): form
            case .slice(let form): form
            case .concatenation(let form): form
            case .padding(let form): form
            case .triangle(let form): form
            case .indexSelect(let form): form
            case .gather(let form): form
            case .topK(let form): form
            case .cumulativeSum(let form): form
            case .reduction(let form): form
            case .softmax(let form): form
            case .linear(let form): form
            case .matrixProduct(let form): form
            case .convolution(let form): form
            case .transposedConvolution(let form): form
            case .maxPool(let form): form
            case .averagePool(let form): form
            case .adaptiveAveragePool(let form): form
            case .interpolation(let form): form
            case .batchNorm(let form): form
            case .layerNorm(let form): form
            case .rowNorm(let form): form
            case .lstm(let form): form
            case .constant(let form): form
            case .effect(let form): form
            }
        }

        /// The name in the language.
        public var name: String { form.name }
    }
}
