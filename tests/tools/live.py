"""Looks at the live page in Chromium while real recordings run, and fails on what it should not show.

live.py SAMEWIRE FOLDER [SHOTS]: runs `samewire ui` and `samewire record` in FOLDER, against an API that answers when it is told to. Pairs of captures in
FOLDER/hostile/ hold what was captured from somebody who means harm: drawn one after the other on one page, none of it may become an element. With
SHOTS, pictures of the page are put there.
"""

import http.server
import json
import queue
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from chromium import anchors, barriers, driver, elements, heard, press

SAMEWIRE, FOLDER, *SHOTS = sys.argv[1:]
TOKEN = "Bearer abcdefghijklmnopqrstuvwxyz0123456789"  # pragma: allowlist secret
HARM = "<img src=x onerror=alert(1)></title><script>alert(2)</script>"
CLIENT = """
import sys, urllib.error, urllib.request
for line in sys.argv[2:]:
    path, _, token = line.partition("|")
    request = urllib.request.Request(sys.argv[1] + path, headers={"Authorization": token} if token else {})
    try:
        urllib.request.urlopen(request).read()
    except urllib.error.HTTPError as error:
        error.read()
"""
answers = queue.Queue()


class Api(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """Answers when it is told to: 403 to those who show no token, but for its status."""
        answers.get()
        allowed = self.path == "/v1/status" or self.headers.get("Authorization")
        body = json.dumps({"note": HARM}).encode()
        self.send_response(200 if allowed else 403)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Note", HARM)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


api = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
threading.Thread(target=api.serve_forever, daemon=True).start()
started = []


def samewire(*args):
    process = subprocess.Popen([SAMEWIRE, *args], cwd=FOLDER, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    started.append(process)
    return process


def record(side, *requests):
    command = [sys.executable, "-c", CLIENT, f"http://127.0.0.1:{api.server_port}", *requests]
    return samewire("record", side, "--no-preflight", "--", *command)


def text(selector):
    return driver.execute_script("return document.querySelector(arguments[0])?.innerText ?? ''", selector)


def until(what, condition):
    try:
        WebDriverWait(driver, 60, 0.05).until(lambda _: condition())
    except Exception:
        raise SystemExit(f"never: {what}\n{text('#answer')}\n{text('#pairs')}\n{[*heard()][-8:]}") from None


def says(selector, words):
    until(f"{selector} says {words!r}", lambda: words in text(selector))


def has(selector):
    until(f"there is {selector}", lambda: driver.find_elements(By.CSS_SELECTOR, selector))


def check(what, holds):
    if not holds:
        wrong.append(what)


def shot(name):
    if SHOTS:
        driver.save_screenshot(str(Path(SHOTS[0]) / f"{name}.png"))


def shown_as(theme, width=1200):
    """Sets the theme and the width."""
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]})
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600})


def version_shown():
    return driver.execute_script("return Number(document.documentElement.dataset.version)")


def harmless():
    """Draws hostile captures on a page that is open; says what came alive."""
    page = samewire("ui", "--no-open", "watched/sandbox.har", "watched/runtime.har")
    driver.get(page.stderr.readline().split()[-1])
    says("#link", "live")
    watched = Path(FOLDER, "watched")
    watched.mkdir()
    for pair in sorted(Path(FOLDER, "hostile").iterdir()):
        for side in ("sandbox", "runtime"):
            before = version_shown()
            shutil.copy(pair / f"{side}.har", watched / "next")
            (watched / "next").replace(watched / f"{side}.har")
            until(f"{pair.name} is drawn", lambda: version_shown() > before)
        check(f"{pair.name} has no pairs", driver.find_elements(By.CSS_SELECTOR, "details.pair"))
        yield from (f"{pair.name}: {one}" for one in elements())
    page.send_signal(signal.SIGINT)
    says("#link", "samewire has ended")


