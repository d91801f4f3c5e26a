internal import Stores

extension EventContext {
    /// A bound of the size of all texts.
    var size: Int {
        func count(_ text: String?) -> Int { text?.utf8.count ?? 0 }
        let request =
            count(clientAddress) + count(userAgent) + count(device) + count(bot) + count(path) + count(country)
        let programs = count(browser?.name) + count(browser?.version) + count(os?.name) + count(os?.version)
        let origin = count(referrer?.host) + count(referrer?.kind)
        let campaign =
            count(utm.source) + count(utm.medium) + count(utm.campaign) + count(utm.term) + count(utm.content)
        return request + programs + origin + campaign + count(traceID) + failures.reduce(0) { $0 + $1.utf8.count }
    }

    /// Writes the members of `context`; what is not there is left out.
    func write(to document: inout BSONWriter) {
        document.optional("clientAddress", clientAddress)
        document.optional("userAgent", userAgent)
        document.optional("device", device)
        if let browser { document.field("browser") { browser.write(to: &$0) } }
        if let os { document.field("os") { os.write(to: &$0) } }
        document.optional("bot", bot)
        if let referrer {
            document.field("referrer") {
                $0.optional("host", referrer.host)
                $0.field("class", referrer.kind)
            }
        }
        document.optional("path", path)
        document.optional("country", country)
        if !utm.isEmpty { document.field("utm") { utm.write(to: &$0) } }
        if !failures.isEmpty { document.array("failures", failures) }
        document.optional("traceId", traceID)
    }

    /// Reads what `write` has written.
    init(_ document: BSONReader) throws(BSONFault) {
        var document = document
        self.init()
        while let element = try document.next() {
            if element.isNamed("browser") {
                browser = try Product(try element.document())
            } else if element.isNamed("os") {
                os = try Product(try element.document())
            } else if element.isNamed("referrer") {
                referrer = try Referrer(try element.document())
            } else if element.isNamed("utm") {
                utm = try UTM(try element.document())
            } else if element.isNamed("failures") {
                var items = try element.document()
                while let item = try items.next() { failures.append(try item.string()) }
            } else {
                try take(element)
            }
        }
    }

    private mutating func take(_ element: BSONElement) throws(BSONFault) {
        if element.isNamed("clientAddress") {
            clientAddress = try element.string()
        } else if element.isNamed("userAgent") {
            userAgent = try element.string()
        } else if element.isNamed("device") {
            device = try element.string()
        } else if element.isNamed("bot") {
            bot = try element.string()
        } else if element.isNamed("path") {
            path = try element.string()
        } else if element.isNamed("country") {
            country = try element.string()
        } else if element.isNamed("traceId") {
            traceID = try element.string()
        }
    }
}

extension EventContext.Product {
    fileprivate func write(to document: inout BSONWriter) {
        document.field("name", name)
        document.optional("version", version)
    }

    fileprivate init(_ document: BSONReader) throws(BSONFault) {
        var document = document
        self.init(name: "")
        while let element = try document.next() {
            if element.isNamed("name") {
                name = try element.string()
            } else if element.isNamed("version") {
                version = try element.string()
            }
        }
    }
}

extension EventContext.Referrer {
    fileprivate init(_ document: BSONReader) throws(BSONFault) {
        var document = document
        self.init(host: nil, kind: "")
        while let element = try document.next() {
            if element.isNamed("host") {
                host = try element.string()
            } else if element.isNamed("class") {
                kind = try element.string()
            }
        }
    }
}

extension EventContext.UTM {
    fileprivate func write(to document: inout BSONWriter) {
        document.optional("source", source)
        document.optional("medium", medium)
        document.optional("campaign", campaign)
        document.optional("term", term)
        document.optional("content", content)
    }

    fileprivate init(_ document: BSONReader) throws(BSONFault) {
        var document = document
        self.init()
        while let element = try document.next() {
            if element.isNamed("source") {
                source = try element.string()
            } else if element.isNamed("medium") {
                medium = try element.string()
            } else if element.isNamed("campaign") {
                campaign = try element.string()
            } else if element.isNamed("term") {
                term = try element.string()
            } else if element.isNamed("content") {
                content = try element.string()
            }
        }
    }
}

extension BSONWriter {
    @inline(__always)
    fileprivate mutating func optional(_ name: StaticString, _ value: String?) {
        if let value { field(name, value) }
    }
}
