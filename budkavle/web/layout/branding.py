"""Branding, the publisher's own look: the style sheet with its colours, and its logo."""

from collections.abc import Callable, Iterator
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from budkavle.config.contrast import ACCENT, ACCENT_DARK, text_on
from budkavle.config.settings import Look
from budkavle.installation.wiring import Service
from budkavle.rendering.templates import template_file

_KINDS = {".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp"}
_NO_SUCH = 404


def branding_routes(service: Service) -> Iterator[Route]:
    """Routes of the style sheet and of the pictures that the layout names."""
    look, folder = service.config.settings.look, service.config.folder

    def style(_: Request) -> Response:
        sheet = template_file("pages/style.css", service.config.templates_folder).read_text(encoding="utf-8")
        return Response(sheet + colours(look), media_type="text/css", headers={"Cache-Control": "max-age=300"})

    yield Route("/style.css", style)
    for name, path in _logos(look):
        yield Route(f"/{name}", _picture(folder / path))


def logo_names(look: Look) -> dict[str, str]:
    """What the layout calls the logos; without one, the publisher's name stands in its place."""
    names = [name for name, _ in _logos(look)]
    return {"logo": names[0] if names else "", "logo_dark": names[1] if len(names) > 1 else ""}


def colours(look: Look) -> str:
    """The rules that put the publisher's colours in the place of ours."""
    if (look.accent, look.accent_dark) == (ACCENT, ACCENT_DARK):
        return ""
    light = f":root {{ --accent: {look.accent}; --on-accent: {text_on(look.accent)}; }}"
    dark = f":root {{ --accent: {look.accent_dark}; --on-accent: {text_on(look.accent_dark)}; }}"
    return f"{light}\n@media (prefers-color-scheme: dark) {{ {dark} }}\n"


def _logos(look: Look) -> list[tuple[str, str]]:
    pairs = (("logo", look.logo), ("logo-dark", look.logo_dark if look.logo else None))
    return [(f"{name}{Path(path).suffix.lower()}", path) for name, path in pairs if path]


def _picture(path: Path) -> Callable[[Request], Response]:
    def picture(_: Request) -> Response:
        if not path.is_file():
            raise HTTPException(_NO_SUCH)
        headers = {"Cache-Control": "max-age=3600"}
        return FileResponse(path, media_type=_KINDS[path.suffix.lower()], headers=headers)

    return picture
