"""`python -m docs.generate`: write every generated page and contract."""

from __future__ import annotations

from pathlib import Path

from docs.generate import CONTRACTS, DOCS, ELECTION, FILLING, PAGES, RULES, filling
from schemas.published import documents
from streams.packs import load_pack
from streams.rules.files import files


def main() -> None:
    """Write the files, say which ones changed, and remove contracts of types that are gone."""
    for name, make in PAGES.items():
        _write(DOCS / name, make())
    for name, text in files(load_pack(ELECTION)).items():
        _write(RULES / name, text)
    for name, text in filling.modules().items():
        _write(FILLING / name, text)
    wanted = documents()
    CONTRACTS.mkdir(exist_ok=True)
    for name, text in wanted.items():
        _write(CONTRACTS / name, text)
    for path in CONTRACTS.iterdir():
        if path.name not in wanted:
            path.unlink()
            print(f"{path.relative_to(DOCS.parent)}: removed")


def _write(path: Path, text: str) -> None:
    changed = not path.exists() or path.read_text(encoding="utf-8") != text
    path.write_text(text, encoding="utf-8")
    print(f"{path.relative_to(DOCS.parent)}: {'written' if changed else 'as before'}")


if __name__ == "__main__":
    main()
