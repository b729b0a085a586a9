"""How long the console's first view takes with 10,000 calls in the journal, beside a bare page of the same size."""

import http.server
import shutil
import statistics
import threading
from collections.abc import Callable, Iterator
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
SIZE = """performance.getEntriesByType("resource").reduce((sum, one) => sum + one.encodedBodySize, 0)"""


@contextmanager
def _busy() -> Iterator[str]:
    """A server of its own process whose default tenant received many closes; the address of its page."""
    signed = measures.bodies(CALLS)
    with measures.serving(CALLS) as (base_url, _):
        load(base_url, measures.requests(base_url, signed), 16, b'"00000000"')
        yield f"{base_url}/_mock/"


@contextmanager
def _bare(size: int) -> Iterator[str]:
    """A page of so many bytes, one script of nothing but a comment, that shows one row."""
    page = b"<!doctype html><script src=/script.js></script><a class=row>row</a>"
    script = b"/*" + b"x" * size + b"*/"

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the library calls it by this name
            body = script if self.path == "/script.js" else page
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if body is script else "text/html")
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
    """Seconds until the first row is there, of the console and of the bare page: the median of some first visits.

    `None` where there is no Chromium.
    """
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        return None
    from playwright.sync_api import Browser, sync_playwright

    def first_visit(browser: Browser, address: str) -> tuple[float, int]:
        with browser.new_context() as context:  # an empty cache
            page = context.new_page()
            page.add_init_script(WATCH.replace("MARK", "a.row"))
            page.goto(address)
            page.wait_for_selector("a.row", state="attached")
            return page.evaluate("window.seenAt") / 1000, page.evaluate(SIZE)

    def median(visit: Callable[[], tuple[float, int]]) -> float:
        visit()
        return statistics.median(visit()[0] for _ in range(ROUNDS))

    with _busy() as console, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        with _bare(first_visit(browser, console)[1]) as bare:
            found = median(lambda: first_visit(browser, console)), median(lambda: first_visit(browser, bare))
        browser.close()
    return found


if __name__ == "__main__":
    print(measured())
