/// Writes events as the collector takes them: JSON on one line, without its end.
struct EventWriter: Sendable {
    let ids: TrafficPlan.IDs
    let hasAddresses: Bool

    /// Appends the event of a visit's present moment.
    /// - Parameters:
    ///   - name: 128 bits that no other event has.
    ///   - stamp: the event's time, milliseconds since 1970.
    func write(_ visit: inout Visit, name: (UInt64, UInt64), stamp: Int64, to output: inout [UInt8]) {
        output.add(#"{"eventId":""#)
        output.add(id: name, stamp: stamp, ids)
        output.add(#"","userId":"v"#)
        output.add(hex: visit.visitor.identity, digits: 16)
        output.add(#"","eventType":""#)
        output.add(visit.moment.eventType)
        output.add(#"","timestamp":""#)
        output.add(stamp: stamp)
        output.add(#"","metadata":{"#)
        addPage(visit, &output)
        addBrowser(visit, &output)
        if hasAddresses { MadeUpAddress.add(visit.visitor, to: &output) }
        addDetails(&visit, name.1, &output)
        output.add("}}")
    }

    private func addPage(_ visit: Visit, _ output: inout [UInt8]) {
        let page = Site.site.pages[visit.page]
        output.add(#""url":""#)
        addAddress(page, &output)
        if visit.previous == nil, let query = visit.arrival.query { output += query }
        output.add(#"","path":""#)
        output += page.path
        output.add(#"","title":""#)
        output += page.title
        if let previous = visit.previous {
            output.add(#"","referrer":""#)
            addAddress(Site.site.pages[previous], &output)
        } else if let referrer = visit.arrival.referrer {
            output.add(#"","referrer":""#)
            output += referrer
        }
        output.add("\"")
    }

    private func addAddress(_ page: Site.Page, _ output: inout [UInt8]) {
        output += Site.origin
        output += page.path
    }

    private func addBrowser(_ visit: Visit, _ output: inout [UInt8]) {
        let visitor = visit.visitor
        let agent = visitor.isBot ? UserAgent.bots[visitor.agent] : UserAgent.all[visitor.agent]
        output.add(#","userAgent":""#)
        output += agent.text
        output.add("\"")
        guard !visitor.isBot else { return }
        output.add(#","language":""#)
        output += Languages.all[visitor.language]
        output.add(#"","screen":""#)
        output += Screens.sizes(agent.device)[visitor.screen(of: agent.device)]
        output.add("\"")
    }

    private func addDetails(_ visit: inout Visit, _ name: UInt64, _ output: inout [UInt8]) {
        let page = Site.site.pages[visit.page]
        switch visit.moment {
        case .pageView: return
        case .productView, .addToCart: addProduct(Site.site.products[page.item], &output)
        case .search:
            output.add(#","query":""#)
            output.add(Site.queries[page.item])
            output.add(#"","results":"#)
            output.add(number: visit.random.index(below: 40))
        case .click:
            output.add(#","element":""#)
            output.add(Self.elements[visit.random.index(below: Self.elements.count)])
            output.add("\"")
        case .order: addOrder(visit.cart, name, &output)
        }
    }

    private static let elements = ["menu", "gallery", "size-guide", "reviews", "related", "share", "filter", "footer"]

    private func addProduct(_ product: Site.Product, _ output: inout [UInt8]) {
        output.add(#","sku":""#)
        output += product.sku
        output.add(#"","product":""#)
        output += product.name
        output.add(#"","category":""#)
        output += product.category
        output.add(#"","price":"#)
        output.add(amount: product.price)
        addCurrency(&output)
    }

    private func addOrder(_ cart: Visit.Cart, _ name: UInt64, _ output: inout [UInt8]) {
        var sum = 0
        output.add(#","orderId":"O-"#)
        output.add(hex: name, digits: 10)
        output.add(#"","items":["#)
        for index in 0..<cart.count {
            let product = Site.site.products[Int(cart.products[index])]
            let quantity = Int(cart.quantities[index])
            sum += product.price * quantity
            output.add(index == 0 ? #"{"sku":""# : #",{"sku":""#)
            output += product.sku
            output.add(#"","quantity":"#)
            output.add(number: quantity)
            output.add(#","price":"#)
            output.add(amount: product.price)
            output.add("}")
        }
        output.add(#"],"amount":"#)
        output.add(amount: sum)
        addCurrency(&output)
    }

    private func addCurrency(_ output: inout [UInt8]) {
        output.add(#","currency":""#)
        output += Site.currency
        output.add("\"")
    }
}

extension Visit.Moment {
    fileprivate var eventType: StaticString {
        switch self {
        case .pageView: "page_view"
        case .productView: "product_view"
        case .search: "search"
        case .click: "click"
        case .addToCart: "add_to_cart"
        case .order: "order"
        }
    }
}
