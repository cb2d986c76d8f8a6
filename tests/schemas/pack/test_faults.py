"""Every kind of fault is told, with the file, the line and the field it is in."""

from __future__ import annotations

import pytest

from schemas.pack import PackError, Problem, parse_pack
from tests.packs import SMALL_FILES

TOML = "election.toml"


def faults(**changed: str | None) -> list[str]:
    """What is wrong with the small pack when files are replaced (``_`` for ``.``) or left out."""
    files = dict(SMALL_FILES)
    for name, text in changed.items():
        name = name.replace("_", ".")
        if text is None:
            del files[name]
        else:
            files[name] = text
    return found(files)


def found(files: dict[str, str]) -> list[str]:
    """The problems of a pack, as text."""
    problems: tuple[Problem, ...] = ()
    try:
        parse_pack(files)
    except PackError as error:
        problems = error.problems
    return [str(problem) for problem in problems]


def edited(file: str, old: str, new: str) -> list[str]:
    """What is wrong when ``old``, which must be there once, is ``new``."""
    text = SMALL_FILES[file]
    assert text.count(old) == 1, old
    return found({**SMALL_FILES, file: text.replace(old, new)})


def test_the_small_pack_is_good() -> None:
    """What the other tests change has nothing wrong with it."""
    assert found(dict(SMALL_FILES)) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('id = "test-2030"', 'id = "test 2030"', "1: id: String should match pattern"),
        ('id = "test-2030"', 'idd = "test-2030"', "1: id: is missing"),
        ('id = "test-2030"', "id = ", "1: not TOML: Invalid value (column 6)"),
        ('id = "test-2030"', "id = 1" + "0" * 5000, "1: not TOML: "),
        ("days = [2030-06-02]", "days = []", "5: days: List should have at least 1 item"),
        ("days = [2030-06-02]", "days = [2030-06-02, 2030-06-02]", "5: days[1]: '2030-06-02' is"),
        ("days = [2030-06-02]", 'days = ["2030-06-02"]', "5: days[0]: must be a date without"),
        ("days = [2030-06-02]", "days = [0001-01-01]", "5: days[0]: the year 1 is not between"),
        ('zone = "Etc/UTC"', 'zone = "Mars/Olympus"', "4: time_zone: 'Mars/Olympus' is not a"),
        ('zone = "Etc/UTC"', 'zone = "../../etc/passwd"', "4: time_zone: '../../etc/passwd' is"),
        ('zone = "Etc/UTC"', 'zone = "Etc"', "4: time_zone: 'Etc' is not a time zone"),
        ("06-03T12:00:00Z", "06-03T12:00:00", "6: embargo_until: must be a date and time with an"),
        ('country = "XX"', 'country = "YY"', "3: country: 'YY' is no code in regions.csv"),
        ('"Test election"', '" "', "2: name: must be text on one line"),
        ('"Test election"', '"a\\nb"', "2: name: must be text on one line"),
        ("main = true", "main = false", "8: contests: exactly one needs 'main = true', found: no"),
        ('districts"\n', 'districts"\nmain = true\n', "8: contests: exactly one needs 'main = tr"),
        ("[contests.list]", '[contests."a list"]', "8: contests.a list: String should match"),
        ('open = "07:00"', 'open = "7:00"', '16: polling.open: must be a local time such as "07'),
        ('open = "07:00"', 'open = "20:00"', "17: polling.close: must be later than the opening"),
        ('["XX-C"]', '["XX-D"]', "21: polling.exceptions[0].regions[0]: 'XX-D' is no code in"),
        ('["XX-C"]', '["XX"]', "21: polling.exceptions[0].regions[0]: 'XX' is the country"),
        ('["XX-ABROAD"]', '["XX-C"]', "24: polling.exceptions[1]: covers a region and day that"),
        ('"Etc/GMT+1"', '"Etc/GMT+1"\ndays = [2030-06-03]', "23: polling.exceptions[0].days[0]: "),
        ('time_zone = "Etc/GMT+1"', "", "20: polling.exceptions[0]: needs either 'unknown = tr"),
        ("unknown = true", 'unknown = true\nopen = "06:00"', "24: polling.exceptions[1]: needs ei"),
        ('regions = ["XX-C"]', "", "20: polling.exceptions[0]: needs 'regions', 'days' or both"),
        ("_minutes = 15", "_minutes = true", "29: turnout.tolerance_minutes: Input should be a"),
        ("_minutes = 15", "_minutes = -1", "29: turnout.tolerance_minutes: Input should be gr"),
        ("T14:00:00Z", "T10:00:00Z", "32: turnout.checkpoints[1]: this moment is there already, "),
        ("T14:00:00Z", "T12:00:00+02:00", "32: turnout.checkpoints[1]: this moment is there alr"),
        ("T18:00:00Z", "", "33: turnout.checkpoints[2]: must be a date and time with an offset"),
        ('code = "gazette"', 'code = "Gazette"', "41: publishers[1].code: String should match pa"),
        ('code = "agency"', 'code = "gazette"', "45: publishers[2].code: 'gazette' is there alre"),
        ('"urn:test:party"', '"urn:test:citizen"', "61: sources[2].uri: 'urn:test:citizen' is th"),
        ('"urn:test:party"', '"urn test"', "61: sources[2].uri: String should match pattern"),
        ('group = "citizen"', 'group = "police"', "52: sources[0].observer_group: Input should"),
        ('observer_group = "citizen"\n', "", "48: sources[0].observer_group: is missing, as"),
        ('"desk"\n', '"desk"\nobserver_group = "voter"\n', "75: sources[4].observer_group: only a"),
        ('"desk"\n', '"desk"\n[tolerances]\nfuture = 5\n', "76: tolerances.future: unknown key"),
        ('"desk"\n', '"desk"\n[judgement.turnout]\nalpha = 0\n', "76: judgement.turnout.alpha: "),
        ('"desk"\n', '"desk"\n[judgement.turnout]\nalpha = nan\n', "76: judgement.turnout.alpha:"),
        ('"desk"\n', '"desk"\n[judgement.alerts]\nNoSuch = "x"\n', "76: judgement.alerts.NoSuch:"),
        ('"desk"\n', '"desk"\n[judgement]\nmood = 1\n', "76: judgement.mood: unknown key"),
    ],
)
def test_election_toml(old: str, new: str, expected: str) -> None:
    """A fault of election.toml is told once, with its line and the path of the key."""
    told = [line for line in edited(TOML, old, new) if line.startswith(f"{TOML}:{expected}")]
    assert len(told) == 1, edited(TOML, old, new)


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("regions.csv", "XX-A,North", "XX a,North", "3: code: 'XX a' does not fit"),
        ("regions.csv", "XX-B,South", "XX-A,South", "4: code: 'XX-A' is there already, on line 3"),
        ("regions.csv", "XX-A,North", "XX-A,", "3: name: is empty"),
        ("regions.csv", "North,XX,", "North,YY,", "3: parent: 'YY' is no region of this pack"),
        ("regions.csv", "Testland,,", "Testland,XX-A,", "2: parent: 'XX' is above itself"),
        ("regions.csv", ",out_of_country,", ",abroad,", "6: kind: 'abroad' is none of country, re"),
        ("regions.csv", ",out_of_country,", ",country,", "6: kind: the country of election.toml "),
        ("regions.csv", "Testland,,", "Testland,,region", "2: kind: 'XX' is the country of elect"),
        ("regions.csv", ",4000,3", ',"4,000",3', "3: registered: '4,000' is no whole number from"),
        ("regions.csv", ",4000,3", ",9999999999,3", "3: registered: '9999999999' is no whole num"),
        ("regions.csv", ",4000,3", ",4000,-3", "3: stations: '-3' is no whole number from 0 to"),
        ("regions.csv", ",4000,3", ",٤,3", "3: registered: '٤' is no whole number from 0 to"),
        ("regions.csv", ",4000,3", ",4000", "3: has 5 cells where the header has 6"),
        ("regions.csv", ",4000,3", ",4000,3,9", "3: has 7 cells where the header has 6"),
        ("regions.csv", "parent,", "", "1: parent: column is missing"),
        ("regions.csv", "stations\n", "stations,wealth\n", "1: wealth: unknown column"),
        ("regions.csv", "stations\n", "stations,name\n", "1: name: column is there twice"),
        ("regions.csv", "North,", '"North\nof here",', "3: name: must be text on one line"),
        ("stations.csv", "A-2,XX-A", "A 2,XX-A", "3: id: 'A 2' does not fit"),
        ("stations.csv", "A-2,XX-A", ",XX-A", "3: id: is empty"),
        ("stations.csv", "A-3,XX-A", "A-1,XX-A", "4: id: 'A-1' is there already, on line 2"),
        ("stations.csv", "B-2,XX-B", "B-2,XX-Z", "6: region: 'XX-Z' is no region of this pack"),
        ("stations.csv", "B-2,XX-B", "B-2,", "6: region: is empty"),
        ("stations.csv", "A-country", "A country", "4: stratum: 'A country' does not fit"),
        ("stations.csv", "C,yes", "C,maybe", "7: urban: 'maybe' is none of yes, no or empty"),
        ("stations.csv", "51.10", "91.10", "2: lat: '91.10' is not in degrees from -90 to 90"),
        ("stations.csv", "71.40", "71E", "2: lon: '71E' is not in degrees from -180 to 180"),
        ("stations.csv", ",71.40", ",", "2: lon: is empty while the other is given"),
        ("commissions.csv", "B,XX-B", "A,XX-B", "4: id: 'A' is there already, on line 3"),
        ("commissions.csv", "B,XX-B", "B,XX-Q", "4: region: 'XX-Q' is no region of this pack"),
        ("districts.csv", "1,district", "1,senate", "2: contest: 'senate' is no contest of this"),
        ("districts.csv", "2,district,XX-B", "2,district,YY", "3: region: 'YY' is no region of"),
        ("districts.csv", ",4000", ",many", "2: electorate: 'many' is no whole number from 0"),
        ("taxonomy.csv", "procedures,", "campaigning,", "4: code: 'campaigning' is there alread"),
        ("taxonomy.csv", "stuffing,voting", "stuffing,lunch", "3: phase: 'lunch' is none of pre_"),
        ("questions.csv", "sealed?,yes", "sealed?,maybe", "2: expected: 'maybe' is none of yes, "),
        ("questions.csv", "Was the ballot box sealed?", "", "2: text: is empty"),
        ("deployment.csv", "A-3,", "A-9,", "3: station: 'A-9' is no station of this pack"),
        ("deployment.csv", "A-3,", "A-1,", "3: station: 'A-1' has this source already, on line "),
        ("deployment.csv", "C-1,urn:test:international", "C-1,urn:x", "5: source: 'urn:x' is no "),
        ("deployment.csv", "urn:test:international", "urn:test:desk", "5: source: 'urn:test:desk"),
        ("deployment.csv", "yes,A-town", "perhaps,A-town", "2: sample: 'perhaps' is none of yes"),
        ("deployment.csv", "voting\nB", "elections\nB", "3: phases: 'elections' is none of pre"),
    ],
)
def test_tables(file: str, old: str, new: str, expected: str) -> None:
    """A fault of a table is told once, with its line and column."""
    told = [line for line in edited(file, old, new) if line.startswith(f"{file}:{expected}")]
    assert len(told) == 1, edited(file, old, new)


