"""Pages for people: the document as Swagger UI shows it, from files that we serve ourselves."""

from importlib.util import find_spec
from pathlib import Path

from facade.errors import ApiError
from facade.message import Answer, Request

_TYPES = {
    "swagger-ui.css": b"text/css; charset=utf-8",
    "swagger-ui-bundle.js": b"text/javascript; charset=utf-8",
    "favicon-32x32.png": b"image/png",
}
_CACHE = b"Cache-Control: max-age=86400\r\n"
_POLICY = (
    b"Content-Security-Policy: default-src 'self'; style-src 'self' 'unsafe-inline'; "
    b"img-src 'self' data:; frame-ancestors 'none'\r\n"
)
_START = b"""\
window.onload = () => {
  SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true });
};
"""
_PAGE = b"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>QuantScope</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""


class Pages:
    """``/docs`` and the files it needs."""

    def __init__(self) -> None:
        """The files are found now and read when they are first asked for."""
        spec = find_spec("swagger_ui")
        found = spec.submodule_search_locations if spec is not None else None
        self._static = Path(found[0]) / "static" if found else None
        self._read: dict[str, bytes] = {}

    def index(self, request: Request) -> Answer:
        """``GET /``."""
        return Answer(302, b"", b"text/html; charset=utf-8", b"Location: /docs\r\n")

    def docs(self, request: Request) -> Answer:
        """``GET /docs``."""
        return Answer(200, _PAGE, b"text/html; charset=utf-8", _POLICY)

    def file(self, request: Request) -> Answer:
        """``GET /docs/{file}``."""
        name = request.param
        if name == "start.js":
            return Answer(200, _START, _TYPES["swagger-ui-bundle.js"], _CACHE)
        content_type = _TYPES.get(name)
        if content_type is None or self._static is None:
            raise ApiError(404, "NOT_FOUND")
        if name not in self._read:
            self._read[name] = (self._static / name).read_bytes()
        return Answer(200, self._read[name], content_type, _CACHE)
