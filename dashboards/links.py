"""Ways from one dashboard to the next: they carry the time range and the region."""

from __future__ import annotations

from typing import Final

from dashboards.sdk import dashboard

UIDS: Final = {
    "Operations room": "operations-room",
    "Observer access": "observer-access",
    "Incidents": "incidents",
    "Turnout gap": "turnout-gap",
    "Coverage and silence": "coverage",
    "Counting and results": "counting-results",
    "Pipeline health": "pipeline-health",
}
"""Title of each dashboard → its uid, in the order of the day's questions."""

TAG: Final = "scrutineer"
_CHOSEN: Final = "${region:queryparam}"


def to(title: str, region: str = _CHOSEN) -> dashboard.DashboardLink:
    """A link to a dashboard. ``region``: what puts the region into the address."""
    address = f"/d/{UIDS[title]}?${{__url_time_range}}&{region}&${{datasource:queryparam}}"
    return dashboard.DashboardLink(title=title, url=address)


def to_row(title: str) -> dashboard.DashboardLink:
    """A link from a table's row, to the region of its column Region."""
    return to(title, "var-region=${__data.fields.Region}")


def to_series(title: str) -> dashboard.DashboardLink:
    """A link from a graph's series, to its region."""
    return to(title, "var-region=${__field.labels.region}")


def others() -> dashboard.DashboardLink:
    """The row of links to all dashboards, at the top of each."""
    return dashboard.DashboardLink(
        title="Dashboards",
        type_val=dashboard.DashboardLinkType.DASHBOARDS,
        tags=[TAG],
        include_vars=True,
        keep_time=True,
    )


def kiosk() -> dashboard.DashboardLink:
    """The operations room without menus, for the wall."""
    link = to("Operations room")
    link.title, link.url = "For the wall", f"{link.url}&kiosk"
    return link