def test_all_faults_are_told_at_once() -> None:
    """One check shows the faults of every file, in the order of files and lines."""
    told = faults(
        election_toml=SMALL_FILES[TOML].replace('"07:00"', '"25:00"').replace("= 15", '= "x"'),
        regions_csv=SMALL_FILES["regions.csv"].replace("4000,3", "x,y"),
        taxonomy_csv="code,name\nA,b\nc,\n",
    )
    assert [line.rsplit(": ", 1)[0] for line in told] == [
        "election.toml:16: polling.open",
        "election.toml:29: turnout.tolerance_minutes",
        "regions.csv:3: registered",
        "regions.csv:3: stations",
        "taxonomy.csv:2: code",
        "taxonomy.csv:3: name",
    ]


def test_lines_are_true_after_quoted_line_ends_and_blank_lines() -> None:
    """A row's line is the one it begins on, whatever rows before it spread over."""
    text = 'code,name,phase\r\n\r\na,"one\r\ntwo",voting\r\n\r\nb,,\r\n'
    assert faults(taxonomy_csv=text) == [
        "taxonomy.csv:3: name: must be text on one line of at most 500 characters",
        "taxonomy.csv:6: name: is empty",
    ]


def test_a_doubled_code_names_the_first_line_though_rows_spread_over_lines() -> None:
    """The line of the first is counted like any other."""
    text = 'code,name,phase\n"a",x,\n\nb,"y ""z""",\nb,x,\nb,x,\na,x,\n'
    assert faults(taxonomy_csv=text) == [
        "taxonomy.csv:5: code: 'b' is there already, on line 4",
        "taxonomy.csv:6: code: 'b' is there already, on line 4",
        "taxonomy.csv:7: code: 'a' is there already, on line 2",
    ]


