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


def is_installed():
    """Return whether Chromium and its driver are installed."""
    return all(PROGRAMS)


class Browser:
    """Chromium. Use it in a `with` statement."""

    def __init__(self, size="wide", dark=False, scripts=True):
        self.size, self.dark, self.scripts = size, dark, scripts

    def __enter__(self):
        self._profile = tempfile.mkdtemp()
        self._driver = subprocess.Popen(
            [PROGRAMS[1], "--port=0"], stdout=subprocess.PIPE, universal_newlines=True
        )
        self._address = None
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self):
        line = next(line for line in self._driver.stdout if "successfully on port" in line)
        self._address = f"http://127.0.0.1:{line.split()[-1].strip('.')}"
        chrome = {
            "binary": PROGRAMS[0],
            "args": [*_OPTIONS, f"--user-data-dir={self._profile}"],
            "prefs": {}
            if self.scripts
            else {"profile.default_content_setting_values.javascript": 2},
        }
        wanted = {
            "goog:chromeOptions": chrome,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        session = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._address += f"/session/{session['sessionId']}"
        scheme = {"name": "prefers-color-scheme", "value": "dark" if self.dark else "light"}
        self.command("Emulation.setEmulatedMedia", features=[scheme])
        self.resize(*SIZES[self.size])
        # The distribution's start page is not part of the log.
        self.ask("POST", "/url", {"url": "about:blank"})
        self.logs("performance")

    def __exit__(self, *_):
        try:
            if self._address:
                self.ask("DELETE", "")
        finally:
            self._driver.terminate()
            self._driver.wait()
            self._driver.stdout.close()
            shutil.rmtree(self._profile, ignore_errors=True)

    def ask(self, method, path, document=None):
        """Send a request to the driver, and return its value."""
        data = None if document is None else json.dumps(document).encode("utf-8")
        request = urllib.request.Request(self._address + path, data, method=method)
        with urllib.request.urlopen(request, timeout=60) as response:
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

    def press(self, key):
        """Press a key, by its code point in WebDriver or its character."""
        actions = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "k", "actions": actions}]})

    def open(self, url):
        """Open a page, and wait until its script has compared its values."""
        self.ask("POST", "/url", {"url": url})
        if self.scripts:
            self.wait_for("return document.documentElement.dataset.ready !== undefined")

    def wait_for(self, script, *arguments):
        """Wait until a script in the page returns true."""
        end = time.monotonic() + _WAIT
        while not self.run(script, *arguments):
            assert time.monotonic() < end, script
            time.sleep(0.05)

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

    def logs(self, kind="browser"):
        """Return the entries of a log."""
        return self.ask("POST", "/se/log", {"type": kind})

    def picture(self):
        """Return a screenshot of the whole page as PNG."""
        self.resize(SIZES[self.size][0], self.run("return document.documentElement.scrollHeight"))
        return base64.b64decode(self.command("Page.captureScreenshot", format="png")["data"])

    def pdf(self):
        """Return the page as PDF."""
        printed = self.command("Page.printToPDF", printBackground=True)
        return base64.b64decode(printed["data"])


def main(folder):
    """Write the screenshots and the PDF into a folder."""
    for size in SIZES:
        for dark in (False, True):
            name = f"{size}-{'dark' if dark else 'light'}"
            with Browser(size, dark) as browser:
                browser.open(PAGE.as_uri())
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
