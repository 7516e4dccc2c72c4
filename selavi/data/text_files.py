"""Read users' text files in whichever encoding, and their CSV with whichever separator."""

import codecs
import csv
import io
import logging
import re
from pathlib import Path

from selavi.files import UserError

log = logging.getLogger(__name__)

MARKS = {  # in this order: UTF-32's mark begins with UTF-16's
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods, .xls
SEPARATORS = ",;\t"
Rows = list[tuple[int, list[str]]]
REMEDY = "save it as UTF-8 (in spreadsheets: CSV UTF-8)"


def read_text(path: Path) -> str:
    """Read a file as the encoding of its byte order mark, else as UTF-8, else as Windows-1252.

    Raises
    ------
    OSError
        If the file cannot be read.
    UserError
        If it is in none of these encodings; it names the line.
    """
    content = path.read_bytes()
    if content.startswith(WORKBOOKS):
        raise UserError(f"{path} is a spreadsheet, not text; {REMEDY}")
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
            f"{path}, line {line} has a zero byte, as UTF-16 without a byte order mark; {REMEDY}"
        )
    return text


def _windows_text(path: Path, content: bytes, wrong: int) -> str:
    """Decode as Windows-1252 what is not UTF-8 at byte `wrong`; a mix of both is an error."""
    line = content[:wrong].count(b"\n") + 1
    byte = f"byte {content[wrong]:#04x}"
    if not content.decode("utf-8", "ignore").isascii():
        raise UserError(f"{path}, line {line} is not UTF-8, but other lines are ({byte}); {REMEDY}")
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        raise UserError(f"{path}, line {line} is not UTF-8 ({byte}); {REMEDY}") from None
    shown = text.splitlines()[line - 1].strip()
    log.warning("%s is not UTF-8; read as Windows-1252, in which line %d is %r", path, line, shown)
    return text


def split_rows(path: Path, text: str, wanted: str) -> tuple[str, Rows]:
    """Split the text of a CSV file, which may have semicolons or tabs.

    Parameters
    ----------
    path : Path
        The file, for errors.
    text : str
        Its content.
    wanted : str
        A column that its header has, in any case.

    Returns
    -------
    str
        The separator.
    list of (int, list of str)
        The rows with any content, each with the number of its last line.

    Raises
    ------
    UserError
        If the text is not CSV.
    """
    told = re.match(r"sep=(.)[\r\n]+", text, re.IGNORECASE)  # a line that spreadsheets understand
    text = text[told.end() :] if told else text
    before = 1 if told else 0
    separator = told[1] if told else max(SEPARATORS, key=lambda s: _fit(text, s, wanted))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows = []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((reader.line_num + before, row))
    except csv.Error as error:
        line = reader.line_num + before
        raise UserError(f"{path} is not a CSV file: line {line}: {error}") from None
    return separator, rows


def _fit(text: str, separator: str, wanted: str) -> tuple[bool, int]:
    """How well a separator reads the header: whether the paths are found, and the columns."""
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            if any(cell.strip() for cell in row):
                names = [name.strip().casefold() for name in row]
                return wanted.casefold() in names, len(names)
    except csv.Error:
        pass
    return False, 0
