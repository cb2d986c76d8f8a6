"""The desk's notices: from files of events, or from the tables of live workers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Final

import aiohttp
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from schemas.routing import partition_of
from streams.archive.replay import Replay
from streams.errors import UserError
from streams.grafana.annotations import notice_key
from streams.tables.views import rows

if TYPE_CHECKING:
    from schemas.pack import Pack

_TIMEOUT: Final = aiohttp.ClientTimeout(total=30)


@dataclass(slots=True)
class Notices:
    """``rows`` of the table `notices`, and what is known of others.

    ``withdrawn``: keys of notices that were taken back. ``regions``: those all of whose notices
    are in ``rows``. ``silent``: partitions that no worker answered for.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    withdrawn: set[str] = field(default_factory=set)
    regions: set[str] = field(default_factory=set)
    silent: set[int] = field(default_factory=set)


class _Row(BaseModel):
    region: str
    time: AwareDatetime
    source: str
    notice_id: str
    revision: int
    text: str


class _Page(BaseModel):
    """A worker's page of the table `notices`."""

    election: str
    partitions: list[int]
    of: Annotated[int, Field(ge=1)]
    rows: list[_Row]


def from_events(pack: Pack, lines: Iterable[tuple[str, bytes]]) -> tuple[Notices, Replay]:
    """The notices among (place, event), folded as a worker does; and the replay, for its counts.

    Events may be a part of the log: only what they say was withdrawn is known to be gone.
    """
    replay = Replay(pack)
    replay.fold(lines)
    found = Notices(rows=list(rows("notices", [replay.part], pack, replay.now)))
    for code, region in replay.part.regions.items():
        for (source, notice_id), head in region.notices.heads.items():
            if head.data.withdrawn:
                found.withdrawn.add(notice_key(code, source, notice_id))
    return found, replay


def from_workers(pack: Pack, addresses: Sequence[str], token: str | None = None) -> Notices:
    """The notices of the partitions that are live on the workers at ``addresses``.

    ``token``: the workers' own, where they have one.
    Of a region whose partition is live all notices are known, so that others are gone. UserError:
    a worker can't be reached, is none, or watches another election.
    """
    pages = asyncio.run(_pages(addresses, token))
    found = Notices()
    for address, page in zip(addresses, pages, strict=True):
        if page.election != pack.id:
            raise UserError(
                f"the worker at {address} watches the election {page.election}, not {pack.id}: "
                "name its pack with --pack"
            )
        live = set(page.partitions)
        found.rows += [row.model_dump(mode="json") for row in page.rows]
        found.regions |= {code for code in pack.regions if partition_of(code, page.of) in live}
    answered = {number for page in pages for number in page.partitions}
    found.silent = {number for page in pages for number in range(page.of)} - answered
    return found


async def _pages(addresses: Sequence[str], token: str | None) -> list[_Page]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(timeout=_TIMEOUT, headers=headers) as session:
        return [await _page(session, address) for address in addresses]


async def _page(session: aiohttp.ClientSession, address: str) -> _Page:
    url = f"{address.rstrip('/')}/tables/notices"
    try:
        async with session.get(url, raise_for_status=True) as answer:
            return _Page.model_validate_json(await answer.read())
    except ValidationError:
        raise UserError(f"{url} is no worker's table of notices") from None
    except aiohttp.ClientResponseError as error:
        if error.status not in (401, 403):
            raise UserError(f"cannot read {url}: {error}. See that the worker runs") from None
        raise UserError(
            f"{url}: the worker wants its token: set worker.token_file as the worker has it"
        ) from None
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
        raise UserError(f"--worker {address}: it is an address, as http://127.0.0.1:6066") from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        reason = str(error) or type(error).__name__
        raise UserError(f"cannot read {url}: {reason}. See that the worker runs") from None