wrong = []
try:
    shown_as("light")
    page = samewire("ui", "--no-open")
    url = page.stderr.readline().split()[-1]
    driver.get(url)

    says("#link", "live")
    says("h1", "nothing is recorded yet")
    says(".sides", "samewire record runtime -- COMMAND")
    shot("1-waiting")

    sandbox = record("sandbox", "/v1/status", "/v1/lots?page=1|" + TOKEN, "/v1/orders|" + TOKEN)
    says(".sides", "recording")
    answers.put(1)
    has("#pair-1.awaited")
    says("h1", "the runtime is not recorded yet")
    until("the lane waits", lambda: "not yet" in driver.find_element(By.CSS_SELECTOR, "svg").text)
    shot("2-one-side")
    answers.put(1), answers.put(1)
    has("#pair-3.awaited")
    check("the sandbox's recording failed", sandbox.wait() == 0)
    has(".sides .recorded")

    # What a person does to the page stays.
    driver.find_element(By.CSS_SELECTOR, "#pair-1 summary").click()
    search = driver.find_element(By.ID, "search")
    search.send_keys("v1")
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", search)

    runtime = record("runtime", "/v1/status", "/v1/lots?page=1", "/v1/orders")
    answers.put(1)
    has("#pair-1.same")
    says(".verdict", "RECORDING")
    check("it says `same` before the end", "same" not in text(".verdict").lower())
    check("a pair that was opened is closed", driver.find_element(By.ID, "pair-1").get_attribute("open"))
    check("the filter is forgotten", search.get_attribute("value") == "v1")
    check("the focus is lost", driver.switch_to.active_element == search)
    before = driver.execute_script("return document.getElementById('pair-1')")
    answers.put(1)
    has("#pair-2.differs")
    says("h1", "runtime sends no")
    says(".verdict", "so far")
    says("#findings", "so far")
    check("a request that may still come is missed", not driver.find_elements(By.CSS_SELECTOR, "#pair-3.differs"))
    check("what is found to differ is not open", driver.find_element(By.ID, "pair-2").get_attribute("open"))
    check("an unchanged pair was replaced", before == driver.find_element(By.ID, "pair-1"))
    check("the title is another", driver.title.startswith("differs: runtime sends no"))
    driver.execute_script("scrollTo(0, 0)")
    shot("3-both")
    answers.put(1)
    check("the runtime's recording failed", runtime.wait() == 0)
    until("it is settled", lambda: "so far" not in text("main"))
    says(".verdict", "DIFFERS")
    wrong += anchors() + elements()
    live = driver.find_element(By.CSS_SELECTOR, "[aria-live=polite]")
    check("the verdict is not announced", "runtime sends no" in live.text)

    # A recording that is killed is over, and the page says so.
    killed = record("runtime", "/v1/status", "/v1/lots?page=1")
    answers.put(1)
    says(".sides .recording", "runtime")
    killed.kill()
    says("#answer", "did not end in order")
    answers.put(1)

    for theme in ("light", "dark"):
        shown_as(theme)
        driver.execute_script("scrollTo(0, 0)")
        shot(f"4-{theme}")
        wrong += [f"{theme}: {one}" for one in barriers()]
    shown_as("light", 390)
    check("a phone scrolls sideways", driver.execute_script("return document.documentElement.scrollWidth <= innerWidth"))
    shot("5-phone")
    wrong += [f"phone: {one}" for one in barriers()]
    shown_as("light")
    driver.refresh()
    says("#link", "live")

    press(Keys.TAB)
    check("the first key does not lead to the skip link", driver.switch_to.active_element.get_attribute("class") == "skip")
    for kind, what in heard():
        if kind == "console" or not what.startswith(url):
            wrong.append(f"{kind}: {what}")

    page.send_signal(signal.SIGINT)
    check("the end has another status than 0", page.wait() == 0)
    says("#link", "samewire has ended")
    check("the page does not stay readable", "runtime sends no" in text("main") or "did not end" in text("main"))
    wrong += [f"after the end, {kind}: {what}" for kind, what in heard() if kind == "console"]
    if Path(FOLDER, "hostile").is_dir():
        wrong += harmless()
        wrong += [f"of hostile captures, {kind}: {what}" for kind, what in heard() if kind == "console" or "127.0.0.1" not in what]
finally:
    driver.quit()
    for process in started:
        process.kill()
if wrong:
    sys.exit("\n".join(wrong))
print("seen")
