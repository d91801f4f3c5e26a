/// Addresses of made-up visitors: of 100.64.0.0/10, which no visitor of the internet has (RFC 6598). The third number
/// stands for the country, and anonymising leaves it.
public enum MadeUpAddress {
    /// The country of an address, ISO 3166-1 alpha-2: that of the visitor's language; `nil` for an address of others.
    public static func country(of address: String) -> String? {
        let numbers = address.split(separator: ".")
        guard numbers.count == 4, numbers[0] == "100", numbers[1] == "64", let index = Int(numbers[2]),
            Languages.all.indices.contains(index)
        else { return nil }
        return String(decoding: Languages.all[index].suffix(2), as: UTF8.self)
    }

    /// Writes the address of a person as metadata; robots tell none.
    static func add(_ visitor: Visitor, to output: inout [UInt8]) {
        guard !visitor.isBot else { return }
        output.add(#","clientAddress":"100.64."#)
        output.add(number: visitor.language)
        output.add(".")
        output.add(number: Int(visitor.identity & 0xFF))
        output.add("\"")
    }
}
