"""The page in headless Chromium, without a network: Debian's packages `chromium` and `chromium-driver`."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver

from tests.reporting.page_run import page_of

PROGRAMS = ("chromium", "chromedriver")
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND"),
)
NAMES = ("a|b <b>$x$</b> _it_", "\u05db\u05dc\u05d1 👩🏽‍🚀", "<script>alert(1)</script>")
PHONE, SCREEN = 390, 1280
DRAWN = 30  # seconds to wait for the charts


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    """A browser that shows the page of a run whose classes have names that HTML and charts might obey."""
    browser, driver = map(shutil.which, PROGRAMS)
    if browser is None or driver is None:
        pytest.skip("Chromium is not installed: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chromium = webdriver.Chrome(options=options, service=Service(driver))
    try:
        open_page(chromium, page_of(tmp_path_factory.mktemp("page"), names=NAMES), width=SCREEN)
        yield chromium
    finally:
        chromium.quit()


def open_page(chromium: WebDriver, path: Path | str, *, width: int, scheme: str = "light") -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width == PHONE}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    chromium.get(path if isinstance(path, str) else path.as_uri())
    end = time.monotonic() + DRAWN
    while chromium.execute_script("return document.documentElement.dataset.charts") != "drawn":
        assert time.monotonic() < end, chromium.get_log("browser")
        time.sleep(0.05)


def test_it_opens_without_a_network_and_without_an_error_and_shows_everything(page: WebDriver) -> None:
    open_page(page, page.current_url, width=SCREEN)
    assert page.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    requests = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
    own = [item for item in requests if item["documentURL"].startswith("file:")]  # others are the browser's first page
    asked = [item["request"]["url"] for item in own]
    assert page.current_url in asked
    assert {url.partition(":")[0] for url in asked} <= {"file", "data"}
    places = page.find_elements(By.CSS_SELECTOR, "[data-chart]")
    assert len(places) == 3
    assert all(place.find_elements(By.TAG_NAME, "svg") for place in places)
    widths = page.execute_script(
        "return [...document.images].filter(i => i.src).map(i => i.complete && i.naturalWidth)"
    )
    assert len(widths) > 10
    assert all(widths)
    drawn = page.execute_script("return [...document.querySelectorAll('svg text')].map(text => text.textContent)")
    assert set(NAMES) <= set(drawn), "names stand in the charts as they are"


def test_a_table_sorts_both_ways_by_mouse_and_by_keyboard(page: WebDriver) -> None:
    table = page.find_element(By.XPATH, "//table[contains(caption, 'Every class')]")
    heading = table.find_element(By.XPATH, ".//th[contains(., 'images')]")
    column = [cell.text for cell in table.find_elements(By.TAG_NAME, "th")].index(heading.text)

    def values() -> list[int]:
        return [
            int(row.find_elements(By.TAG_NAME, "td")[column].text)
            for row in table.find_elements(By.XPATH, ".//tbody/tr")
        ]

    first = values()
    assert len(set(first)) > 1
    heading.find_element(By.TAG_NAME, "button").click()
    assert (heading.get_attribute("aria-sort"), values()) == ("descending", sorted(first, reverse=True))
    heading.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    assert (heading.get_attribute("aria-sort"), values()) == ("ascending", sorted(first))


def test_a_picture_opens_and_closes_by_keyboard(page: WebDriver) -> None:
    picture = page.find_element(By.CSS_SELECTOR, "button.enlarge")
    viewer = page.find_element(By.ID, "viewer")
    picture.send_keys(Keys.ENTER)
    shown = viewer.find_element(By.TAG_NAME, "img")
    assert viewer.is_displayed()
    assert shown.get_attribute("alt") == picture.find_element(By.TAG_NAME, "img").get_attribute("alt")
    page.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert not viewer.is_displayed()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_the_page_up_and_down_only(page: WebDriver, scheme: str) -> None:
    open_page(page, page.current_url, width=PHONE, scheme=scheme)
    assert page.execute_script("return document.documentElement.scrollWidth") == PHONE
    label = page.execute_script("return getComputedStyle(document.querySelector('[data-chart] svg text')).fill")
    ink = page.execute_script("return getComputedStyle(document.documentElement).getPropertyValue('--muted')")
    channels = [int(ink.strip()[start : start + 2], 16) for start in (1, 3, 5)]
    assert label == f"rgb({', '.join(map(str, channels))})", "charts follow the scheme"
    assert page.get_log("browser") == []
