"""Judges JSON texts by Python's parser, which shares no code with the product's scanner.

Input: batches; each is a count, then for each text its length and bytes and, where the product took it for a good
event with metadata, the length and bytes of what it rewrote the metadata to (else 0). Numbers are 32 bits, little
endian. Output: a line a text, `0` for what is not JSON, else `1 depth facts checksum rewriting`:

depth      the deepest nesting
facts      $ for a key that begins with it, 0 for a key with U+0000, ^ for a number beyond a double
checksum   CRC-32 of all keys and strings in order, decoded, each followed by the byte 255
rewriting  = where the rewritten metadata says what the metadata says, ! where not, - where there is none

Python differs from RFC 8259 in one point, which is turned off here: it takes NaN and Infinity. What the product
decides for itself is done here too: more than 512 levels are refused, an unpaired surrogate is read as U+FFFD, and an
integer beyond 64 bits is stored as a double.
"""
import json
import re
import struct
import sys
import threading
import zlib

DEEPEST = 512
SURROGATE = re.compile("[\ud800-\udfff]")


class Members(list):
    """An object's members in order, equal keys included."""


class Real(str):
    """A number as written."""


def refuse(name):
    raise ValueError(name)


DECODER = json.JSONDecoder(object_pairs_hook=Members, parse_float=Real, parse_int=Real, parse_constant=refuse)


def parse(text):
    """The value; None for what is not JSON (null is wrapped like any other value)."""
    try:
        return (DECODER.decode(text.decode("utf-8")),)
    except (ValueError, RecursionError):
        return None


class Facts:
    def __init__(self):
        self.depth, self.dollar, self.nul, self.overflow, self.checksum = 0, False, False, False, 0

    def string(self, text):
        self.checksum = zlib.crc32(plain(text).encode() + b"\xff", self.checksum)

    def visit(self, value, depth):
        if isinstance(value, Members):
            self.depth = max(self.depth, depth + 1)
            for key, member in value:
                self.dollar = self.dollar or key.startswith("$")
                self.nul = self.nul or "\0" in key
                self.string(key)
                self.visit(member, depth + 1)
        elif isinstance(value, list):
            self.depth = max(self.depth, depth + 1)
            for element in value:
                self.visit(element, depth + 1)
        elif isinstance(value, Real):
            self.overflow = self.overflow or float(value) in (float("inf"), float("-inf"))
        elif isinstance(value, str):
            self.string(value)


def plain(text):
    return SURROGATE.sub("\ufffd", text)


def stored(value):
    """The value as every store reads it."""
    if isinstance(value, Members):
        return {plain(key): stored(member) for key, member in value}
    if isinstance(value, list):
        return [stored(element) for element in value]
    if isinstance(value, Real):
        if re.fullmatch("-?[0-9]+", value) and -(2**63) <= int(value) < 2**63:
            return int(value)
        return float(value)
    return plain(value) if isinstance(value, str) else value


def equal(left, right):
    """As `==`, but 1, 1.0 and true are three values."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return left == right


def judge(text, rewritten):
    parsed = parse(text)
    if parsed is None:
        return "0"
    facts = Facts()
    try:
        facts.visit(parsed[0], 0)
    except RecursionError:
        return "0"
    if facts.depth > DEEPEST:
        return "0"
    marks = ("$" if facts.dollar else "") + ("0" if facts.nul else "") + ("^" if facts.overflow else "")
    return f"1 {facts.depth} {marks or '-'} {facts.checksum} {compare(parsed[0], rewritten)}"


def compare(event, rewritten):
    if not rewritten:
        return "-"
    metadata, again = dict(event)["metadata"], parse(rewritten)
    is_good = again is not None and is_storable(again[0]) and equal(stored(metadata), stored(again[0]))
    return "=" if is_good else "!"


def is_storable(value):
    """Whether nothing is left in it that would have to be rewritten."""
    if isinstance(value, Members):
        keys = [key for key, _ in value]
        return len(set(keys)) == len(keys) and all(map(is_storable, keys + [member for _, member in value]))
    if isinstance(value, list):
        return all(map(is_storable, value))
    if isinstance(value, Real):
        return not re.fullmatch("-?[0-9]+", value) or -(2**63) <= int(value) < 2**63
    return not isinstance(value, str) or not SURROGATE.search(value)


def read(source, count):
    data = source.read(count)
    if len(data) < count:
        sys.exit(0)
    return data


def number(source):
    return struct.unpack("<I", read(source, 4))[0]


def serve():
    source, target = sys.stdin.buffer, sys.stdout
    while True:
        for _ in range(number(source)):
            text = read(source, number(source))
            target.write(judge(text, read(source, number(source))) + "\n")
        target.flush()


if __name__ == "__main__":
    # Python's own limits lie beyond the product's, so that they decide nothing.
    sys.setrecursionlimit(20_000)
    sys.set_int_max_str_digits(0)
    threading.stack_size(512 << 20)
    thread = threading.Thread(target=serve)
    thread.start()
    thread.join()
