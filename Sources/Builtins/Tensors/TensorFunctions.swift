import Runtime

extension Library {
    /// Everything that a script can call on tensors.
    public func addTensors() {
        addTensorCreation()
        addRandomTensors()
        addTensorProperties()
        addTensorConversions()
        addTensorShapes()
        addTensorJoins()
        addTensorSelection()
        addTensorPointwise()
        addTensorActivations()
        addTensorComparisons()
        addTensorReductions()
        addTensorExtremes()
        addTensorOrdering()
        addTensorLinearAlgebra()
        addTensorNetworkFunctions()
        addTensorConvolutions()
        addTensorNormalizations()
        addTensorLosses()
        addLossObjects()
        addTensorGradients()
    }
}
