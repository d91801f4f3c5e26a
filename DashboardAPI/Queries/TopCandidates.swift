/// The first `count` candidates by a number that is dear to know, of which a bound is known.
///
/// Candidates are looked at by falling bounds, some at a time, until no other can be among the first.
/// - Parameters:
///   - candidates: each with what its number is at most; of equal numbers, the earlier one is first.
///   - exact: the numbers of some candidates, in their order.
/// - Returns: the first ones with their numbers, in order.
func topCandidates<Candidate: Sendable>(
    _ count: Int, of candidates: [(candidate: Candidate, bound: Int64)], atOnce step: Int = 64,
    exact: ([Candidate]) async throws -> [Int64]
) async throws -> [(candidate: Candidate, number: Int64)] {
    let order = candidates.indices.sorted { left, right in
        let (first, second) = (candidates[left].bound, candidates[right].bound)
        return first == second ? left < right : first > second
    }
    var known: [(place: Int, number: Int64)] = []
    for start in stride(from: 0, to: order.count, by: step) {
        if known.count >= count {
            // Equal numbers are told apart by place, so a bound that is as large may still be among the first.
            known.sort { $0.number == $1.number ? $0.place < $1.place : $0.number > $1.number }
            guard count > 0, candidates[order[start]].bound >= known[count - 1].number else { break }
        }
        let part = Array(order[start..<min(order.count, start + step)])
        let numbers = try await exact(part.map { candidates[$0].candidate })
        known += zip(part, numbers).map { (place: $0, number: $1) }
    }
    known.sort { $0.number == $1.number ? $0.place < $1.place : $0.number > $1.number }
    return known.prefix(count).map { (candidates[$0.place].candidate, $0.number) }
}
