import CMachine

extension Opcode {
    /// The operator as it is written.
    var symbol: String {
        switch self {
        case .add, .addImmediate: "+"
        case .subtract: "-"
        case .multiply: "*"
        case .divide: "/"
        case .floorDivide: "//"
        case .remainder: "%"
        case .power: "**"
        case .matmul: "@"
        case .bitAnd: "&"
        case .bitOr: "|"
        case .equal: "=="
        case .unequal: "!="
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        case .contains: "in"
        default: name
        }
    }

    /// The arithmetic of an instruction whose right operand is a constant; any other as it is.
    var withoutConstant: Opcode {
        switch self {
        case .addConstant: .add
        case .subtractConstant: .subtract
        case .multiplyConstant: .multiply
        case .divideConstant: .divide
        case .floorDivideConstant: .floorDivide
        case .remainderConstant: .remainder
        default: self
        }
    }

    /// The comparison of a comparing jump.
    var comparison: Opcode {
        switch self {
        case .jumpUnlessEqual, .jumpUnlessEqualImmediate: .equal
        case .jumpUnlessUnequal, .jumpUnlessUnequalImmediate: .unequal
        case .jumpUnlessLess, .jumpUnlessLessImmediate: .less
        case .jumpUnlessLessOrEqual, .jumpUnlessLessOrEqualImmediate: .lessOrEqual
        case .jumpUnlessGreater, .jumpUnlessGreaterImmediate: .greater
        default: .greaterOrEqual
        }
    }
}
