"""Users' text files, in whichever encoding their programs have saved them."""

import codecs
import logging
from pathlib import Path

from selavi.files import UserError

log = logging.getLogger(__name__)

MARKS = {  # UTF-32's begins as UTF-16's does
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods, .xls
REMEDY = "save it as UTF-8, which spreadsheets call CSV UTF-8"


def read_text(path: Path) -> str:
    """Read UTF-8, UTF-16 or UTF-32 by its byte order mark, else UTF-8, else Windows-1252.

    Raises OSError; UserError if it is none of these, with the line that is wrong.
    """
    content = path.read_bytes()
    if content.startswith(WORKBOOKS):
        raise UserError(f"{path} is a spreadsheet's own format; {REMEDY}")
    encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), None)
    try:
        text = content.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        if encoding:
            raise UserError(f"{path} is damaged: {error}; {REMEDY}") from None
        text = _windows_text(path, content, error.start)
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise UserError(
            f"{path}, line {line} holds a zero byte, as UTF-16 without its mark has; {REMEDY}"
        )
    return text


def _windows_text(path: Path, content: bytes, wrong: int) -> str:
    """What is no UTF-8 from byte `wrong` on. A file with both encodings in it is not guessed at."""
    line = content[:wrong].count(b"\n") + 1
    byte = f"byte {content[wrong]:#04x}"
    if not content.decode("utf-8", "ignore").isascii():
        raise UserError(f"{path}, line {line} is not UTF-8 as other lines are ({byte}); {REMEDY}")
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        raise UserError(f"{path}, line {line} is not UTF-8 ({byte}); {REMEDY}") from None
    shown = text.splitlines()[line - 1].strip()
    log.warning("%s is not UTF-8; read as Windows-1252, line %d is %r", path, line, shown)
    return text
