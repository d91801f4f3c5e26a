import Testing

@testable import Operations

@Suite struct MaskingTests {
    @Test(arguments: [
        ("postgres://user:secret@db:5432/tributary?sslmode=require", "postgres://***@db:5432/tributary?***"),
        ("mongodb://db:27017/tributary", "mongodb://db:27017/tributary"),
        ("mongodb://a:27017,b:27018/t", "mongodb://a:27017,b:27018/t"),
        ("mongodb+srv://u:p@ss/word@cluster.example/t", "*** (43 characters, not shown)"),
        ("mongodb+srv://u:p%40ss@cluster.example/t", "mongodb+srv://***@cluster.example/t"),
        ("postgres://[::1]:5432/t", "postgres://[::1]:5432/t"),
        ("postgres:///t?host=/run/x&password=secret", "postgres:///t?***"),
        ("hunter2hunter2", "*** (14 characters, not shown)"),
        ("host=db password=secret", "*** (23 characters, not shown)"),
        ("postgres://user:secret", "*** (22 characters, not shown)"),
        ("postgres://user:secret%40db/t", "*** (29 characters, not shown)"),
        ("", "*** (0 characters, not shown)"),
    ]) func addresses(given: String, expected: String) {
        #expect(masked(given) == expected)
    }

    @Test func noPasswordGetsThrough() {
        var random = RandomSource()
        for _ in 0..<1_000 {
            // "Q" marks the secret: nothing else holds one.
            let noise = random.text("ab:/@?#%&= ,[]\"'\\|~\u{e9}", count: 0...8)
            let secret = "QQQ" + noise + "QQQ"
            let user = random.text("abc", count: 0...3)
            let scheme = ["postgres", "mongodb", "mongodb+srv", "x"].randomElement(using: &random)!
            let forms = [
                "\(scheme)://\(user):\(secret)@host:1/db", "\(scheme)://\(user):\(secret)@host", "\(secret)",
                "\(scheme)://host/db?password=\(secret)", "password=\(secret) host=db",
                "\(scheme)://u:\(secret)@host/db?a=b&token=\(secret)",
            ]
            // Without a host and with an "@", a password cannot be told from "password@host".
            let hostless = noise.contains("@") ? [] : ["\(scheme)://\(user):\(secret)"]
            for form in forms + hostless { #expect(!masked(form).contains("Q"), "\(form.debugDescription) \(random)") }
        }
    }

    @Test func addressesWithinATextAreMaskedAndTheRestIsKept() {
        let text = "failed: \"postgres://u:secret@db/t?x=y\" (mongodb://h:1/t), see\nhttps://docs.example/page twice"
        #expect(
            withoutCredentials(text)
                == "failed: \"postgres://***@db/t?***\" (mongodb://h:1/t), see\nhttps://docs.example/page twice")
        #expect(withoutCredentials("nothing here ") == "nothing here ")
    }
}
