// Servers that do nothing: what the framework and the operating system cost before any of our code runs.
//
//   null-servers hummingbird|nio PORT
//
// Both read a request's body and answer 202 with as many bytes as the collector does.

guard CommandLine.arguments.count == 3, let port = Int(CommandLine.arguments[2]) else {
    fatalError("usage: null-servers hummingbird|nio PORT")
}
switch CommandLine.arguments[1] {
case "hummingbird": try await serveByHummingbird(port: port)
case "nio": try await serveByNIO(port: port)
default: fatalError("usage: null-servers hummingbird|nio PORT")
}
