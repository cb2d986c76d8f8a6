"""A small but complete election pack for everybody's tests."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType

from schemas.pack import Pack, parse_pack

_ELECTION = """\
id = "test-2030"
name = "Test election"
country = "XX"
time_zone = "Etc/UTC"
days = [2030-06-02]
embargo_until = 2030-06-03T12:00:00Z

[contests.list]
name = "Nationwide list"
main = true

[contests.district]
name = "Single-mandate districts"

[polling]
open = "07:00"
close = "20:00"

# The west is an hour behind and closes an hour later; the hours abroad are not known.
[[polling.exceptions]]
regions = ["XX-C"]
time_zone = "Etc/GMT+1"

[[polling.exceptions]]
regions = ["XX-ABROAD"]
unknown = true

[turnout]
tolerance_minutes = 15
checkpoints = [
    2030-06-02T10:00:00Z,
    2030-06-02T14:00:00Z,
    2030-06-02T18:00:00Z,
]

[[publishers]]
code = "commission"
name = "Election commission"

[[publishers]]
code = "gazette"
name = "Gazette"

[[publishers]]
code = "agency"
name = "News agency"

[[sources]]
uri = "urn:test:citizen"
name = "Citizen observers"
authority = "observer"
observer_group = "citizen"

[[sources]]
uri = "urn:test:international"
name = "International observers"
authority = "observer"
observer_group = "international"

[[sources]]
uri = "urn:test:party"
name = "Party agents"
authority = "observer"
observer_group = "party_agent"

[[sources]]
uri = "urn:test:official"
name = "Importer of official publications"
authority = "official"

[[sources]]
uri = "urn:test:desk"
name = "Operations room"
authority = "desk"
"""

_REGIONS = """\
code,name,parent,kind,registered,stations
XX,Testland,,,10000,8
XX-A,North,XX,,4000,3
XX-B,South,XX,,3000,2
XX-C,West,XX,,2900,2
XX-ABROAD,Abroad,XX,out_of_country,,1
"""

_STATIONS = """\
id,region,registered,stratum,urban,lat,lon
A-1,XX-A,1500,A-town,yes,51.10,71.40
A-2,XX-A,1500,A-town,yes,51.20,71.50
A-3,XX-A,1000,A-country,no,,
B-1,XX-B,2000,B,yes,43.20,76.90
B-2,XX-B,1000,B,no,43.30,76.80
C-1,XX-C,2000,C,yes,50.30,57.20
C-2,XX-C,900,C,no,,
ABROAD-1,XX-ABROAD,,,,,
"""

_COMMISSIONS = """\
id,region,name,level
CEC,XX,Central commission,central
A,XX-A,Commission of the north,regional
B,XX-B,Commission of the south,regional
C,XX-C,Commission of the west,regional
"""

_DISTRICTS = """\
code,contest,region,name,electorate
1,district,XX-A,North,4000
2,district,XX-B,South and west,
"""

_TAXONOMY = """\
code,name,phase
campaigning,Campaigning at the station,voting
ballot_stuffing,Ballot box stuffing,voting
procedures,Procedures not followed,
tampering,Figures altered,counting
"""

_QUESTIONS = """\
code,phase,text,expected
box_sealed,opening,Was the ballot box sealed?,yes
step_free,voting,Could the station be reached without steps?,yes
reconciliation,counting,Were the figures reconciled?,yes
present,counting,Were party agents present?,
"""

_DEPLOYMENT = """\
station,source,sample,stratum,phases
A-1,urn:test:citizen,yes,A-town,opening|voting|counting
A-3,urn:test:citizen,yes,A-country,voting
B-1,urn:test:citizen,no,,voting|counting
C-1,urn:test:international,no,,counting
"""

SMALL_FILES = MappingProxyType(
    {
        "election.toml": _ELECTION,
        "regions.csv": _REGIONS,
        "stations.csv": _STATIONS,
        "commissions.csv": _COMMISSIONS,
        "districts.csv": _DISTRICTS,
        "taxonomy.csv": _TAXONOMY,
        "questions.csv": _QUESTIONS,
        "deployment.csv": _DEPLOYMENT,
    }
)
"""The texts of ``small_pack``, to change one and parse again."""


@cache
def small_pack() -> Pack:
    """Country XX with regions XX-A, XX-B, XX-C, XX-ABROAD; stations A-1 … ABROAD-1.

    Election ``test-2030`` on 2030-06-02 (UTC); contests ``list`` (main) and ``district``;
    checkpoints 10:00, 14:00, 18:00 with 15 minutes of tolerance; publishers ``commission``,
    ``gazette``, ``agency``; sources ``urn:test:citizen|international|party|official|desk``;
    categories ``campaigning``, ``ballot_stuffing``, ``procedures``, ``tampering``.
    """
    return parse_pack(SMALL_FILES)
