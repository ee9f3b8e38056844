"""HTTP by the letter: what RFC 9112 (2 to 9) and RFC 9110 (7 and 10) ask of a server, row by row.

A row is what is asked, bytes that show it, and what comes back.  ``instead`` says what is answered
where a standard asks (SHOULD) or allows (MAY) something else; no MUST has one.  ``ELSEWHERE`` is
what is asked of others, or looked at elsewhere.  ``test_letter.py`` holds the server to all of it.
"""

from typing import NamedTuple

from tests.facade.sent import (
    LAST,
    ORDER,
    asked,
    chunk,
    chunked,
    each,
    get,
    handshake,
    old,
    post,
    whole,
)


class Row(NamedTuple):
    section: str
    level: str
    about: str
    sent: bytes
    back: tuple[int, ...]
    closes: bool = False
    """Whether the connection has to be closed, and nothing more is processed."""
    has: tuple[bytes, ...] = ()
    """Lines of the head of the last answer."""
    placed: int = 0
    """Orders that are placed in all."""
    instead: str = ""


def served(
    section: str,
    level: str,
    about: str,
    *sent: bytes,
    back: int | tuple[int, ...] = 200,
    closes: bool = False,
    has: tuple[bytes, ...] = (),
    placed: int = 0,
    instead: str = "",
) -> list[Row]:
    """The connection stays; ``sent`` are ways to show one requirement."""
    statuses = back if isinstance(back, tuple) else (back,)
    return [Row(section, level, about, way, statuses, closes, has, placed, instead) for way in sent]


def refused(
    section: str, level: str, about: str, *sent: bytes, back: int = 400, instead: str = ""
) -> list[Row]:
    """And the connection is closed."""
    return served(section, level, about, *sent, back=back, closes=True, instead=instead)


def placed(section: str, level: str, about: str, *sent: bytes) -> list[Row]:
    """One order."""
    return served(section, level, about, *sent, back=201, placed=1)


CLOSE = (b"Connection: close",)
UPGRADE = (b"Connection: Upgrade", b"Upgrade: websocket")
ALLOWED = (b"Allow: DELETE, GET, HEAD, POST",)
MASS_CANCEL = b"DELETE /orders?user_id=alice HTTP/1.1\r\nHost: x\r\n\r\n"

