"""`python -m dashboards`: write the JSON of every dashboard, and the page that pictures them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from dashboards.consoles import all_consoles
from dashboards.picture import page

FOLDER: Final = Path(__file__).resolve().parent / "json"
PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "dashboards.md"


def files() -> dict[Path, str]:
    """Every generated file and its text."""
    made = {FOLDER / f"{console.uid}.json": console.text() for console in all_consoles()}
    return {**made, PAGE: page(made.values())}


def main() -> None:
    """Write the files, say which ones changed, and remove those of dashboards that are gone."""
    wanted = files()
    FOLDER.mkdir(exist_ok=True)
    for path in sorted(FOLDER.glob("*.json")):
        if path not in wanted:
            path.unlink()
            print(f"{path.name}: removed")
    for path, text in wanted.items():
        changed = not path.exists() or path.read_text(encoding="utf-8") != text
        path.write_text(text, encoding="utf-8")
        print(f"{path.name}: {'written' if changed else 'as before'}")


if __name__ == "__main__":
    main()
