"""File kinds by name: what is an article, what is nobody's, and what somebody may expect to be read."""

from collections.abc import Collection
from enum import Enum

SUFFIXES = (".txt", ".md", ".markdown")
"""What articles' files end with, in capitals or not."""
MANIFEST = "manifest.jsonl"

_TEXT = "save its text as .md or .txt"
_REMEDIES = {
    "a web page": (_TEXT, (".html", ".htm", ".xhtml", ".mhtml", ".mht", ".webarchive", ".aspx", ".php", ".url")),
    "a word processor's file": (
        _TEXT,
        (".docx", ".doc", ".docm", ".dotx", ".odt", ".ott", ".rtf", ".pages", ".wpd", ".gdoc"),
    ),
    "a PDF": (_TEXT, (".pdf", ".ps", ".xps")),
    "a spreadsheet or a presentation": (
        _TEXT,
        (".xlsx", ".xls", ".ods", ".csv", ".tsv", ".pptx", ".ppt", ".odp", ".key", ".numbers"),
    ),
    "a mail": (_TEXT, (".eml", ".msg", ".mbox")),
    "an e-book": (_TEXT, (".epub", ".mobi")),
    "a feed or data": (_TEXT, (".xml", ".json", ".jsonl", ".yaml", ".yml", ".rss", ".atom", ".toml")),
    "text of another kind": (
        "name it .txt, or write it as Markdown and name it .md",
        (".text", ".rst", ".adoc", ".asciidoc", ".org", ".tex", ".wiki", ".textile", ".mdown", ".mkd", ".mkdn", ".mdx"),
    ),
    "a picture": (
        "lay it on the web and let the article name its address there",
        (".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg", ".tif", ".tiff", ".bmp", ".heic", ".psd"),
    ),
    "a film or a sound": (
        "lay it on the web and let the article name its address there",
        (".mp4", ".mov", ".avi", ".webm", ".mkv", ".mp3", ".wav", ".m4a", ".ogg"),
    ),
    "an archive": ("unpack it", (".zip", ".gz", ".tgz", ".tar", ".7z", ".rar", ".xz", ".bz2")),
    "a shortcut": ("lay the file itself here", (".lnk", ".desktop", ".alias")),
}
_PERHAPS_TEXT = _REMEDIES["text of another kind"][1]
_BY_SUFFIX = {suffix: (what, remedy) for what, (remedy, suffixes) in _REMEDIES.items() for suffix in suffixes}

_SYSTEM = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "4913"}
_SYSTEM_FOLDERS = {"__macosx", "@eadir", "#recycle", "$recycle.bin", "system volume information", "lost+found"}
_SWAP = (".swp", ".swo", ".swx", ".swn", ".kate-swp", ".lck")
_COPIES = (".bak", ".old", ".orig", ".save", ".backup", "~")
_UPLOADS = (".part", ".filepart", ".partial", ".crdownload", ".download", ".upload", ".uploading", ".tmp", ".temp")


class FileKind(Enum):
    """What a file in a source is by its name."""

    ARTICLE = "article"
    NOBODYS = "of an editor or of the system"
    UPLOAD = "perhaps on its way still"
    OTHER = "not read"


def file_kind(name: str, beside: Collection[str]) -> FileKind:
    """What a file is, among the names in its folder: an editor's copy of a file that is there is nobody's."""
    low = name.lower()
    if name.startswith((".", "~$")) or low in _SYSTEM or low.endswith(_SWAP) or (name[:1] == name[-1:] == "#"):
        return FileKind.NOBODYS
    if low.endswith(SUFFIXES):
        return FileKind.ARTICLE
    if any(low.endswith(end) and name[: -len(end)] in beside for end in _COPIES):
        return FileKind.NOBODYS
    return FileKind.UPLOAD if low.endswith(_UPLOADS) else FileKind.OTHER


def is_system_folder(name: str) -> bool:
    """Whether a folder is hidden or the system's, so that nothing in it is anybody's article."""
    return name.startswith(".") or name.lower() in _SYSTEM_FOLDERS


def why_unread(name: str) -> str:
    """Why a file of another kind is not read, and what to do."""
    low, suffix = name.lower(), _suffix(name)
    if low == MANIFEST:
        return "a manifest that is not read: only the one on top of the source's folder counts; move its lines there"
    if low.endswith(_COPIES):
        return "a copy that an editor kept of a file that is there no more; rename it to .md or .txt, or remove it"
    if low.endswith(_UPLOADS):
        return "a part of an upload that was broken off an hour ago or earlier; upload it again, or remove it"
    what, remedy = _BY_SUFFIX.get(suffix, (f"a file of the kind {suffix}" if suffix else "a file without ending", ""))
    return f"{what}, which is not read; {remedy or 'name it .md or .txt if it is an article'}, or take it out of here"


def is_of_another_kind(name: str) -> bool:
    """Whether a name surely is no text: then even who asks for it by name is refused."""
    return _suffix(name) in _BY_SUFFIX and _suffix(name) not in _PERHAPS_TEXT


def _suffix(name: str) -> str:
    stem, dot, end = name.rpartition(".")
    return f"{dot}{end}".lower() if stem else ""
