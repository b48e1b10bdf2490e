import Data
import OrderedCollections
import Tensors

extension DatasetInput {
    /// The input with Gaussian noise on everything that is a float; drawn from the sampling stream.
    func noised(by deviation: Double) throws -> DatasetInput {
        guard deviation > 0 else { return self }
        return try mapped { x in
            guard x.dtype.isFloating else { return x }
            return try x + Tensor.randn(x.shape.array).to(x.dtype) * Scalar(deviation)
        }
    }
}
