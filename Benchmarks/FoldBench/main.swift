// What `make bench` measures of the aggregator's own code.
//
//   fold-bench fold EVENTS USERS DAYS THREADS        folds events held in memory, and prints the visitors of all days
//   fold-bench fill POSTGRES_URL|DIRECTORY EVENTS    rolls EVENTS of 30 days up
//   fold-bench pass POSTGRES_URL|DIRECTORY NEW       times passes over NEW more of the next day

let arguments = CommandLine.arguments.dropFirst()
let numbers = arguments.dropFirst(arguments.first == "fold" ? 1 : 2).compactMap { Int($0) }
let place = arguments.dropFirst().first ?? ""
switch (arguments.first, numbers.count) {
case ("fold", 4):
    try await measureFolding(events: numbers[0], users: numbers[1], days: numbers[2], threads: numbers[3])
case ("fill", 1): try await fill(place, with: numbers[0])
case ("pass", 1): try await measurePasses(at: place, over: numbers[0])
default: fatalError("usage: fold-bench fold EVENTS USERS DAYS THREADS | fill PLACE EVENTS | pass PLACE NEW")
}
