"""Two ways to use a page: with a mouse, and with a keyboard alone."""

import re
from datetime import date
from typing import Any, Protocol

from playwright.sync_api import Locator

from budkavle.web.subscriber.forms import TRAP

FOCUS = """target => {
    const each = document.activeElement, style = getComputedStyle(each), box = each.getBoundingClientRect();
    let behind = each.parentElement;
    while (behind && getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
    return {
        there: each === target, behind: !!(target.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING),
        what: each.outerHTML.slice(0, 200), name: each.getAttribute("name"), page: each === document.body,
        style: style.outlineStyle, width: parseFloat(style.outlineWidth), colour: style.outlineColor,
        ground: behind ? getComputedStyle(behind).backgroundColor : "rgb(255, 255, 255)",
        seen: box.width > 1 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    }
}"""
_FURTHEST = 90


class Hand(Protocol):
    def press(self, target: Locator) -> None:
        """Use a button or a link."""

    def choose(self, option: Locator) -> None:
        """Choose among boxes or dots."""

    def write(self, field: Locator, text: str) -> None:
        """Write into a field, instead of what stands there."""

    def write_day(self, field: Locator, day: date) -> None:
        """Write a day into a field for days."""


class Mouse:
    def press(self, target: Locator) -> None:
        target.click()

    def choose(self, option: Locator) -> None:
        option.check()

    def write(self, field: Locator, text: str) -> None:
        field.fill(text)

    def write_day(self, field: Locator, day: date) -> None:
        field.fill(day.isoformat())


class Keyboard:
    """Goes from place to place by Tab and Shift+Tab, and sees each place it comes to."""

    def press(self, target: Locator) -> None:
        self._reach(target)
        target.page.keyboard.press("Enter")

    def choose(self, option: Locator) -> None:
        if option.get_attribute("type") == "radio":
            chosen = option.page.locator(f'input[name="{option.get_attribute("name")}"]:checked')
            self._reach(chosen if chosen.count() else option)
            self._reach(option, "ArrowDown", "ArrowUp")
        self._reach(option)
        if not option.is_checked():
            option.page.keyboard.press("Space")
        assert option.is_checked()

    def write(self, field: Locator, text: str) -> None:
        self._reach(field)
        field.page.keyboard.press("Control+A")
        field.page.keyboard.type(text)
        assert field.input_value() == text

    def write_day(self, field: Locator, day: date) -> None:
        self._reach(field)
        field.page.keyboard.type(f"{day:%m%d%Y}")  # the order of Chromium's own language
        assert field.input_value() == day.isoformat()

    def _reach(self, target: Locator, on: str = "Tab", back: str = "Shift+Tab") -> None:
        there = target.element_handle()
        for _ in range(_FURTHEST):
            focus = there.evaluate(FOCUS)
            seen_where(focus)
            if focus["there"]:
                return
            target.page.keyboard.press(back if focus["behind"] else on)
        raise AssertionError(f"no key leads to {target}")


def seen_where(focus: dict[str, Any]) -> None:
    """Where the keyboard is can be seen: a line round it, within the window, in a colour that stands out."""
    if focus["page"]:  # before the first place, or behind the last
        return
    assert focus["name"] != TRAP, "the trap can be reached"
    assert focus["seen"], f"out of sight: {focus}"
    if focus["style"] != "auto":  # a letter has no style for it; a browser's own line is two lines of two colours
        assert focus["style"] == "solid", f"nothing shows where the keyboard is: {focus}"
        assert focus["width"] >= 2, focus
        assert contrast(focus["colour"], focus["ground"]) >= 3, focus  # WCAG 2.1, 1.4.11


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as a browser writes them (WCAG 2.1)."""
    darker, lighter = sorted((_light(one), _light(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _light(colour: str) -> float:
    parts = [int(each) / 255 for each in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
