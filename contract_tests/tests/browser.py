"""One page in the machine's Chromium, driven by playwright, for tests that look at pages.

Nothing is downloaded: whatever Chromium the machine has is used, and only files and servers of this machine are opened.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.sync_api import CDPSession, ConsoleMessage, Page, Playwright, Request, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
SETTLED = "new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
"""Events that the page has queued, such as a dialog's `close`, come before this."""
FORGET = "try { localStorage.clear(); sessionStorage.clear(); } catch { /* a blank page has none */ }"


def installed() -> str | None:
    """The path of a Chromium; None if the machine has none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


LIGHT = ("--no-sandbox", "--disable-site-isolation-trials", "--renderer-process-limit=1")
"""One process draws all pages: a new one for each takes as long as the page."""


class Browser:
    """One page in one browser with an empty profile; it starts with its first page and again after its end.

    Used without an event loop outside.
    """

    page: Page
    devtools: CDPSession

    def __init__(self, program: str) -> None:
        self._program = program
        self._complaints: list[str] = []
        self._dark = False
        self._calm = False
        self._origin = ""
        self._scripts: list[str] = []
        self._windows: dict[tuple[bool, float], tuple[Page, CDPSession]] = {}
        self._playwright: Playwright | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    def _start(self) -> None:
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=self._program, args=LIGHT)

    def end(self) -> None:
        """Ends the program if it runs, with all its windows."""
        if self._playwright is not None:
            self._browser.close()
            self._playwright.stop()
            self._playwright = None
            self._windows.clear()

    def show(self, file: Path, query: str = "", *, width: int = 1280, height: int = 900, scale: float = 1) -> None:
        """Opens a file in a window of that size; returns when it is loaded and drawn."""
        self.open(file.as_uri() + query, width=width, height=height, scale=scale)

    def open(self, url: str, *, width: int = 1280, height: int = 900, scale: float = 1) -> None:
        """Opens a page in a window of that size, with nothing remembered; returns when it is loaded and drawn."""
        self._origin = "{0.scheme}://{0.netloc}/".format(urlsplit(url)) if url.startswith("http") else "file:"
        if self._playwright is None:
            self._start()
        if self._windows:
            self._leave()
        kind = (width < 600, scale)
        if kind not in self._windows:
            self._windows[kind] = self._new_window(*kind)
        self.page, self.devtools = self._windows[kind]
        self.page.bring_to_front()
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(
            color_scheme="dark" if self._dark else "light",
            reduced_motion="reduce" if self._calm else "no-preference",
        )
        self.page.goto(url)
        self.eval(SETTLED)

    def _new_window(self, phone: bool, scale: float) -> tuple[Page, CDPSession]:
        """Kept for all pages of its kind: a new one takes several times as long as a page."""
        context = self._browser.new_context(
            device_scale_factor=scale, is_mobile=phone, has_touch=phone, accept_downloads=True
        )
        for script in self._scripts:
            context.add_init_script(script)
        page = context.new_page()
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._complaints.append(str(error)))
        page.on("request", self._on_request)
        return page, context.new_cdp_session(page)

    def prepare(self, script: str) -> None:
        """JavaScript that runs in each page from the next one on, before the page's own."""
        if script not in self._scripts:
            self._scripts.append(script)
            for page, _ in self._windows.values():
                page.context.add_init_script(script)

    def _leave(self) -> None:
        """End the page that is shown, with all that it has stored and may do."""
        self.eval(FORGET)
        self.page.goto("about:blank")
        self.page.context.clear_permissions()
        self._complaints.clear()

    def eval(self, expression: str) -> Any:
        """The JSON value of a JavaScript expression, awaited; raises what it throws.

        `Page.evaluate` would use `eval`, which the page's policy forbids.
        """
        sent = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        answer = self.devtools.send("Runtime.evaluate", sent)
        if "exceptionDetails" in answer:
            thrown = answer["exceptionDetails"]
            raise AssertionError(f"{expression}: {thrown.get('exception', {}).get('description', thrown['text'])}")
        return answer["result"].get("value")

    def press(self, *keys: str) -> None:
        """Real key events: names such as ArrowDown, or single characters. Returns when the page has dealt with them."""
        for key in keys:
            self.page.keyboard.press(key)
        self.eval(SETTLED)

    def dark(self, wanted: bool) -> None:
        """What the system prefers, from the next page on."""
        self._dark = wanted

    def calm(self, wanted: bool) -> None:
        """Whether the system asks for little motion, from the next page on."""
        self._calm = wanted

    def picture(self, file: Path, *, whole: bool = False) -> None:
        """A PNG of the window, or of all that the page shows."""
        self.eval("Promise.all(document.getAnimations().map((one) => one.finished))")
        box = self.page.locator("#app").bounding_box() if whole else None
        clip = None if box is None else {"x": 0, "y": 0, "width": box["width"], "height": box["height"]}
        self.page.screenshot(path=file, full_page=whole, clip=clip)  # type: ignore[arg-type] # it is a FloatRect

    def pdf(self, file: Path) -> None:
        self.page.pdf(path=file, prefer_css_page_size=True)

    def tree(self) -> list[dict[str, Any]]:
        """The accessibility tree, flat."""
        return list(self.devtools.send("Accessibility.getFullAXTree")["nodes"])

    def complaints(self) -> list[str]:
        """Errors, refused loads and violations of the page's policy since it was opened, and every request it made."""
        return list(self._complaints)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._complaints.append(message.text)

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((self._origin, "data:", "about:", "blob:")):
            self._complaints.append("requests " + request.url)
