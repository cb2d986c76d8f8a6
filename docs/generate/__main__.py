"""`python -m docs.generate`: write every generated page."""

from __future__ import annotations

from docs.generate import DOCS, PAGES


def main() -> None:
    """Write the pages, and say which ones changed."""
    for name, make in PAGES.items():
        path, text = DOCS / name, make()
        changed = not path.exists() or path.read_text(encoding="utf-8") != text
        path.write_text(text, encoding="utf-8")
        print(f"docs/{name}: {'written' if changed else 'as before'}")


if __name__ == "__main__":
    main()
