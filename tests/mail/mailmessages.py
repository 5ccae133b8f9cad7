"""Small messages for the tests of the wire."""


def raw(body: str = "Hello", /, **fields: str) -> bytes:
    """A message; `Content_Type="…"` gives the header Content-Type, an empty value leaves a default out."""
    base = {
        "From": "Ann Other <ann@customer.example>",
        "To": "help@shop.example",
        "Subject": "Lamp",
        "Date": "Mon, 05 Jan 2026 10:00:00 +0100",
        "Message-ID": "<m1@customer.example>",
        "Content-Type": "text/plain; charset=utf-8",
    }
    base |= {name.replace("_", "-"): value for name, value in fields.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in base.items() if value)
    return f"{head}\r\n{body}".replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "surrogateescape")


def multipart(kind: str, *parts: str) -> dict[str, str]:
    """Header and body of a multipart; each part is its headers, a blank line, its body."""
    inner = "".join(f"--BB\n{part}\n" for part in parts)
    return {"body": f"{inner}--BB--\n", "Content_Type": f'multipart/{kind}; boundary="BB"'}
