import Foundation

/// Whether two JSON texts say the same, by a parser that is not ours: order of keys and the spelling of strings and
/// numbers do not matter. Integers are compared to the last digit; doubles to 14 digits, because Foundation's parser
/// on Linux may miss the nearest one by a few units in the last place.
public func jsonTextsAreEqual(_ left: some Sequence<UInt8>, _ right: some Sequence<UInt8>) throws -> Bool {
    let options: JSONSerialization.ReadingOptions = .fragmentsAllowed
    return jsonValuesAreEqual(
        try JSONSerialization.jsonObject(with: Data(left), options: options),
        try JSONSerialization.jsonObject(with: Data(right), options: options))
}

private func jsonValuesAreEqual(_ left: Any, _ right: Any) -> Bool {
    switch (left, right) {
    case (let left as [String: Any], let right as [String: Any]):
        left.count == right.count
            && left.allSatisfy { key, value in right[key].map { jsonValuesAreEqual(value, $0) } ?? false }
    case (let left as [Any], let right as [Any]):
        left.count == right.count && zip(left, right).allSatisfy { jsonValuesAreEqual($0, $1) }
    case (let left as String, let right as String): Array(left.utf8) == Array(right.utf8)
    case (let left as NSNumber, let right as NSNumber): jsonNumbersAreEqual(left, right)
    case (is NSNull, is NSNull): true
    default: false
    }
}

private func jsonNumbersAreEqual(_ left: NSNumber, _ right: NSNumber) -> Bool {
    func isBool(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }
    func isDouble(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "d" }
    guard isBool(left) == isBool(right) else { return false }
    guard isDouble(left) || isDouble(right) else { return left.int64Value == right.int64Value }
    let (left, right) = (left.doubleValue, right.doubleValue)
    return left == right || abs(left - right) <= 1e-14 * max(abs(left), abs(right))
}
