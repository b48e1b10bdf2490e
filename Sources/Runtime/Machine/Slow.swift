import CMachine
import Diagnostics

extension Machine {
    /// Does the one instruction at the cursor in full generality and moves on; gives the value of a run that it ends.
    ///
    /// It knows every instruction: the loop in C comes here with what it does not do itself, the loop in Swift with all.
    /// The registers are free meanwhile, for what this calls may run Dist code. An error leaves the cursor where it is.
    func step(_ cursor: inout Cursor, floor: Int) throws -> Value? {
        let i = code[cursor.pc]
        switch i.operation {
        case .loadConstant, .loadInt, .move, .loadGlobal, .checkBound, .makeCell, .newCell, .loadCell, .storeCell,
            .loadCapture, .loadCaptureCell, .closure, .moduleDeclaration, .loadField, .storeField:
            try moveValue(i, cursor.base)
        case .add, .subtract, .multiply, .divide, .floorDivide, .remainder, .addImmediate, .addConstant,
            .subtractConstant, .multiplyConstant, .divideConstant, .floorDivideConstant, .remainderConstant, .power,
            .matmul, .bitAnd, .bitOr, .negate, .complement, .not, .equal, .unequal, .less, .lessOrEqual, .greater,
            .greaterOrEqual, .contains, .toBool:
            try compute(i, cursor.base)
        case .jumpIfBound, .jump, .loop, .jumpIfFalse, .jumpIfTrue, .jumpUnlessEqual, .jumpUnlessUnequal,
            .jumpUnlessLess, .jumpUnlessLessOrEqual, .jumpUnlessGreater, .jumpUnlessGreaterOrEqual,
            .jumpUnlessEqualImmediate, .jumpUnlessUnequalImmediate, .jumpUnlessLessImmediate,
            .jumpUnlessLessOrEqualImmediate, .jumpUnlessGreaterImmediate, .jumpUnlessGreaterOrEqualImmediate, .next,
            .nextRound:
            cursor.pc += try jumps(i, cursor.base) ? Int(i.d) : 1
            return nil
        case .iterate: try iterate(i, cursor.base)
        case .newList, .append, .newDict, .setEntry, .makePair, .unpack, .slice, .getIndex, .setIndex, .getItems,
            .setItems, .getAttribute, .setAttribute, .refusePart, .extendList, .extendDict:
            try handleContainer(i, cursor.base)
        case .call, .callGlobal, .callMethod, .callSpread, .callMethodSpread:
            try call(&cursor, i)
            return nil
        case .return: return leave(&cursor, with: self[cursor.base, i.a], floor: floor)
        case .halt: return self[cursor.base, i.a]
        case .format, .join: try makeText(i, cursor.base)
        case .pushHandler, .popHandler, .raise, .failAssert, .disableGradients, .restoreGradients, .importFile,
            .parameter:
            try changeMode(i, cursor)
        }
        cursor.pc += 1
        return nil
    }

    /// The constant that an instruction has in d, when that is a text.
    func name(_ i: Instruction) -> String { constants[Int(i.d)].text ?? "" }

    /// The error for an instruction that the compiler should not have made.
    func misplaced(_ i: Instruction) -> Failure { Failure(.internal, "\(i.operation.name) stands in a wrong place") }
}
