// What `make bench` measures of the aggregator's own code.
//
//   fold-bench fold EVENTS USERS DAYS THREADS        folds events held in memory, and prints the visitors of all days
//   fold-bench pass POSTGRES_URL|DIRECTORY EVENTS NEW   rolls EVENTS up, then times a pass over NEW more

let arguments = CommandLine.arguments.dropFirst()
let numbers = arguments.dropFirst(arguments.first == "pass" ? 2 : 1).compactMap { Int($0) }
switch (arguments.first, numbers.count) {
case ("fold", 4):
    try await measureFolding(events: numbers[0], users: numbers[1], days: numbers[2], threads: numbers[3])
case ("pass", 2):
    try await measurePass(at: arguments[arguments.startIndex + 1], stored: numbers[0], new: numbers[1])
default: fatalError("usage: fold-bench fold EVENTS USERS DAYS THREADS | pass POSTGRES_URL|DIRECTORY EVENTS NEW")
}
