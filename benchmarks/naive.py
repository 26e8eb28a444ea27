"""The usual way to send a newsletter: `python -m benchmarks.naive PORT LETTERS`.

For every recipient the templates are rendered, an EmailMessage is built, and aiosmtplib sends it, ten at a time. It
says how many seconds that took, and how many of processor time.
"""

import asyncio
import sys
import time
from email.message import EmailMessage

import aiosmtplib
from jinja2 import Environment

from tests.chaos.installation import LEAD

_AT_ONCE = 10
_ITEMS = [
    {"title": f"Bussen till Barrvik går oftare: beslut nummer {number} – från och med måndag", "number": number}
    for number in range(28)
]
_TEMPLATES = Environment(autoescape=True)
_TEXT = _TEMPLATES.from_string(
    "Veckans nyheter\n\n{% for item in items %}{{ item.title }}\n{{ lead }}\n"
    "https://www.example.org/nyhet/{{ item.number }}\n\n{% endfor %}Avsluta: {{ leave }}\n"
)
_HTML = _TEMPLATES.from_string(
    "<!doctype html><html lang=sv><body style='margin:0;font-family:sans-serif'><h1>Veckans nyheter</h1>"
    "{% for item in items %}<h2 style='margin:24px 0 4px;font-size:20px;line-height:1.3;color:#1a1a1a'>"
    "<a style='color:#0b4f8a;text-decoration:underline' href='https://www.example.org/nyhet/{{ item.number }}'>"
    "{{ item.title }}</a></h2><p style='margin:0 0 8px;font-size:16px;line-height:1.5;color:#1a1a1a'>{{ lead }}</p>"
    "{% endfor %}<p><a href='{{ leave }}'>Avsluta</a></p></body></html>"
)


def letter(recipient: str) -> EmailMessage:
    """One recipient's letter, made from the beginning."""
    values = {"items": _ITEMS, "lead": LEAD, "leave": f"https://nyheter.example.org/avsluta/{hash(recipient):032x}"}
    made = EmailMessage()
    made["From"], made["To"] = "Nyheter <nyheter@example.org>", recipient
    made["Subject"] = "Veckans nyheter: bussen till Barrvik går oftare"
    made.set_content(_TEXT.render(values))
    made.add_alternative(_HTML.render(values), subtype="html")
    return made


async def send(port: int, letters: int) -> None:
    """Send so many letters, a connection each, as `aiosmtplib.send` does it."""
    numbers = iter(range(letters))

    async def carry() -> None:
        for number in numbers:
            made = letter(f"lasare{number}@example.org")
            await aiosmtplib.send(made, hostname="127.0.0.1", port=port, start_tls=False)

    await asyncio.gather(*(carry() for _ in range(_AT_ONCE)))


if __name__ == "__main__":
    began, used = time.monotonic(), time.process_time()
    asyncio.run(send(int(sys.argv[1]), int(sys.argv[2])))
    sys.stdout.write(f"{time.monotonic() - began} {time.process_time() - used}\n")
