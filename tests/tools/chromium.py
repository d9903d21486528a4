"""A Chromium without a window, and what no page of samewire's may show in it."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains

AXE = Path(find_spec("axe_core_python").origin).with_name("axe.min.js").read_text()
ELEMENTS = set(
    "html head meta title style body a header p nav ul li main section span h1 h2 h3 h4 code dl div dt dd ol strong b article pre mark "
    "svg text line g rect form label input select option button output details summary table thead tbody tr td th i footer time br script link".split()
)

options = webdriver.ChromeOptions()
for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1200,900", "--hide-scrollbars"):
    options.add_argument(argument)
options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
options.binary_location = shutil.which("chromium")
driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=shutil.which("chromedriver")))


def heard():
    """What pages asked for, and what the console said, since it was last asked."""
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            yield "request", message["params"]["request"]["url"]
    for entry in driver.get_log("browser"):
        yield "console", entry["message"]


def anchors():
    """Names are used once, and every link within the page leads somewhere."""
    return driver.execute_script(
        """const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
        const known = new Set(ids);
        const dead = [...document.querySelectorAll('a')].map(a => a.getAttribute('href')).filter(h => !h.startsWith('#') || !known.has(h.slice(1)));
        return [...ids.filter((id, at) => ids.indexOf(id) !== at).map(id => 'twice: ' + id), ...dead.map(h => 'dead link: ' + h)];"""
    )


def elements():
    """Elements and attributes that a report is not made of."""
    return driver.execute_script(
        """const known = new Set(arguments[0]);
        return [...document.querySelectorAll('*')].flatMap(e => [
          ...(known.has(e.localName) ? [] : ['element ' + e.localName]),
          ...[...e.attributes].filter(a => a.name.startsWith('on') || a.name === 'style' || a.name === 'src' || a.name === 'srcdoc').map(a => 'attribute ' + a.name)])
          .concat(document.scripts.length > 1 ? ['another script'] : []);""",
        sorted(ELEMENTS),
    )


def barriers():
    driver.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})
    driver.refresh()
    driver.execute_script(AXE)
    result = driver.execute_async_script("axe.run(document, {resultTypes: ['violations']}).then(arguments[0])")
    driver.execute_cdp_cmd("Page.setBypassCSP", {"enabled": False})
    for found in result["violations"]:
        if found["impact"] in ("serious", "critical"):
            yield f"axe: {found['id']}: {found['help']}: {found['nodes'][0]['html'][:200]}"


def press(key):
    ActionChains(driver).send_keys(key).perform()
