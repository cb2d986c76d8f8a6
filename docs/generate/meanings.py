"""What each field of an event means: the words of docs/events.md.

A field, type or reason without an entry stops `make docs`, and with it the tests.
"""

from __future__ import annotations

from typing import Final

ENVELOPE: Final[dict[str, str]] = {
    "specversion": "Version of CloudEvents.",
    "id": "The event's own id. Among versions of one revision the higher id wins.",
    "source": "Who sends it: a source that the election's pack lists, with its authority.",
    "type": "One of the types below; it says what `data` holds.",
    "data": "The event itself. Other attributes beside these are let pass and not looked at.",
    "time": "When it happened or was measured: the time that the event counts at.",
    "subject": "The report's id, if given. Must equal `data.report_id`.",
    "datacontenttype": "The form of `data`.",
    "election": "Id of the election's pack.",
}

TYPES: Final[dict[str, str]] = {
    "election.observer.visit.v1": "One visit to a station or commission: the overall assessment "
    "and the answers of the observers' form. It may come without `rating` or `left` first and be "
    "completed by a revision.",
    "election.observer.incident.v1": "An irregularity that an observer saw or was told of.",
    "election.observer.restriction.v1": "A restriction on observers' own work. It is open until a "
    "later revision says when it was `lifted`, or withdraws it.",
    "election.observer.turnout.v1": "Voters counted at one station: either `cumulative` since "
    "opening or an `interval`, never both.",
    "election.observer.protocol.v1": "An observer's copy of a results protocol. What does not "
    "stand in it is left out; nothing is computed.",
    "election.official.turnout.v1": "A turnout figure as an authority or an outlet published it: "
    "`voted`, `percent` or both.",
    "election.official.protocol.v1": "Results as published, of one station or commission; "
    "without either they are the region's. Known by publisher, place and contest.",
    "election.official.opening.v1": "How many stations were open at a moment. Known by publisher, "
    "region and `as_of`.",
    "election.desk.triage.v1": "A decision of the operations room about one report. It may come "
    "before its report, and it never alters it.",
    "election.desk.notice.v1": "A note on the operations room's timeline, shown as it is written.",
    "election.desk.complaint.v1": "A complaint or appeal and what became of it; each step is a "
    "revision.",
    "election.clock.v1": "What time it is in a log that is played. Written by a player to every "
    'partition; obeyed only by workers with `worker.clock = "log"`.',
}

FIELDS: Final[dict[str, str]] = {
    "report_id": "The source's own id of the report.",
    "revision": "0 first; a correction counts up. The highest revision is the current one.",
    "region": "A region of the pack; without a smaller place the country's or election's own code.",
    "station": "Polling station, which must lie in the region.",
    "commission": "Territorial election commission, for reports from there.",
    "observer": "Opaque id of the observer: no name. Shown nowhere.",
    "observer_group": "Whose observer it is.",
    "phase": "The part of the election that the report is about.",
    "withdrawn": "`true` takes the report back, out of every count.",
    "category": "A category of the pack's taxonomy. Observers' access is none: see restriction.",
    "severity": "How bad the reporter finds it.",
    "description": "Free text. It stays in the log; tables hold its hash, metrics nothing.",
    "kind": "What was done to the observer.",
    "lifted": "When the restriction ended; not before the event's `time`.",
    "method": "How the number was come by.",
    "cumulative": "Voters since the station opened.",
    "interval": "Voters between two times, the second later than the first.",
    "ObservedTurnout.registered": "Voters on the station's list.",
    "contest": "A contest of the pack; without it the main one.",
    "ObservedProtocol.contest": "The contest of the pack that the protocol is about.",
    "OfficialProtocol.contest": "The contest of the pack that the results are of.",
    "arrived": "When the observer came.",
    "left": "When the observer went; not before `arrived`.",
    "rating": "The overall assessment; `bad` and `very_bad` count as negative.",
    "answers": "By question of the pack. A question that is left out was not answered.",
    "protocol_time": "The time that the protocol itself bears.",
    "OfficialProtocol.registered": "Voters on the list.",
    "ObservedProtocol.registered": "Voters on the list, as the protocol says.",
    "received": "Ballots that the station received.",
    "issued": "Ballots handed to voters.",
    "unused": "Ballots left over and cancelled.",
    "spoiled": "Ballots that voters spoiled and exchanged.",
    "voted_at_home": "Those of them who voted outside the station.",
    "in_box": "Ballots found in the boxes.",
    "valid": "Valid ballots.",
    "invalid": "Invalid ballots.",
    "votes": "By contestant, as coded by who sends it; the same codes in all protocols.",
    "publisher": "Who published it, ranked in the pack.",
    "as_of": "The time that the figure is about. It counts for the pack's checkpoint nearby.",
    "published": "When it was published.",
    "source_url": "Where it can be looked up.",
    "registered": "Voters registered there.",
    "voted": "Voters who have voted.",
    "percent": "Turnout as printed, a decimal text: its digits say how it was rounded.",
    "OfficialProtocol.station": "Polling station, which must lie in the region.",
    "OfficialProtocol.commission": "Commission whose aggregated results these are.",
    "Opening.open": "Stations that were open.",
    "Opening.expected": "Stations that should have been, if it was said.",
    "OfficialProtocol.revision": "Only if the publisher issued one.",
    "Opening.revision": "Only if the publisher issued one.",
    "OfficialTurnout.revision": "Only if the publisher issued one.",
    "about": "The report that is decided about, by its identity.",
    "Triage.revision": "0 first; a later decision about the same report counts up.",
    "status": "The decision.",
    "duplicate_of": "The report that this one repeats; with the status `duplicate`, and only then.",
    "Triage.severity": "Takes the place of the reporter's.",
    "note": "Free text; hashed like a description.",
    "decided_by": "Opaque id of who decided.",
    "notice_id": "The source's own id of the note.",
    "Notice.region": "Where it belongs; without it the whole country's, keyed by its code.",
    "text": "The note. It is shown as it is: no personal data.",
    "complaint_id": "The source's own id of the complaint.",
    "Complaint.commission": "Commission that the complaint is about.",
    "Complaint.station": "Polling station that the complaint is about.",
    "Complaint.withdrawn": "`true`: entered by mistake, counted nowhere. A complaint that its "
    "author took back has the `outcome` `withdrawn`.",
    "filed": "When it was filed.",
    "Complaint.subject": "What it is about, in a code of one's own.",
    "decided": "When the body decided; not before `filed`.",
    "Complaint.published": "When the decision was made public; not before `decided`.",
    "outcome": "The decision; goes with `decided`.",
    "now": "The log's time.",
}
"""By field, or by model and field where the general words do not fit."""

REASONS: Final[dict[str, str]] = {
    "not_json": "is not a JSON object in UTF-8",
    "bad_envelope": "lacks an attribute of the envelope, or one has a wrong form",
    "unknown_type": "has a type that is not listed here",
    "wrong_authority": "came on another authority's topic, or from a source of another authority",
    "wrong_election": "belongs to another election",
    "unknown_source": "comes from a source or names a publisher that the pack does not list",
    "invalid_data": "has a field in `data` that is missing, unknown or of a wrong form",
    "unknown_region": "names a region that the pack does not list",
    "unknown_station": "names a station or commission that is not in its region",
    "misrouted": "is on a partition that is not its region's, or has another key",
    "future_time": "lies further ahead of its record's time than the pack allows",
    "too_large": f"is larger than {64 * 1024:,} bytes",
}