MESSAGES = [
    *placed("9112 2.1", "MUST", "a head, an empty line, a body", post(ORDER)),
    *served("9112 2.2", "MUST", "octets beyond ASCII are taken", *each(b"X", b"\xff\xe9")),
    *refused(
        *("9112 2.2", "MAY", "a line may end with LF alone"),
        b"GET /health HTTP/1.1\nHost: x\n\n",
        b"GET /health HTTP/1.1\r\nHost: x\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: x\r\n\n",
        instead="400: others may read such lines otherwise",
    ),
    *refused(
        *("9112 2.2", "MUST", "a bare CR makes its element invalid"),
        b"GET /he\ralth HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /health HTTP/1.1\rHost: x\r\r",
        get(b"/health", b"X: a\rb"),
        get(b"/health", b"X\r: a"),
    ),
    *served(
        *("9112 2.2", "SHOULD", "empty lines before a request are passed over"),
        b"\r\n" + get(),
        b"\r\n\r\n" + get(),
    ),
    *served(
        *("9112 2.2", "SHOULD", "and behind a body, as old clients send them"),
        post(ORDER) + b"\r\n" + get(),
        back=(201, 200),
        placed=1,
    ),
    *refused(
        *("9112 2.2", "SHOULD", "but half of one is no line"),
        *(before + get() for before in (b"\r", b"\n", b"\r\n\r", b"\r\n\n")),
    ),
    *refused(
        *("9112 2.2", "MUST", "white space before the first field is refused"),
        b"GET /health HTTP/1.1\r\n Host: x\r\n\r\n",
        b"GET /health HTTP/1.1\r\n\tHost: x\r\n\r\n",
        b"GET /health HTTP/1.1\r\n \r\nHost: x\r\n\r\n",
    ),
    *refused(
        *("9112 2.2", "SHOULD", "what is no HTTP gets 400"),
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
        b"hello\r\n\r\n",
        b" " + get(),
    ),
    *refused(
        *("9112 2.3", "MUST", "a version is HTTP, two digits and a dot, told by case"),
        *(get(version=b"HTTP/" + number) for number in (b"1.", b"1.10", b"11", b"1.1.1", b"1.1 x")),
        *(get(version=name + b"/1.1") for name in (b"http", b"Http", b"HTTPS")),
        *(get(version=name + b"/1.0") for name in (b"RTSP", b"ICE")),
        get(version=b"ICE/1.0", method=b"SOURCE"),
    ),
    *refused(
        *("9110 15.6.6", "MAY", "another major version gets 505"),
        *(get(version=b"HTTP/" + number) for number in (b"2.0", b"0.9", b"3.0")),
        b"GET /health\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        back=505,
    ),
    *refused(
        *("9110 6.2", "SHOULD", "a higher minor version is processed as the highest known"),
        get(version=b"HTTP/1.2"),
        back=505,
        instead="505: the parser knows none",
    ),
]
REQUEST_LINES = [
    *served(
        *("9112 3", "MAY", "several spaces separate as one does"),
        b"GET  /health   HTTP/1.1\r\nHost: x\r\n\r\n",
    ),
    *refused(
        *("9112 3", "MAY", "so may other white space"),
        b"GET\t/health HTTP/1.1\r\nHost: x\r\n\r\n",
        instead="400",
    ),
    *refused(
        *("9112 3", "SHOULD", "a method that is longer than any gets 501"),
        get(method=b"A" * 100),
        back=501,
    ),
    *refused(
        *("9112 3.1", "SHOULD", "and one that is not known; it is told by case"),
        *(get(method=method) for method in (b"get", b"FOO", b"GETS", b"X-Y")),
        back=501,
    ),
    *refused(
        *("9112 3", "MUST", "a target that is too long gets 414"),
        get(b"/" + b"a" * 20_000),
        back=414,
    ),
    *served(
        *("9112 3", "SHOULD", "a line of 8,000 octets is taken"), get(b"/health?" + b"a" * 7_980)
    ),
    *refused(
        *("9112 3.2", "SHOULD", "an invalid target gets 400, and is not put right"),
        *asked(b"/he alth", b"/health#a", b'/health?"', b"/health?<a>", b"/a\\b", b"/{}", b"/["),
        *asked(b"/%zz", b"/%a", b"/\x7f", b"/\xe9", b"/a\x00", b"/health?a|b", b"health", b"?x"),
        b"GET HTTP/1.1\r\nHost: x\r\n\r\n",
    ),
    *refused("9112 3.2", "MUST", "without a Host: 400", b"GET /health HTTP/1.1\r\n\r\n"),
    *refused(
        *("9112 3.2", "MUST", "with two of them: 400"),
        get(b"/health", b"Host: x", b"Host: x"),
        get(b"/health", b"Host: x", b"host: y"),
        old(b"Host: x", b"Host: x"),
    ),
    *refused(
        *("9112 3.2", "MUST", "with one that is none: 400"),
        *each(b"Host", b"x y", b"u@x", b"http://x", b"x/", b"x:a", b"x:80:80", b"x?", b"<x>"),
        *each(b"Host", b"[::1", b"[:::]", b"[::1]a", b"[x]", b"\xff", b"%zz"),
        old(b"Host: x y"),
    ),
    *served(
        *("9112 3.2", "MUST", "with one that is one: served"),
        *each(b"Host", b"localhost:80", b"LOCALHOST.", b"127.0.0.1:80", b"[::1]:80", b"x:"),
    ),
    *served("9112 3.2.1", "MUST", "the origin form is path and query", get(b"/health?a=b/c?d")),
    *served("9112 3.2.1", "MUST", "two slashes begin a path", get(b"//x/health"), back=404),
    *served(
        *("9112 3.2.2", "MUST", "the absolute form is taken"),
        *asked(b"http://x/health", b"HTTP://x:80/health?a", b"http://127.0.0.1/health"),
    ),
    *served(
        *("9112 3.2.2", "MUST", "what it names stands above Host"),
        get(b"http://x/health", b"Host: evil.example"),
    ),
    *served(
        *("9112 3.2.2", "MUST", "also where it is not ours"),
        get(b"http://evil.example/health"),
        back=403,
    ),
    *placed(
        *("9112 3.2.2", "MUST", "and where an Origin is compared with it"),
        post(ORDER, b"Origin: http://x")
        .replace(b"Host: x", b"Host: y")
        .replace(b" /orders", b" http://x/orders"),
    ),
    *refused(*("9112 3.2.2", "MUST", "and it is no Host"), b"GET http://x/health HTTP/1.1\r\n\r\n"),
    *served(
        *("9112 3.2.2", "MUST", "an empty path is /, whatever the query says"),
        *asked(b"http://x", b"http://x/", b"http://x?a=/health"),
        back=302,
        has=(b"Location: /docs",),
    ),
    *served(
        *("9112 3.2.2", "MUST", "so nothing is canceled here"),
        post(ORDER) + get(b"http://x?x=/orders?user_id=alice", method=b"DELETE"),
        back=(201, 405),
        placed=1,
    ),
    *refused(
        *("9110 4.2.1", "MUST", "a URI without a host is refused"),
        *asked(b"http:///health", b"http://:80/health", b"http://?a"),
    ),
    *refused("9110 4.2.4", "SHOULD", "and one with a user", get(b"http://u@x/health")),
    *served(
        *("9110 4.2.3", "MUST", "a slash that is encoded is none"),
        *asked(b"/orders%2F1", b"/docs%2f"),
        back=404,
    ),
    *served("9110 4.2.3", "MUST", "other octets may be encoded", get(b"/%68ealth")),
    *refused("9112 3.2.3", "MUST", "the authority form is for CONNECT alone", get(b"x:80")),
    *refused(
        *("9112 3.2.3", "MUST", "which takes no other"),
        *asked(b"/orders", b"http://x/", b"x", b"x:", b"x:0", b"x:65536", b"*", method=b"CONNECT"),
    ),
    *refused(
        *("9110 9.3.6", "MAY", "there are no tunnels"), get(b"x:80", method=b"CONNECT"), back=501
    ),
    *refused(
        *("9112 3.2.4", "MUST", "the asterisk is for OPTIONS alone"),
        *(get(b"*", method=method) for method in (b"GET", b"DELETE")),
    ),
    *refused(
        *("9112 3.2.4", "SHOULD", "OPTIONS for the server is not offered"),
        get(b"*", method=b"OPTIONS"),
        back=501,
    ),
    *served(
        *("9112 3.3", "MAY", "without an authority the server's own stands"),
        old(),
        closes=True,
    ),
    *served("9112 3.3", "MAY", "also where Host is empty", *each(b"Host", b"")),
]
FIELDS = [
    *served(
        *("9112 5", "MUST", "white space around a value is no part of it"),
        *(get(b"/health", line) for line in (b"Host:x", b"Host: \t x \t ", b"X:", b"X: \t ")),
    ),
    *refused(
        *("9112 5.1", "MUST", "white space before the colon is refused"),
        *(get(b"/health", name + b": 5") for name in (b"X ", b"X\t", b"Host ", b"Content-Length ")),
    ),
    *refused(
        *("9110 5.1", "MUST", "a name is a token"),
        *(get(b"/health", line) for line in (b"X", b": a", b"X(: a", b"X\xe9: a", b"X Y: a")),
    ),
    *refused(
        *("9112 5.2", "MUST", "a folded line is refused"),
        *each(b"X", b"a\r\n b", b"a\r\n\tb", b"\r\n b"),
        *each(b"Host", b"x\r\n y"),
    ),
    *refused(
        *("9110 5.5", "MUST", "CR, LF and NUL in a value are refused"),
        *each(b"X", b"a\x00b", b"a\nb", b"a\rb", b"a\x01", b"a\x7f"),
    ),
]
BODIES = [
    *served(
        *("9112 6", "MUST", "a body is one whatever the method, and no request"),
        get(b"/health", b"Content-Length: 5") + b"hello",
        get(b"/health", b"Content-Length: %d" % len(MASS_CANCEL)) + MASS_CANCEL,
    ),
    *placed(
        *("9112 6.1", "MUST", "chunks are read"),
        chunked(chunk(ORDER[:9]) + chunk(ORDER[9:]) + LAST),
        whole().replace(b"chunked", b"Chunked"),
        whole().replace(b"chunked", b" chunked "),
    ),
    *refused(
        *("9112 5", "MAY", "a tab may follow, as behind any value"),
        whole().replace(b"chunked", b"chunked\t"),
        instead="400: the parser wants no tab there",
    ),
    *refused(
        *("9112 6.1", "MUST", "chunked is applied once"),
        *each(b"Transfer-Encoding", b"chunked, chunked", body=LAST),
        chunked(LAST, b"Transfer-Encoding: chunked"),
    ),
    *refused(
        *("9112 6.1", "SHOULD", "a coding that is not known gets 501"),
        *each(b"Transfer-Encoding", b"gzip, chunked", b"x-what;a=b, chunked", body=LAST),
        get(b"/health", b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked") + LAST,
        back=501,
    ),
    *refused(
        *("9112 6.1", "MUST", "Transfer-Encoding beside Content-Length closes"),
        *(chunked(LAST, b"Content-Length: " + length) for length in (b"0", b"5")),
    ),
    *refused(
        *("9112 6.1", "MUST", "in HTTP/1.0 it is faulty framing"),
        old(b"Transfer-Encoding: chunked", b"Connection: keep-alive") + LAST,
        old(b"Transfer-Encoding: gzip", b"Content-Length: 0", b"Connection: keep-alive"),
        old(b"Transfer-Encoding: identity", b"Connection: keep-alive"),
        whole().replace(b"HTTP/1.1", b"HTTP/1.0"),
    ),
    *served(
        *("9112 6.2", "MUST", "zeros before a length count for nothing"),
        *each(b"Content-Length", b"0005", b"0" * 30 + b"5", body=b"hello"),
    ),
    *refused(
        *("9112 6.3", "MUST", "a body that does not end with chunked gets 400"),
        *each(b"Transfer-Encoding", b"gzip", b"identity", b"", b",", b"chunked, gzip"),
        *each(b"Transfer-Encoding", b"xchunked", b"chunked;a=b", b"chunked,"),
    ),
    *refused(
        *("9112 6.3", "MUST", "an invalid Content-Length gets 400"),
        *each(b"Content-Length", b"+5", b"-1", b"0x5", b"5a", b"5;", b"1_0", b"5.0", b"", b"5 5"),
        *each(b"Content-Length", b"5, 6", b"18446744073709551616", b"9" * 400),
        get(b"/health", b"Content-Length: 5", b"Content-Length: 6") + b"hello",
    ),
    *refused(
        *("9110 8.6", "MAY", "one that is said twice is taken as one"),
        *each(b"Content-Length", b"5, 5", body=b"hello"),
        get(b"/health", b"Content-Length: 5", b"Content-Length: 5") + b"hello",
        instead="400, which is allowed too",
    ),
    *served(
        *("9112 6.3", "MUST", "without either there is no body"),
        get(b"/orders", method=b"POST"),
        back=400,
    ),
]
CODINGS = [
    *placed(
        *("9112 7.1", "MUST", "a size is hexadecimal, however long"),
        *(
            chunked(size % len(ORDER) + ORDER + b"\r\n" + LAST)
            for size in (b"%X\r\n", b"%020x\r\n")
        ),
    ),
    *refused(
        *("9112 7.1", "MUST", "one that overflows is refused"),
        *(chunked(size + b"\r\nhello") for size in (b"10000000000000005", b"f" * 17, b"f" * 200)),
    ),
    *refused(
        *("9112 7.1", "MUST", "one that is only too large gets 413"),
        chunked(b"f" * 16 + b"\r\n" + b"x" * 65_537),
        back=413,
    ),
    *refused(
        *("9112 7.1", "MUST", "what is no chunk is refused"),
        *(
            chunked(bad + LAST)
            for bad in (b"g\r\n", b"+1\r\na\r\n", b"-1\r\n", b"1_0\r\n", b"\r\n")
        ),
        *(
            chunked(bad + LAST)
            for bad in (b"0x1\r\na\r\n", b"1 \r\na\r\n", b" 1\r\na\r\n", b"1\ra")
        ),
        *(chunked(bad + LAST) for bad in (b"1\na\r\n", b"1\r\na\n", b"1\r\nab\r\n", b"1\r\na\r")),
    ),
    *placed(
        *("9112 7.1.1", "MUST", "extensions are passed over"),
        *(whole(extension) for extension in (b";a", b";a=b", b';a="b; \\" c"', b";a=b;c=d")),
    ),
    *refused(
        *("9112 7.1.1", "MUST", "what is no extension is refused"),
        *(whole(extension) for extension in (b";", b";a\n", b";a\x00", b" ;a")),
    ),
    *placed(
        *("9112 7.1.2", "MUST", "trailers are not merged into the head"),
        *(whole(trailer=line + b"\r\n") for line in (b"X: a", b"Host: y", b"X-Y:")),
        whole(trailer=b"Origin: http://evil.example\r\n"),
    ),
    *refused(
        *("9112 7.1.2", "MUST", "those that would frame, or are none, are refused"),
        *(whole(trailer=line + b"\r\n") for line in (b"Content-Length: 5", b"X : a", b" X: a")),
        whole(trailer=b"Transfer-Encoding: chunked\r\n"),
        whole(trailer=b"Connection: close\r\n"),
    ),
    *refused(
        *("9112 7.2", "SHOULD", "a compression with parameters is an error"),
        *each(b"Transfer-Encoding", b"gzip;q=1, chunked", body=LAST),
        back=501,
    ),
    *served(
        *("9112 7.4", "MUST", "an answer without a coding is always acceptable"),
        get(b"/health", b"TE: trailers, deflate;q=0.5", b"Connection: TE"),
    ),
]
CONNECTIONS = [
    *served("9112 9.3", "SHOULD", "a connection stays", get() + get(), back=(200, 200)),
    *served(
        *("9112 9.3", "MUST", "close is told without case, wherever it stands"),
        *each(b"Connection", b"CLOSE", b"a, Close ,b", b"close, keep-alive", b"keep-alive, close"),
        get(b"/health", b"Connection: a", b"Connection: close"),
        closes=True,
        has=CLOSE,
    ),
    *served(
        *("9112 9.3", "MUST", "other options close nothing"),
        *each(b"Connection", b"closed", b"x-close", b"", b"clos, e"),
    ),
    *served("9112 9.3", "MUST", "HTTP/1.0 is closed", old(), closes=True, has=CLOSE),
    *served(
        *("9112 9.3", "MAY", "but where it asks to stay"),
        old(b"Connection: Keep-Alive"),
        has=(b"Connection: keep-alive",),
    ),
    *served(
        *("9112 9.3", "MUST", "and not to be closed"),
        old(b"Connection: keep-alive, close"),
        old(b"Connection: close", b"Connection: keep-alive"),
        old(b"Connection: keep-alive", b"Connection: close"),
        closes=True,
        has=CLOSE,
    ),
    *served(
        *("9112 9.3", "MUST", "a body is read though no page wants it"),
        post(MASS_CANCEL).replace(b"/orders", b"/nope", 1),
        back=404,
    ),
    *served("9112 9.3", "MUST", "or it is malformed", post(MASS_CANCEL), back=400),
    *served(
        *("9112 9.3.2", "MUST", "answers come in the order of the requests"),
        get() + post(ORDER) + get(b"/nope") + post(ORDER) + get(b"/"),
        back=(200, 201, 404, 201, 302),
        placed=2,
    ),
    *served(
        *("9112 9.6", "MUST", "nothing behind close is processed"),
        get(b"/health", *CLOSE) + post(ORDER),
        closes=True,
        has=CLOSE,
    ),
    *served(
        *("9112 9.6", "MUST", "nor behind an order that is the last"),
        post(ORDER, *CLOSE) + post(ORDER),
        back=201,
        closes=True,
        placed=1,
    ),
    *refused("9112 9.6", "MUST", "nor behind a close of ours", b"no HTTP\r\n\r\n" + post(ORDER)),
]
ROUTING = [
    *refused(
        *("9110 7.4", "MUST", "a target of another scheme is refused"),
        *asked(b"https://x/health", b"ftp://x/health", b"HTTPS://x", b"ws://x/health"),
        post(ORDER).replace(b" /orders", b" https://x/orders"),
        back=421,
    ),
    *served(
        *("9110 7.6.2", "MUST", "the last recipient answers, however far it may be forwarded"),
        *(get(b"/orders", b"Max-Forwards: 0", method=method) for method in (b"OPTIONS", b"TRACE")),
        back=405,
        has=ALLOWED,
    ),
    *served(
        *("9110 7.8", "MAY", "another protocol is passed over"),
        get(b"/health", b"Connection: Upgrade", b"Upgrade: h2c"),
        get(b"/health", *UPGRADE),
        get(b"/health", b"Upgrade: websocket"),
    ),
    *served(
        *("9110 7.8", "MUST", "101 says what is spoken, in Upgrade and Connection"),
        handshake(*UPGRADE),
        handshake(b"Connection: keep-alive, UPGRADE", b"Upgrade: h2c, WebSocket"),
        back=101,
        closes=True,
        has=UPGRADE,
    ),
    *served(
        *("9110 7.8", "MUST", "nothing is spoken that was not asked for; 426 says what could be"),
        handshake(),
        handshake(b"Upgrade: websocket"),
        handshake(b"Connection: Upgrade", b"Upgrade: h2c"),
        handshake(b"Connection: Upgrade", b"Upgrade: websockets"),
        back=426,
        has=UPGRADE,
    ),
    *served(
        *("9110 7.8", "MUST", "HTTP/1.0 has no Upgrade"),
        handshake(*UPGRADE, version=b"HTTP/1.0"),
        back=426,
        closes=True,
    ),
    *served(
        *("9110 7.8", "MUST", "who expects to be asked is, before the protocol changes"),
        handshake(b"Expect: 100-continue", *UPGRADE),
        back=(100, 101),
        closes=True,
    ),
]
CONTEXT = [
    *placed(
        *("9110 10.1.1", "MAY", "nobody is asked for what is there; it is told without case"),
        post(ORDER, b"Expect: 100-continue"),
        post(ORDER, b"Expect: 100-Continue"),
        post(ORDER, b"Expect: 100-continue", b"Expect: 100-continue"),
        post(ORDER, b"Expect:"),
    ),
    *served(
        *("9110 10.1.1", "MAY", "nor for nothing"),
        get(b"/health", b"Expect: 100-continue"),
        get(b"/health", b"Expect: 100-continue", b"Content-Length: 0"),
    ),
    *refused(
        *("9110 10.1.1", "MAY", "another expectation gets 417"),
        *(post(ORDER, b"Expect: " + what) for what in (b"tea", b"100-continue, tea", b"100-x")),
        back=417,
    ),
    *served(
        *("9110 10.1.1", "MUST", "in HTTP/1.0 it is passed over"),
        post(ORDER, b"Expect: 100-continue").replace(b"HTTP/1.1", b"HTTP/1.0"),
        back=201,
        closes=True,
        placed=1,
    ),
    *served("9110 10.1.2", "MAY", "From changes nothing", *each(b"From", b"a@example.org")),
    *served("9110 10.1.3", "MAY", "nor does Referer", *each(b"Referer", b"http://evil.example/")),
    *served("9110 10.1.4", "MAY", "nor TE", *each(b"TE", b"trailers", b"chunked", b"")),
    *served("9110 10.1.5", "MAY", "nor User-Agent", *each(b"User-Agent", b"a/1 (b)")),
    *served(
        *("9110 10.2.1", "MUST", "405 says what is allowed"),
        get(b"/health", method=b"DELETE"),
        back=405,
        has=(b"Allow: GET, HEAD",),
    ),
    *served(
        *("9110 9.1", "SHOULD", "a method that no page has gets 501"),
        get(b"/orders", method=b"PUT"),
        back=405,
        has=ALLOWED,
        instead="405, which says what the page has",
    ),
    *served(
        *("9110 10.2.2", "MAY", "Location may be relative"),
        get(b"/"),
        back=302,
        has=(b"Location: /docs",),
    ),
    *served("9110 9.3.2", "MUST", "HEAD has no content", get(method=b"HEAD")),
    *served("9110 9.3.2", "MUST", "nor on 404", get(b"/nope", method=b"HEAD"), back=404),
    *refused(
        *("9110 9.3.2", "MUST", "nor where it is refused"),
        get(b"/health", b"X : y", method=b"HEAD"),
        get(b"/health", b"Content-Length: x", method=b"HEAD"),
        b"HEAD /health HTTP/1.1\r\n\r\n",
    ),
    *refused(
        *("9110 9.3.2", "MUST", "nor where it is too long"),
        get(b"/health", b"X: " + b"y" * 20_000, method=b"HEAD"),
        back=431,
    ),
]
TABLE = [*(*MESSAGES, *REQUEST_LINES, *FIELDS, *BODIES, *CODINGS, *CONNECTIONS, *ROUTING, *CONTEXT)]
ELSEWHERE = {
    "9112 4": "the status line: looked at in every answer",
    "9112 7.3": "the registry of codings",
    "9112 8": "incomplete messages: a test of their own",
    "9112 9.1": "what a connection is",
    "9112 9.2": "clients: which answer belongs to which request",
    "9112 9.3.1": "clients: what may be sent again",
    "9112 9.4": "clients: how many connections",
    "9112 9.5": "time-outs: a test of their own",
    "9112 9.7": "there is no TLS",
    "9112 9.8": "there is no TLS",
    "9110 7.1": "clients: where a target comes from",
    "9110 7.2": "clients: what stands in Host; servers: RFC 9112, 3.2",
    "9110 7.3": "clients: whom to connect to",
    "9110 7.5": "clients: which answer belongs to which request",
    "9110 7.6.1": "who forwards; Connection beside Upgrade is looked at in every answer",
    "9110 7.6.3": "who forwards: Via",
    "9110 7.7": "who forwards: transformations",
    "9110 10.2.3": "Retry-After: optional, and not sent",
    "9110 10.2.4": "Server: optional, and not sent",
}