def test_a_quote_that_is_never_closed() -> None:
    """It is placed where its row begins, not at the end of the file, and told once."""
    text = 'code,name,phase\na,x,\na,"x,\nb,y,\nc,z,\n'
    told = faults(taxonomy_csv=text)
    assert told == ["taxonomy.csv:3: not CSV: unexpected end of data"]


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_an_empty_table(text: str) -> None:
    """It is told what the first line must be."""
    assert faults(taxonomy_csv=text) == [
        "taxonomy.csv:1: is empty; its first line must be code,name"
    ]


def test_an_empty_election() -> None:
    """Every missing key is told."""
    told = faults(election_toml="")
    assert "election.toml:1: id: is missing" in told
    assert "election.toml:1: polling: is missing" in told


def test_a_byte_order_mark_is_no_fault() -> None:
    """Spreadsheets write one."""
    files = {name: "\ufeff" + text for name, text in SMALL_FILES.items()}
    assert found(files) == []


def test_windows_line_ends_are_no_fault_and_keep_lines_true() -> None:
    """Both kinds of file may have them."""
    files = {name: text.replace("\n", "\r\n") for name, text in SMALL_FILES.items()}
    assert found(files) == []
    files[TOML] = files[TOML].replace('code = "agency"', 'code = "A B"')
    assert [line.split(": S")[0] for line in found(files)] == [
        "election.toml:45: publishers[2].code"
    ]


