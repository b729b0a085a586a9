"""A headless Chromium driven over its DevTools protocol, for tests that look at pages.

Nothing is downloaded: whatever Chromium the machine has is used, and only files of this machine are opened.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import aiohttp

T = TypeVar("T")
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
LISTENING = "DevTools listening on "
SETTLED = "new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
"""Events that the page has queued, such as a dialog's `close`, come before this."""
START_S = 60
CALL_S = 60
KEYS = {"Enter": ("\r", 13), "Escape": ("", 27), "Tab": ("", 9), "ArrowLeft": ("", 37), "ArrowUp": ("", 38)}
KEYS |= {"ArrowRight": ("", 39), "ArrowDown": ("", 40), "Home": ("", 36), "End": ("", 35)}


def installed() -> str | None:
    """The path of a Chromium; None if the machine has none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Browser:
    """One page in one browser with an empty profile.

    Used as a context manager, without an event loop outside.
    """

    def __init__(self, program: str) -> None:
        self._program = program
        self._runner = asyncio.Runner()
        self._ids = itertools.count(1)
        self._events: list[dict[str, Any]] = []
        self._folder = tempfile.TemporaryDirectory(prefix="huifu-chromium-", ignore_cleanup_errors=True)
        self._page = ""

    def __enter__(self) -> Browser:
        self._run(self._start())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._run(self._stop())
        self._runner.close()
        self._folder.cleanup()

    # -- what a test does -----------------------------------------------------------------------------------------

    def show(self, file: Path, query: str = "", *, width: int = 1280, height: int = 900, scale: float = 1) -> None:
        """Opens a file in a window of that size; returns when it is loaded and drawn."""
        phone = width < 600
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.call("Emulation.setTouchEmulationEnabled", enabled=phone)
        self.call("Page.navigate", url="about:blank")
        self._events.clear()
        self.call("Page.navigate", url=file.as_uri() + query)
        self._run(self._until("Page.loadEventFired"))
        self.eval(SETTLED)

    def eval(self, expression: str) -> Any:
        """The JSON value of a JavaScript expression, awaited; raises what it throws."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            thrown = answer["exceptionDetails"]
            raise AssertionError(f"{expression}: {thrown.get('exception', {}).get('description', thrown['text'])}")
        return answer["result"].get("value")

    def press(self, *keys: str) -> None:
        """Real key events: names such as ArrowDown, or single characters. Returns when the page has dealt with them."""
        for key in keys:
            text, number = KEYS.get(key, (key, ord(key.upper()[0])))
            about = {"key": key, "windowsVirtualKeyCode": number, "nativeVirtualKeyCode": number}
            if text:
                self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **about)
            else:
                self.call("Input.dispatchKeyEvent", type="rawKeyDown", **about)
            self.call("Input.dispatchKeyEvent", type="keyUp", **about)
        self.eval(SETTLED)

    def dark(self, wanted: bool) -> None:
        """What the system prefers."""
        features = [{"name": "prefers-color-scheme", "value": "dark" if wanted else "light"}]
        self.call("Emulation.setEmulatedMedia", features=features)

    def picture(self, file: Path, *, whole: bool = False) -> None:
        """A PNG of the window, or of all that the page shows."""
        self.eval("Promise.all(document.getAnimations().map((one) => one.finished))")
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **self._clip(whole))
        file.write_bytes(base64.b64decode(answer["data"]))

    def pdf(self, file: Path) -> None:
        answer = self.call("Page.printToPDF", printBackground=False, preferCSSPageSize=True)
        file.write_bytes(base64.b64decode(answer["data"]))

    def tree(self) -> list[dict[str, Any]]:
        """The accessibility tree, flat."""
        return list(self.call("Accessibility.getFullAXTree")["nodes"])

    def complaints(self) -> list[str]:
        """Errors, refused loads and violations of the page's policy since it was opened, and every request it
        made.
        """
        found = []
        for event in self._events:
            params = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                found.append(str(params["exceptionDetails"].get("exception", {}).get("description")))
            elif event["method"] == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                found.append(params["entry"]["text"])
            elif event["method"] == "Network.requestWillBeSent" and not params["request"]["url"].startswith(
                ("file:", "data:", "about:")
            ):
                found.append("requests " + params["request"]["url"])
        return found

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return self._run(self._call(method, params))

    # -- the protocol ---------------------------------------------------------------------------------------------

    def _run(self, doing: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(doing)

    def _clip(self, whole: bool) -> dict[str, Any]:
        if not whole:
            return {}
        box = "(({width, height}) => ({width, height}))(document.querySelector('#app').getBoundingClientRect())"
        return {"clip": {"x": 0, "y": 0, "scale": 1, **self.eval(box)}}

    async def _start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            self._program,
            *FLAGS,
            f"--user-data-dir={self._folder.name}",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        address = await asyncio.wait_for(self._address(), START_S)
        self._draining = asyncio.create_task(self._drain())
        self._session = aiohttp.ClientSession()
        self._socket = await self._session.ws_connect(address, max_msg_size=0)
        pages = (await self._call("Target.getTargets", {}))["targetInfos"]
        target = next(page["targetId"] for page in pages if page["type"] == "page")
        self._page = (await self._call("Target.attachToTarget", {"targetId": target, "flatten": True}))["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            await self._call(f"{domain}.enable", {})

    async def _address(self) -> str:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            text = line.decode(errors="replace").strip()
            if text.startswith(LISTENING):
                return text.removeprefix(LISTENING)
        raise RuntimeError(f"{self._program} ended before it listened")

    async def _drain(self) -> None:
        assert self._process.stderr is not None
        while await self._process.stderr.read(65536):
            pass

    async def _call(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        number = next(self._ids)
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        await self._socket.send_json({**message, "sessionId": self._page} if self._page else message)
        while True:
            heard = await self._hear()
            if heard.get("id") == number:
                if "error" in heard:
                    raise RuntimeError(f"{method}: {heard['error']['message']}")
                return dict(heard["result"])

    async def _until(self, event: str) -> None:
        while not any(seen["method"] == event for seen in self._events):
            await self._hear()

    async def _hear(self) -> dict[str, Any]:
        heard: dict[str, Any] = await asyncio.wait_for(self._socket.receive_json(), CALL_S)
        if "method" in heard:
            self._events.append(heard)
        return heard

    async def _stop(self) -> None:
        self._page = ""
        await self._call("Browser.close", {})
        await self._socket.close()
        await self._session.close()
        await self._process.wait()
        await self._draining
