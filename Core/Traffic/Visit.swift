/// One visit: who walks from page to page, and what happens there.
///
/// It has a randomness of its own, so that what happens in it does not depend on the visits beside it.
struct Visit: Sendable {
    /// What happens at one time.
    enum Moment: Sendable {
        case pageView, productView, search, click, addToCart, order
    }

    /// What is bought together, at most four products.
    struct Cart: Sendable {
        var products = SIMD4<UInt16>()
        var quantities = SIMD4<UInt8>()
        var count = 0

        mutating func add(_ product: Int, quantity: Int) {
            guard count < 4 else { return }
            products[count] = UInt16(product)
            quantities[count] = UInt8(quantity)
            count += 1
        }
    }

    /// Events of a visit, on average: what a number of events is divided by to have one of visits.
    static let meanEvents = 5.13
    /// The time between two events, on average; milliseconds.
    static let meanGap = 25_000.0

    let visitor: Visitor
    let arrival: Arrival
    /// What comes next, and when: milliseconds since 1970.
    private(set) var moment = Moment.pageView
    private(set) var time: Int64
    /// The page it happens on, in `Site.pages`.
    private(set) var page: Int
    /// The page before; `nil` on the landing page.
    private(set) var previous: Int?
    private(set) var cart = Cart()
    /// For whatever is drawn for an event as it is written.
    var random: SplitMix64

    /// Begins at a time.
    init(of visitor: Visitor, at time: Int64, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        self.visitor = visitor
        self.time = time
        arrival = Arrival(of: visitor, &random)
        page = arrival.landing(for: visitor, &random)
        self.random = random
    }

    private var kind: Site.Kind { Site.site.pages[page].kind }

    /// Goes on to the next moment; false where the visit has ended.
    /// - Parameter pace: what times between events are multiplied with.
    mutating func advance(pace: Double) -> Bool {
        if visitor.isBot { return crawl(pace) }
        switch moment {
        case .pageView: return look(pace)
        case .productView where random.chance(0.12): return happen(.addToCart, after: dwelling(pace))
        case .productView, .search: return clickOrGo(pace)
        case .addToCart:
            cart.add(Site.site.pages[page].item, quantity: random.chance(0.15) ? 2 : 1)
            return random.chance(0.5) ? visit(Site.site.cart, after: dwelling(pace)) : clickOrGo(pace)
        case .click: return go(after: 100 + Double(random.index(below: 500)))
        case .order:
            cart = Cart()
            return go(after: dwelling(pace))
        }
    }

    /// What a page shows by itself counts at once.
    private mutating func look(_ pace: Double) -> Bool {
        let loading = Double(40 + random.index(below: 300))
        switch kind {
        case .product: return happen(.productView, after: loading)
        case .search: return happen(.search, after: loading)
        case .confirmation: return happen(.order, after: loading)
        case .home, .category, .article, .cart, .checkout: return clickOrGo(pace)
        }
    }

    private mutating func clickOrGo(_ pace: Double) -> Bool {
        random.chance(0.25) ? happen(.click, after: dwelling(pace)) : go(after: dwelling(pace))
    }

    private mutating func go(after gap: Double) -> Bool {
        guard let next = Paths.next(from: kind, visitor, &random) else { return false }
        return visit(next, after: gap)
    }

    /// Bots read page after page, in no order.
    private mutating func crawl(_ pace: Double) -> Bool {
        guard !random.chance(0.07) else { return false }
        return visit(random.index(below: Site.site.pages.count), after: pace * random.exponential(mean: 2_000))
    }

    private mutating func visit(_ next: Int, after gap: Double) -> Bool {
        previous = page
        page = next
        return happen(.pageView, after: gap)
    }

    private mutating func happen(_ next: Moment, after gap: Double) -> Bool {
        moment = next
        time += max(1, Int64(gap))
        return true
    }

    /// How long somebody stays with a page: mostly seconds, now and then many minutes.
    private mutating func dwelling(_ pace: Double) -> Double {
        pace * min(1_500_000, random.logNormal(median: 18_000, spread: 1.1))
    }
}

/// Where people go from where they are.
private enum Paths {
    /// In this order: home, category, product, article, search, cart, checkout, confirmation, away.
    private static let away = 8

    static func next(from kind: Site.Kind, _ visitor: Visitor, _ random: inout SplitMix64) -> Int? {
        let site = Site.site
        switch choice(kind).draw(&random) {
        case 0: return site.home
        case 1:
            let other = random.index(below: Site.categories.count)
            return site.categoryPages.lowerBound + (random.chance(0.6) ? visitor.favourite : other)
        case 2: return site.productPages.lowerBound + product(visitor, &random)
        case 3: return site.articlePages.lowerBound + site.article.draw(&random)
        case 4: return site.searchPages.lowerBound + site.search.draw(&random)
        case 5: return site.cart
        case 6: return site.checkout
        case 7: return site.confirmation
        default: return nil
        }
    }

    private static func product(_ visitor: Visitor, _ random: inout SplitMix64) -> Int {
        guard random.chance(0.5) else { return Site.site.product.draw(&random) }
        return visitor.favourite * Site.productsOfCategory + Site.site.productOfCategory.draw(&random)
    }

    private static func choice(_ kind: Site.Kind) -> WeightedChoice {
        switch kind {
        case .home: home
        case .category: category
        case .product: product
        case .article: article
        case .search: search
        case .cart: cart
        case .checkout: checkout
        case .confirmation: confirmation
        }
    }

    private static let home = WeightedChoice([5, 34, 16, 12, 8, 0, 0, 0, 25])
    private static let category = WeightedChoice([4, 14, 50, 2, 6, 0, 0, 0, 24])
    private static let product = WeightedChoice([4, 17, 26, 3, 5, 0, 0, 0, 45])
    private static let article = WeightedChoice([8, 8, 10, 26, 2, 0, 0, 0, 46])
    private static let search = WeightedChoice([0, 5, 55, 0, 12, 0, 0, 0, 28])
    private static let cart = WeightedChoice([0, 12, 12, 0, 0, 0, 52, 0, 24])
    private static let checkout = WeightedChoice([0, 0, 0, 0, 0, 7, 0, 68, 25])
    private static let confirmation = WeightedChoice([12, 0, 0, 0, 0, 0, 0, 0, 88])
}