@pytest.mark.parametrize("name", ["election.toml", "regions.csv", "taxonomy.csv"])
def test_a_file_that_every_pack_needs(name: str) -> None:
    """That it is missing is told once, not again at every reference to what it would hold."""
    files = {file: text for file, text in SMALL_FILES.items() if file != name}
    assert found(files) == [f"{name}:1: is missing"]


def test_the_error_reads_as_one_line_a_fault() -> None:
    """An editor finds file and line at the start of each."""
    with pytest.raises(PackError) as error:
        parse_pack({})
    assert str(error.value).split("\n") == [
        "election.toml:1: is missing",
        "regions.csv:1: is missing",
        "taxonomy.csv:1: is missing",
    ]


def test_files_that_a_pack_may_do_without() -> None:
    """Stations, commissions, districts, questions and deployment are optional."""
    pack = parse_pack({n: SMALL_FILES[n] for n in ("election.toml", "regions.csv", "taxonomy.csv")})
    assert pack.stations is None
    assert pack.commissions is None
    assert not pack.districts
    assert not pack.questions
    assert not pack.deployment


def test_deployment_without_stations() -> None:
    """Deployment speaks of stations, so the pack must list them."""
    told = faults(stations_csv=None)
    assert told == ["deployment.csv:1: needs stations.csv, which this pack has not"]


@pytest.mark.parametrize("name", ["station.csv", "Stations.csv", "stations.CSV"])
def test_a_misspelt_file_name_is_noticed(name: str) -> None:
    """It would be left out in silence: stations would not be checked."""
    files = {n: t for n, t in SMALL_FILES.items() if n not in ("stations.csv", "deployment.csv")}
    told = found({**files, name: ""})
    assert told == [f"{name}:1: is no file of a pack; should it be stations.csv?"]


@pytest.mark.parametrize("name", ["README.md", "official_turnout.csv", "notes.toml"])
def test_other_files_are_left_alone(name: str) -> None:
    """A pack's directory may hold other things."""
    assert found({**SMALL_FILES, name: "anything"}) == []


def test_deeply_nested_toml_is_no_crash() -> None:
    """However deep, it is a fault of the file."""
    told = faults(election_toml="a = " + "[" * 100_000)
    assert len(told) == 1
    assert told[0].startswith("election.toml:1: ")
