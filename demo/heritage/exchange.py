"""The legacy ERP's other entrance: batch files that it finds in a folder, and how it answers them.

A name is taken once, and so is a line's key: a file that comes again is answered again, and nothing is booked. `mood`
is what goes wrong with the next file: `held` (it is not looked at until the mood passes), `lost` (its answers are),
`spoilt` (its acknowledgement is changed on the way), `stranger` (a line of that is nobody's), `corrupt` (it arrives
damaged).
"""

import hashlib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from demo.heritage.ledger import Books, RefusedError

WORDS: Final = {"Client.PeriodClosed": "PERIOD", "Client.Conflict": "CONFLICT"}


class Desk:
    """Takes the files of a folder: `in` is where they come, `out` where the answers stand, `done` where they go."""

    def __init__(self, books: Books, folder: Path) -> None:
        self._books, self._folder = books, folder
        self.mood = ""
        self.forget()

    def forget(self) -> None:
        """Begin anew, with empty folders."""
        self._taken: dict[str, tuple[str, dict[str, str]]] = {}
        self.seen: list[str] = []
        for name in ("in", "out", "done"):
            (self._folder / name).mkdir(exist_ok=True)
            for old in (self._folder / name).iterdir():
                old.unlink()

    def look(self) -> None:
        """Take what is there whole."""
        if self.mood == "held":
            return
        for path in sorted((self._folder / "in").iterdir()):
            if path.suffix != ".part":
                self._take(path.name, path.read_text("ascii"))
                path.rename(self._folder / "done" / path.name)

    def _take(self, name: str, content: str) -> None:
        self.seen.append(name)
        mood, self.mood = self.mood, ""
        head, *lines, trailer = content.splitlines()
        whole = content.removesuffix(f"{trailer}\n")
        if mood == "corrupt" or trailer != _trailer(lines, whole):
            return self._answer(name, head, "rej", "R|*|CHECKSUM\n")
        known = self._taken.get(name)
        if known is None:
            known = self._taken[name] = content, self._booked(lines)
        elif known[0] != content:
            return self._answer(name, head, "rej", "R|*|SEQUENCE\n")
        if mood != "lost":
            for kind, answers in known[1].items():
                self._answer(name, head, kind, answers, mood)
        return None

    def _booked(self, lines: list[str]) -> dict[str, str]:
        answers = {"ack": "", "rej": ""}
        for line in lines:
            _, key, docno, booked, total, _currency = line.split("|")
            try:
                made = self._books.post(docno, date.fromisoformat(booked), Decimal(total), key)
            except RefusedError as refused:
                answers["rej"] += f"R|{key}|{WORDS.get(refused.code, 'REFUSED')}\n"
            else:
                answers["ack"] += f"A|{key}|{made.docno}|{made.number}|{made.total}\n"
        return {kind: said for kind, said in answers.items() if said}

    def _answer(self, name: str, head: str, kind: str, lines: str, mood: str = "") -> None:
        if mood == "stranger" and kind == "ack":
            lines += "A|somebody/else|H-D-9999|H-2026-9999|1.00\n"
        whole = f"{head}\n{lines}"
        said = whole + _trailer(lines.splitlines(), whole) + "\n"
        if mood == "spoilt" and kind == "ack":
            said = said.replace("H-2026", "H-2027", 1)
        part = self._folder / "out" / f"{name}.{kind}.part"
        part.write_text(said, "ascii")
        part.rename(part.with_suffix(""))


def _trailer(lines: list[str], whole: str) -> str:
    return f"T|{len(lines)}|{hashlib.sha256(whole.encode()).hexdigest()}"
