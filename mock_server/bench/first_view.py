"""How long the console's first view takes with 10,000 calls in the journal, beside the same picture by itself."""

import http.server
import json
import shutil
import statistics
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import measures
from load import load

CALLS = 10_000
ROUNDS = 7
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
WATCH = """new MutationObserver((_, watcher) => {
  if (document.querySelector("MARK")) { window.seenAt = performance.now(); watcher.disconnect(); }
}).observe(document, {childList: true, subtree: true})"""
"""Notes when the mark is there: milliseconds since the navigation began."""
PICTURE = "[document.getElementById('app')?.innerHTML, document.querySelector('link[rel=stylesheet]').href]"


@contextmanager
def _busy() -> Iterator[str]:
    """A server of its own process whose default tenant received many closes; the address of its page."""
    signed = measures.bodies(CALLS)
    with measures.serving(CALLS) as (base_url, _):
        load(base_url, measures.requests(base_url, signed), 16, b'"00000000"')
        yield f"{base_url}/_mock/"


@contextmanager
def _bare(picture: str, style: bytes) -> Iterator[str]:
    """The floor: a page whose one script and one style show that picture, with nothing to ask or to build for it."""
    files = {
        "/": ("text/html", b"<!doctype html><link rel=stylesheet href=style.css><script defer src=script.js></script>"),
        "/script.js": ("text/javascript", f"document.body.innerHTML = {json.dumps(picture)}".encode()),
        "/style.css": ("text/css", style),
    }

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the library calls it by this name
            kind, body = files.get(self.path, ("text/plain", b""))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing is printed for each request."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_port}/"
        served.shutdown()


def measured() -> tuple[float, float] | None:
    """Seconds until the first row is there, of the console and of the bare page: the median of visits by turns.

    `None` where there is no Chromium.
    """
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        return None
    from playwright.sync_api import Browser, sync_playwright

    def first_visit(browser: Browser, address: str) -> tuple[float, str, str]:
        with browser.new_context() as context:  # an empty cache
            page = context.new_page()
            page.add_init_script(WATCH.replace("MARK", "a.row"))
            page.goto(address)
            page.wait_for_selector("a.row", state="attached")
            return page.evaluate("window.seenAt") / 1000, *page.evaluate(PICTURE)

    with _busy() as console, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        _, picture, style = first_visit(browser, console)
        with urllib.request.urlopen(style) as read, _bare(picture, read.read()) as bare:
            visits = [(first_visit(browser, console)[0], first_visit(browser, bare)[0]) for _ in range(ROUNDS)]
        browser.close()
    return statistics.median(one for one, _ in visits), statistics.median(one for _, one in visits)


if __name__ == "__main__":
    print(measured())
