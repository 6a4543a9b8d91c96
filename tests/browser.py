# SPDX-License-Identifier: MIT
"""`python3 -m tests.browser FOLDER`: take screenshots of docs/illustrated.html in Chromium.

Writes wide and narrow ones, in light and dark, after a change, and a PDF. `Browser` drives Chromium
with the HTTP protocol of chromedriver, for these and for the tests. Chromium has a new profile and
no network: the page is a file.
"""

import base64
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "illustrated.html"
PROGRAMS = tuple(shutil.which(name) for name in ("chromium", "chromedriver"))
SIZES = {"wide": (1440, 900), "narrow": (390, 844)}
_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Every host name is unknown.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
)
_WAIT = 20  # seconds
_ATTEMPTS = 5  # to start the driver
KEYS = {
    "Tab": "\ue004",
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "Space": "\ue00d",
    "PageUp": "\ue00e",
    "PageDown": "\ue00f",
    "End": "\ue010",
    "Home": "\ue011",
    "Left": "\ue012",
    "Up": "\ue013",
    "Right": "\ue014",
    "Down": "\ue015",
}
# The least contrast, by WCAG's formula, of any visible text with its background.
CONTRAST = """
const numbers = (text) => text.match(/[0-9.]+/g).map(Number);
const light = (text) => numbers(text).slice(0, 3).map((one) => one / 255)
  .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
  .reduce((sum, one, index) => sum + one * [0.2126, 0.7152, 0.0722][index], 0);
const background = (one) => {
  while (one && numbers(getComputedStyle(one).backgroundColor)[3] === 0) {
    one = one.parentElement;
  }
  return getComputedStyle(one || document.body).backgroundColor;
};
const hasText = (one) => one.getClientRects().length
  && Array.from(one.childNodes).some((inner) => inner.nodeType === 3 && inner.data.trim());
const contrast = (one) => {
  const both = [light(getComputedStyle(one).color), light(background(one))].sort((a, b) => b - a);
  return (both[0] + 0.05) / (both[1] + 0.05);
};
return Math.min(...Array.from(document.querySelectorAll("body *")).filter(hasText).map(contrast));
"""


def is_installed():
    """Return whether Chromium and its driver are installed."""
    return all(PROGRAMS)


class Browser:
    """Chromium with one window. Use it in a `with` statement. size: in pixels"""

    def __init__(self, size=SIZES["wide"], dark=False):
        self.size, self.dark = size, dark

    def __enter__(self):
        self._profile = tempfile.mkdtemp()
        self._driver, self._address = self._started()
        self._session = ""
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    @staticmethod
    def _started():
        """Start the driver, and return its process and address."""
        for _ in range(_ATTEMPTS):
            driver = subprocess.Popen(
                [PROGRAMS[1], "--port=0"],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                universal_newlines=True,
            )
            for line in driver.stdout:
                if "successfully on port" in line:
                    return driver, f"http://127.0.0.1:{line.split()[-1].strip('.')}"
            # The port that it chose for IPv4 was in use for IPv6.
            driver.wait()
            driver.stdout.close()
        raise OSError("chromedriver does not start")

    def _start(self):
        chrome = {
            "binary": PROGRAMS[0],
            "args": [*_OPTIONS, f"--user-data-dir={self._profile}"],
        }
        wanted = {
            "goog:chromeOptions": chrome,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        session = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/session/{session['sessionId']}"
        scheme = {"name": "prefers-color-scheme", "value": "dark" if self.dark else "light"}
        self.command("Emulation.setEmulatedMedia", features=[scheme])
        self.resize(*self.size)
        # The distribution's start page is not part of the log.
        self.open("about:blank")
        self.logs("performance")

    def __exit__(self, *_):
        try:
            if self._session:
                self.ask("DELETE", "")
        finally:
            self._driver.terminate()
            self._driver.wait()
            self._driver.stdout.close()
            shutil.rmtree(self._profile, ignore_errors=True)

    def ask(self, method, path, document=None):
        """Send a request to the driver, and return its value."""
        data = None if document is None else json.dumps(document).encode("utf-8")
        request = urllib.request.Request(self._address + self._session + path, data, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as response:
            return json.load(response)["value"]

    def command(self, name, **parameters):
        """Run a command of Chromium's own protocol."""
        return self.ask("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def resize(self, width, height):
        """Give the page that many pixels."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def run(self, script, *arguments):
        """Run a script in the page, and return its value."""
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def press(self, *keys):
        """Press keys, by their names in KEYS or their characters."""
        strokes = [
            {"type": way, "value": KEYS.get(key, key)}
            for key in keys
            for way in ("keyDown", "keyUp")
        ]
        self.ask(
            "POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]}
        )

    def open(self, url):
        """Open a page."""
        self.ask("POST", "/url", {"url": url})

    def wait_for(self, script, *arguments):
        """Wait until a script in the page returns true."""
        end = time.monotonic() + _WAIT
        while not self.run(script, *arguments):
            assert time.monotonic() < end, script
            time.sleep(0.05)

    def logs(self, kind="browser"):
        """Return the entries of a log."""
        return self.ask("POST", "/se/log", {"type": kind})

    def picture(self):
        """Return a screenshot of the whole page as PNG."""
        self.resize(self.size[0], self.run("return document.documentElement.scrollHeight"))
        return base64.b64decode(self.command("Page.captureScreenshot", format="png")["data"])

    def pdf(self):
        """Return the page as PDF."""
        printed = self.command("Page.printToPDF", printBackground=True)
        return base64.b64decode(printed["data"])


class IllustratedCall(Browser):
    """Chromium with docs/illustrated.html."""

    def __enter__(self):
        super().__enter__()
        self.open(PAGE.as_uri())
        # Its script has compared its values.
        self.wait_for("return document.documentElement.dataset.ready !== undefined")
        return self

    def change(self, name, value):
        """Change a field of the form, and wait for the values."""
        self.run(
            "const [name, codes] = arguments; const field = document.forms[0].elements[name];"
            "const value = String.fromCharCode(...codes);"
            "delete document.documentElement.dataset.shown;"
            "field.value = value; field.dispatchEvent(new Event('input', {bubbles: true}));",
            name,
            [ord(character) for character in value],  # the driver rejects half a surrogate pair
        )
        self.wait_for("return document.documentElement.dataset.shown !== undefined")


def main(folder):
    """Write the screenshots and the PDF into a folder."""
    for size, pixels in SIZES.items():
        for dark in (False, True):
            name = f"{size}-{'dark' if dark else 'light'}"
            with IllustratedCall(pixels, dark) as browser:
                if (size, dark) == ("wide", False):
                    (folder / "print.pdf").write_bytes(browser.pdf())
                (folder / f"{name}.png").write_bytes(browser.picture())
                browser.change("time", "20150831T123600Z")
                browser.change("damage", "110")
                (folder / f"{name}-changed.png").write_bytes(browser.picture())


if __name__ == "__main__":
    if not is_installed():
        sys.exit("chromium or chromedriver is not installed")
    main(Path(sys.argv[1]))
