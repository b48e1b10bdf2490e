import Learning

/// A perceptron of these widths with ReLU between its layers.
func net(_ sizes: [Int]) throws -> Sequential {
    var layers: [Module] = []
    for index in 0..<sizes.count - 1 {
        layers.append(try Linear(sizes[index], sizes[index + 1]))
        if index + 2 < sizes.count { layers.append(Activation(.relu)) }
    }
    return Sequential(layers)
}
