/// The site that is visited: a shop of outdoor goods with a magazine. The same for every plan.
struct Site: Sendable {
    /// What a page is for.
    enum Kind: Sendable {
        case home, category, product, article, search, cart, checkout, confirmation
    }

    struct Page: Sendable {
        let kind: Kind
        /// As they stand within a JSON string.
        let path: [UInt8]
        let title: [UInt8]
        /// The index of its category or product; 0 elsewhere.
        let item: Int
    }

    struct Product: Sendable {
        let sku: [UInt8]
        let name: [UInt8]
        let category: [UInt8]
        /// Hundredths of the currency.
        let price: Int
    }

    static let origin = Array("https://shop.example".utf8)
    static let currency = Array("EUR".utf8)
    static let site = Site()

    private(set) var pages: [Page] = []
    private(set) var products: [Product] = []
    /// The places of pages in `pages`.
    let home: Int
    let cart: Int
    let checkout: Int
    let confirmation: Int
    let categoryPages: Range<Int>
    let productPages: Range<Int>
    let articlePages: Range<Int>
    let searchPages: Range<Int>
    /// Popular ones first within each.
    let productOfCategory = WeightedChoice.zipf(Site.productsOfCategory, exponent: 0.9)
    let product = WeightedChoice.zipf(Site.categories.count * Site.productsOfCategory, exponent: 1)
    let article = WeightedChoice.zipf(Site.subjects.count * Site.places.count, exponent: 1)
    let search = WeightedChoice.zipf(Site.queries.count, exponent: 0.8)

    private init() {
        var builder = Builder()
        home = builder.add(.home, "/", "Outdoor goods for the long way")
        cart = builder.add(.cart, "/cart", "Your cart")
        checkout = builder.add(.checkout, "/checkout", "Checkout")
        confirmation = builder.add(.confirmation, "/checkout/thanks", "Thank you")
        categoryPages = builder.addCategories()
        productPages = builder.addProducts()
        articlePages = builder.addArticles()
        searchPages = builder.addSearches()
        (pages, products) = (builder.pages, builder.products)
    }
}

extension Site {
    static let categories = ["Tents", "Sleeping bags", "Backpacks", "Stoves", "Lamps", "Boots", "Jackets", "Maps"]
    static let productsOfCategory = makes.count * lines.count
    static let makes = ["Ridge", "Moor", "Fjord", "Cairn", "Heath"]
    static let lines = ["Light", "Classic", "Winter", "Trail", "Junior"]
    static let subjects = ["A weekend in", "What to pack for", "Sleeping out in", "The quiet side of", "Winter in"]
    static let places = [
        "the Dolomites", "Lapland", "the Highlands", "the Pyrenees", "the Black Forest", "Iceland", "the Tatra",
        "Corsica", "the Lake District", "Norway", "the Azores", "Slovenia",
    ]
    static let queries = [
        "tent 2 persons", "waterproof jacket", "down sleeping bag", "hiking boots women", "gas stove", "headlamp",
        "backpack 40l", "gift card", "kids boots", "rain cover", "repair kit", "topographic map", "merino", "sale",
    ]
    private static let basePrices = [18_900, 12_900, 9_900, 5_900, 3_900, 14_900, 17_900, 1_400]

    /// Fills the tables.
    private struct Builder {
        var pages: [Page] = []
        var products: [Product] = []

        mutating func add(_ kind: Kind, _ path: String, _ title: String, item: Int = 0) -> Int {
            pages.append(Page(kind: kind, path: Array(path.utf8), title: Array(title.utf8), item: item))
            return pages.count - 1
        }

        mutating func addCategories() -> Range<Int> {
            let start = pages.count
            for (index, name) in categories.enumerated() {
                _ = add(.category, "/c/\(slug(name))", name, item: index)
            }
            return start..<pages.count
        }

        /// By category, then by popularity within it.
        mutating func addProducts() -> Range<Int> {
            let start = pages.count
            for (category, name) in categories.enumerated() {
                for index in 0..<productsOfCategory {
                    let title = "\(lines[index % lines.count]) \(makes[index / lines.count]) (\(name.lowercased()))"
                    let sku = "\(name.prefix(2).uppercased())-\(100 + category * productsOfCategory + index)"
                    products.append(
                        Product(
                            sku: Array(sku.utf8), name: Array(title.utf8), category: Array(slug(name).utf8),
                            price: basePrices[category] * (70 + index * 37 % 90) / 10_000 * 100 + 90))
                    _ = add(.product, "/p/\(slug(title))", title, item: products.count - 1)
                }
            }
            return start..<pages.count
        }

        mutating func addArticles() -> Range<Int> {
            let start = pages.count
            for subject in subjects {
                for place in places {
                    _ = add(.article, "/journal/\(slug("\(subject) \(place)"))", "\(subject) \(place)")
                }
            }
            return start..<pages.count
        }

        mutating func addSearches() -> Range<Int> {
            let start = pages.count
            for query in queries { _ = add(.search, "/search", "Search: \(query)", item: pages.count - start) }
            return start..<pages.count
        }

        private func slug(_ text: String) -> String {
            text.lowercased().filter { $0.isLetter || $0.isNumber || $0 == " " }.replacing(" ", with: "-")
        }
    }
}
