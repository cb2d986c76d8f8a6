"""A picture of the turnout gap: small multiples, a panel for each place."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from schemas.pack import Pack
from streams.archive.turnout_report import Clock, Rows
from streams.errors import UserError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS: Final = (".svg", ".png")
OFFICIAL, OBSERVED, WORDS = "#0b5394", "#e66100", "#555555"
"""Blue and orange, which the colour-blind tell apart; the marks differ too."""
_ACROSS: Final = 5
_SETTINGS: Final[dict[str, Any]] = {
    "font.size": 8,
    "svg.hashsalt": "scrutineer",  # the same picture of the same rows, byte for byte
    "svg.fonttype": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def plot(found: Rows, pack: Pack, contest: str, title: list[str], file: Path) -> None:
    """Draw rows of `turnout`, official series and observed level, into an .svg or .png file.

    ``title``: its lines.

    Raises UserError where matplotlib is not installed or the file has another ending.
    """
    if file.suffix.lower() not in FORMATS:
        raise UserError(f"--plot {file}: the name must end in {' or '.join(FORMATS)}")
    try:
        import matplotlib as mpl
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UserError(
            "--plot needs matplotlib, which is not installed: pip install 'scrutineer[plot]'"
        ) from error
    places: dict[str, list[Mapping[str, Any]]] = {}
    for row in found:
        if row["contest"] == contest and row["comparison"] == "level":
            places.setdefault(row["region"], []).append(row)
    if not places:
        raise UserError(f"--plot {file}: there is no figure of contest {contest} to draw")
    across = min(_ACROSS, len(places))
    down = ceil(len(places) / across)
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(max(2.9 * across, 6.5), 2.2 * down + 1.1), layout="constrained")
        FigureCanvasAgg(figure)
        panels = list(figure.subplots(down, across, squeeze=False, sharex=True, sharey=True).flat)
        clock = Clock(pack)
        for panel, (code, rows) in zip(panels, places.items(), strict=False):
            _panel(panel, rows, f"{code} {pack.regions[code].name}", clock)
        for panel in panels[len(places) :]:
            panel.set_visible(False)
        figure.suptitle("\n".join(title), x=0.01, ha="left", fontsize=10)
        handles, labels = _legend(places, figure.axes)
        figure.legend(handles, labels, loc="outside lower left", ncols=3, frameon=False)
        metadata = {"Date": None} if file.suffix.lower() == ".svg" else {"Software": None}
        try:
            figure.savefig(file, dpi=120, metadata=metadata)
        except OSError as error:
            raise UserError(f"--plot {file}: cannot be written: {error.strerror}") from error


def _panel(panel: Axes, rows: Rows, name: str, clock: Clock) -> None:
    official = [row for row in rows if row["official"] is not None]
    panel.plot(
        _moments(official, "as_of", clock),
        [100 * row["official"] for row in official],
        color=OFFICIAL,
        marker="o",
        markersize=3,
        linewidth=1.2,
        label="official",
    )
    for interval, label in ((True, "observed, 95 % interval"), (False, "observed, no interval")):
        seen = [
            row
            for row in rows
            if row["observed"] is not None and (row["half_width"] is not None) == interval
        ]
        if seen:
            panel.errorbar(
                _moments(seen, "checkpoint", clock),
                [100 * row["observed"] for row in seen],
                yerr=[100 * row["half_width"] for row in seen] if interval else None,
                color=OBSERVED,
                marker="D",
                markersize=4,
                markerfacecolor=OBSERVED if interval else "white",
                linestyle="none",
                capsize=2,
                label=label,
            )
    last = ([row for row in rows if row["observed"] is not None] or rows)[-1]
    panel.set_title(name, loc="left", fontsize=8, fontweight="bold")
    panel.text(
        0.02,
        0.97,
        f"{last['verdict']}, {_basis(last)}",
        transform=panel.transAxes,
        va="top",
        color=WORDS,
        fontsize=7,
    )
    panel.set_ylim(0, 100)
    panel.set_ylabel("turnout, %")
    panel.label_outer()
    panel.grid(axis="y", linewidth=0.3)
    _hours(panel, clock)


def _basis(row: Mapping[str, Any]) -> str:
    return f"n = {row['n']}" + ("" if row["drawn"] is None else f" of {row['drawn']}")


def _moments(rows: Rows, column: str, clock: Clock) -> list[Any]:
    return [clock.local(row[column]) for row in rows]


def _hours(panel: Axes, clock: Clock) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    zone = clock.zone
    locator = AutoDateLocator(tz=zone, minticks=2, maxticks=4)
    panel.xaxis.set_major_locator(locator)
    panel.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=zone))


def _legend(places: Mapping[str, Rows], panels: list[Axes]) -> tuple[list[Any], list[str]]:
    """Each mark once, whichever panel it is in."""
    found: dict[str, Any] = {}
    for panel in panels[: len(places)]:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    return list(found.values()), list(found)
