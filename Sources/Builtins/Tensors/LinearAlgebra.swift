import Runtime
import Tensors

extension Library {
    /// Products and factorisations of matrices.
    func addTensorLinearAlgebra() {
        addMatrixProducts()
        addVectorProducts()
        addFactorizations()
    }

    private func addMatrixProducts() {
        add(
            Builtin(
                "matmul", .linearAlgebra, "The matrix product; the same as `a @ b`.", formula: "Σₖ aᵢₖ bₖⱼ",
                Parameter<Tensor>("input", "a vector, a matrix [n, k], or a batch of such"),
                Parameter<Tensor>("other", "a vector, a matrix [k, m], or a batch of such"),
                returns: "a number for two vectors, [n, m] for two matrices; leading dimensions broadcast",
                notes: ["Inner sizes that differ are a shape error, unequal dtypes a type error."],
                pytorch: .same("torch.matmul"), seeAlso: ["bmm", "dot", "linear", "einsum"],
                examples: [Example("matmul(tensor([[1, 2], [3, 4]]), tensor([1, 1])).tolist()", "[3, 7]")]
            ) { (input: Tensor, other: Tensor) in try input.matmul(other) })
        add(
            Builtin(
                "bmm", .linearAlgebra, "The products of two batches of matrices.",
                Parameter<Tensor>("input", "a tensor [b, n, k]"), Parameter<Tensor>("mat2", "a tensor [b, k, m]"),
                returns: "a tensor [b, n, m]", notes: ["Unlike `matmul`, nothing is broadcast."],
                pytorch: .same("torch.bmm"), seeAlso: ["matmul"],
                examples: [Example("bmm(ones(2, 3, 4), ones(2, 4, 5)).shape", "[2, 3, 5]")]
            ) { (input: Tensor, other: Tensor) in try input.bmm(other) })
        add(
            Builtin(
                "einsum", .linearAlgebra, "Sums of products, written with indices.",
                Parameter<String>("equation", "the indices of each operand and of the result: \"ij,jk->ik\""),
                Parameter<[Tensor]>.variadic("operands", "the tensors"), returns: "a tensor",
                notes: [
                    "An index that the result does not name is summed over; without `->`, the result has the indices that "
                        + "occur once, in alphabetical order. `...` stands for further dimensions."
                ],
                pytorch: .same("torch.einsum"), seeAlso: ["matmul", "bmm"],
                examples: [
                    Example(
                        "einsum(\"ij,jk->ik\", tensor([[1, 2], [3, 4]]), tensor([[1, 0], [0, 1]])).tolist()",
                        "[[1, 2], [3, 4]]"),
                    Example("einsum(\"bi,bi->b\", ones(2, 3), ones(2, 3)).tolist()", "[3.0, 3.0]"),
                ]
            ) { (equation: String, operands: [Tensor]) in try Tensor.einsum(equation, operands) })
    }

    private func addVectorProducts() {
        add(
            Builtin(
                "dot", .linearAlgebra, "The scalar product of two vectors.", formula: "Σ xᵢ yᵢ",
                Parameter<Tensor>("input", "a vector [n]"), Parameter<Tensor>("tensor", "a vector [n]"),
                returns: "a tensor without dimensions", pytorch: .same("torch.dot"), seeAlso: ["outer", "matmul"],
                examples: [Example("dot(tensor([1, 2]), tensor([3, 4])).item()", "11")]
            ) { (input: Tensor, other: Tensor) in try input.dot(other) })
        add(
            Builtin(
                "outer", .linearAlgebra, "All products of the elements of two vectors.", formula: "xᵢ yⱼ",
                Parameter<Tensor>("input", "a vector [n]"), Parameter<Tensor>("vec2", "a vector [m]"),
                returns: "a tensor [n, m]", pytorch: .same("torch.outer"), seeAlso: ["dot"],
                examples: [Example("outer(tensor([1, 2]), tensor([3, 4])).tolist()", "[[3, 4], [6, 8]]")]
            ) { (input: Tensor, other: Tensor) in try input.outer(other) })
        add(
            Builtin(
                "cdist", .linearAlgebra, "The distance of every row of one matrix to every row of another.",
                formula: "(Σₖ |xᵢₖ − yⱼₖ|ᵖ)^(1/p)", Parameter<Tensor>("x1", "a matrix [n, d], or a batch of such"),
                Parameter<Tensor>("x2", "a matrix [m, d], or a batch of such"),
                Parameter<Double>("p", "the order of the norm", default: 2), returns: "a tensor [n, m]",
                notes: ["The gradient is 0 where a distance is 0."], pytorch: .same("torch.cdist"),
                seeAlso: ["norm", "cosine_similarity"],
                examples: [
                    Example("cdist(tensor([[0.0, 0.0]]), tensor([[3.0, 4.0], [0.0, 1.0]])).tolist()", "[[5.0, 1.0]]")
                ]
            ) { (x: Tensor, y: Tensor, p: Double) in try x.cdist(y, p: p) })
    }

    private func addFactorizations() {
        let singular = "What does not converge is a math error."
        add(
            Builtin(
                "linalg_svd", .linearAlgebra, "The singular value decomposition.", formula: "A = U diag(S) Vh",
                Parameter<Tensor>("A", "a float matrix [m, n]"),
                Parameter<Bool>("full_matrices", "whether U and Vh are square", default: true),
                returns: "a list U, S (descending), Vh; [m, k], [k], [k, n] with k = min(m, n) unless full_matrices",
                notes: [singular], pytorch: .same("torch.linalg.svd"), seeAlso: ["linalg_eigh"],
                examples: [
                    Example(
                        "u, s, vh = linalg_svd(tensor([[3.0, 0.0], [0.0, 4.0]])); allclose(s, tensor([4.0, 3.0]))",
                        "true")
                ]
            ) { (matrix: Tensor, full: Bool) in
                let parts = try matrix.linalgSVD(fullMatrices: full)
                return [parts.u, parts.s, parts.vh]
            })
        add(
            Builtin(
                "linalg_eigh", .linearAlgebra, "Eigenvalues and eigenvectors of a symmetric matrix.",
                formula: "A = Q diag(L) Qᵀ",
                Parameter<Tensor>("A", "a symmetric float matrix [n, n]; its lower triangle is read"),
                returns: "a list of the eigenvalues [n], ascending, and the eigenvectors as columns [n, n]",
                notes: [singular], pytorch: .same("torch.linalg.eigh"), seeAlso: ["linalg_svd"],
                examples: [
                    Example(
                        "values, vectors = linalg_eigh(tensor([[2.0, 0.0], [0.0, 1.0]])); allclose(values, tensor([1.0, 2.0]))",
                        "true")
                ]
            ) { (matrix: Tensor) in
                let parts = try matrix.linalgEigh()
                return [parts.eigenvalues, parts.eigenvectors]
            })
        add(
            Builtin(
                "linalg_inv", .linearAlgebra, "The inverse of a matrix.", formula: "A⁻¹",
                Parameter<Tensor>("A", "a square float matrix [n, n]"), returns: "a tensor [n, n]",
                notes: ["A singular matrix is a math error."], pytorch: .same("torch.linalg.inv"),
                seeAlso: ["linalg_svd"],
                examples: [
                    Example(
                        "a = tensor([[2.0, 1.0], [1.0, 1.0]]); allclose(a @ linalg_inv(a), eye(2), atol=1e-6)", "true")
                ]
            ) { (matrix: Tensor) in try matrix.linalgInv() })
    }
}
