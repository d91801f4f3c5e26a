"""What schemathesis does not know by itself."""
import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    """The document has such bodies as texts."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
