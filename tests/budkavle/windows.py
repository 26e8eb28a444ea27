"""Windows that a page is looked at through, and what must hold in each of them."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

PICTURES = os.environ.get("PICTURES")
"""A folder: then the pages' pictures, those of docs/pages.md among them, are made anew there."""
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],
}
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PRESSED = "button, .button, .option, .option input, .field input, .tongue a, .brand a, footer a, .plain a"
SMALL = """pressed => [...document.querySelectorAll(pressed)].filter(each => {
    const box = each.getBoundingClientRect();
    return box.width < 24 || box.height < 24;
}).map(each => each.outerHTML)"""
"""What can be pressed and is less than 24 px in some direction (WCAG 2.2, 2.5.8), links within sentences aside."""
CUT = """() => [...document.querySelectorAll("body *")].filter(each => {
    if (each.tagName === "INPUT" || each.closest(".unseen, .skip") || !each.checkVisibility()) return false;
    const box = each.getBoundingClientRect();
    const out = box.left < 0 || box.right > document.documentElement.clientWidth + 1;
    const full = each.clientWidth > 0 && each.scrollWidth > each.clientWidth + 1;
    const hidden = getComputedStyle(each).overflowY !== "visible" && each.scrollHeight > each.clientHeight + 1;
    return out || full || hidden;
}).map(each => each.outerHTML)"""
"""What sticks out of the window or of its own box, or is cut off by it."""
BARE = """() => [...document.querySelectorAll("button, .button, .option, .field input")].filter(each => {
    const style = getComputedStyle(each);
    const ground = getComputedStyle(document.body).backgroundColor;
    return ["Top", "Right", "Bottom", "Left"].some(side => style[`border${side}Style`] === "none"
        || parseFloat(style[`border${side}Width`]) < 1 || style[`border${side}Color`] === ground);
}).map(each => each.outerHTML)"""
"""What can be pressed or written into and has no border all round that differs from the page."""
UNMARKED = """() => [...document.querySelectorAll(".error, .problems, .done")].filter(each => {
    const style = getComputedStyle(each);
    const line = style.borderLeftStyle !== "none" && parseFloat(style.borderLeftWidth) >= 2;
    return !line || !each.checkVisibility() || !each.innerText.trim() || style.backgroundImage !== "none";
}).map(each => each.outerHTML)"""
"""What says that something is wrong or done by colour alone."""
UNEXPLAINED = """() => [...document.querySelectorAll("[aria-invalid]")].filter(each =>
    !(each.getAttribute("aria-describedby") || "").split(" ").some(id => document.getElementById(id)?.matches(".error"))
).map(each => each.outerHTML)"""
"""A field that is marked as wrong with no words that say why."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """`width` is what the screen has, in px; at `zoom` 2 a page has half of it."""

    width: int = 1280
    scheme: str = "light"
    zoom: int = 1
    forced: bool = False
    script: bool = True

    def __str__(self) -> str:
        zoomed, forced = f"-zoom{self.zoom}" * (self.zoom > 1), "-forced" * self.forced
        return f"{self.width}-{self.scheme}{zoomed}{forced}{'' if self.script else '-noscript'}"

    @contextmanager
    def opened(self, browser: Browser) -> Iterator[Page]:
        context = browser.new_context(
            viewport={"width": self.width // self.zoom, "height": 800 // self.zoom},
            device_scale_factor=self.zoom,
            color_scheme=self.scheme,
            forced_colors="active" if self.forced else "none",
            java_script_enabled=self.script,
        )
        context.set_default_timeout(30_000)
        yield context.new_page()
        context.close()

    def faults(self, where: str, sheet: Page) -> list[str]:
        """What is wrong with a page in this window."""
        found = {"is too small": sheet.evaluate(SMALL, PRESSED), "is cut off": sheet.evaluate(CUT)}
        found["is marked as wrong, and nothing says why"] = sheet.evaluate(UNEXPLAINED)
        if self.forced:
            found |= {"has no border": sheet.evaluate(BARE), "is told by colour": sheet.evaluate(UNMARKED)}
        named = [f"{where} in {self}: {what}: {each[:200]}" for what, all_ in found.items() for each in all_]
        return named + sideways(f"{where} in {self}", sheet) + self.violations(where, sheet)

    def violations(self, where: str, sheet: Page) -> list[str]:
        """What axe finds; it needs scripts. It looks for colours where forced colours are not told of."""
        rules = {**RULES, "rules": {"color-contrast": {"enabled": not self.forced}}}
        return violations(f"{where} in {self}", sheet, rules) if self.script else []


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; while it is open, no asyncio can run in this thread."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*QUIET])
        yield opened
        opened.close()


def faults(where: str, sheet: Page) -> list[str]:
    """What axe finds, and whether the page has to be scrolled sideways."""
    return violations(where, sheet, RULES) + sideways(where, sheet)


def violations(where: str, sheet: Page, rules: dict[str, Any]) -> list[str]:
    found = Axe().run(sheet, options=rules).response
    assert len(found["passes"]) > 5, "axe has looked at nothing"
    return [f"{where}: {one['id']}: {one['nodes'][0]['html']}" for one in found["violations"]]


def sideways(where: str, sheet: Page) -> list[str]:
    wide = sheet.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return [f"{where}: wider than its window"] if wide else []


def pictured(sheet: Page, name: str) -> None:
    if PICTURES:
        sheet.screenshot(path=Path(PICTURES) / f"{re.sub(r'[^0-9a-zåäö]+', '-', name.lower())}.png", full_page=True)
