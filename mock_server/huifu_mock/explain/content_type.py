"""The warning about a Content-Type that is accepted here and answered with 415 elsewhere."""


def given_type(headers: bytes) -> str:
    """The Content-Type of a request that is not JSON's; empty for JSON, and for one that has none."""
    if b"/json" in headers:  # as in nearly every request
        return ""
    for line in headers.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-type":
            return "" if "json" in value.lower() else value.strip()[:100]
    return ""


def doubtful_type(given: str) -> tuple[str, str]:
    """The warning in English and Chinese."""
    return (
        f"Content-Type {given} is accepted here, other gateways answer 415: send application/json",
        f"JSON 报文的 Content-Type 是 {given}，这里接受，其他网关会返回 415：请用 application/json",
    )
