"""Opens HTML reports in Chromium and fails on what a reader could meet: errors, requests, dead links, barriers, a filter that filters nothing.

browser.py FOLDER: opens every *.html in it from disk. Of `sample-*` axe reads each too, and they are filtered and worked by keyboard.
`large-*` are filtered.
`hostile-*` hold what was captured from somebody who means harm: none of it may have become an element.
"""

import sys
from pathlib import Path

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from chromium import anchors, barriers, driver, elements, heard, press

wrong = []


def opened(page):
    """Opens a page; says what it asked for and what the console said."""
    list(heard())
    driver.get(page.as_uri())
    for kind, what in heard():
        if kind == "console":
            yield f"console: {what}"
        elif what != page.as_uri():
            yield f"asked for {what}"


def shown():
    """What a script would need one call for each of: class and findings of the requests that are there to be seen."""
    return driver.execute_script(
        """return [...document.querySelectorAll('details.pair')].filter(pair => pair.getClientRects().length > 0)
          .map(pair => ({state: [...pair.classList], findings: pair.dataset.findings.split(' ')}));"""
    )


def filters():
    pairs = driver.find_elements(By.CSS_SELECTOR, "details.pair")
    if not pairs:
        return
    Select(driver.find_element(By.ID, "state")).select_by_value("differs")
    if any("differs" not in pair["state"] for pair in shown()):
        yield "shows what does not differ"
    Select(driver.find_element(By.ID, "state")).select_by_value("")
    search = driver.find_element(By.ID, "search")
    search.send_keys("no such thing anywhere")
    WebDriverWait(driver, 10).until(lambda _: not shown())
    search.clear()
    search.send_keys("h")
    search.send_keys(Keys.BACKSPACE)
    WebDriverWait(driver, 10).until(lambda _: len(shown()) == len(pairs))
    numbers = [option.get_attribute("value") for option in driver.find_elements(By.CSS_SELECTOR, "#finding option")]
    for number in filter(None, numbers):
        Select(driver.find_element(By.ID, "finding")).select_by_value(number)
        if any(number not in pair["findings"] for pair in shown()):
            yield f"shows what is no evidence of finding {number}"
    if numbers:
        Select(driver.find_element(By.ID, "finding")).select_by_value("")


def keyboard():
    """The first key leads to the skip link; a pair opens and closes by key; the button goes to a difference."""
    driver.refresh()
    press(Keys.TAB)
    first = driver.switch_to.active_element
    if first.get_attribute("class") != "skip" or not first.is_displayed():
        yield "the first key does not lead to the skip link"
    press(Keys.ENTER)
    if driver.switch_to.active_element.tag_name != "main":
        yield "the skip link does not lead to the report"
    pair = next(iter(driver.find_elements(By.CSS_SELECTOR, "details.pair")), None)
    if pair is None:
        return
    for _ in range(200):
        press(Keys.TAB)
        if driver.switch_to.active_element.tag_name == "summary":
            break
    else:
        yield "no key leads to a request"
        return
    before = pair.get_attribute("open")
    press(Keys.ENTER)
    if pair.get_attribute("open") == before:
        yield "a request does not open by key"
    if driver.find_elements(By.CSS_SELECTOR, "details.pair.differs"):
        driver.find_element(By.ID, "next").send_keys(Keys.SPACE)
        if not driver.find_elements(By.CSS_SELECTOR, ".here"):
            yield "no key leads to a difference"


def without_script(page):
    """All of it is there without the script: every place, and no filter that would do nothing."""
    count = "return [document.querySelectorAll('details.pair tr').length, document.body.textContent.replace(document.scripts[0].textContent, '').length]"
    there = driver.execute_script(count)
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    driver.get(page.as_uri())
    form = driver.find_elements(By.ID, "filter")
    if form and form[0].is_displayed():
        yield "the filter is there without the script"
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    if driver.execute_script(count)[0] != there[0]:
        yield "places are missing without the script"


read = 0
try:
    for page in sorted(Path(sys.argv[1]).glob("*.html")):
        found = [*opened(page), *anchors(), *elements()]
        if page.name.startswith("sample-"):
            differs = driver.find_elements(By.CSS_SELECTOR, "tr.differs > td.sign")
            marked = driver.find_elements(By.CSS_SELECTOR, "tr.differs mark, tr.differs td.none, tr.differs i")
            if differs and not marked:
                found.append("nothing is marked in what differs")
            found += [*filters(), *keyboard(), *without_script(page), *barriers()]
        if page.name.startswith("large-"):
            found += filters()
        wrong += [f"{page.name}: {one}" for one in found]
        read += 1
finally:
    driver.quit()
if wrong:
    print(*wrong[:60], sep="\n", file=sys.stderr)
    sys.exit(f"{len(wrong)} faults in {read} pages")
print(f"{read} read")
