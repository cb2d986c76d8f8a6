"""Grafana's HTTP API: what we ask of it, and what its refusals mean. The token is never shown."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Self
from urllib.parse import quote, urlsplit

from grafana_client import GrafanaApi
from grafana_client.client import GrafanaException
from niquests.exceptions import (
    InvalidJSONError,
    RequestException,
    SSLError,
    TooManyRedirects,
)
from pydantic import ValidationError

from streams.errors import UserError
from streams.grafana import answers
from streams.grafana.annotations import Change, Stored
from streams.grafana.dashboards import Dashboard
from streams.grafana_settings import GrafanaSettings

MOST: Final = 10_000
"""Annotations of one election that Grafana is asked for at most; it gives no second page."""


class Grafana:
    """A connection, for a ``with`` block. Every failure is a UserError that says what to do."""

    def __init__(self, settings: GrafanaSettings) -> None:
        self.address = settings.address()
        self._token = settings.secret()
        parts = urlsplit(self.address)
        host = parts.hostname or ""
        self._api = GrafanaApi(
            self._token,
            host=f"[{host}]" if ":" in host else host,
            port=parts.port,
            url_path_prefix=f"{parts.path.strip('/')}/" if parts.path.strip("/") else "",
            protocol=parts.scheme,
            verify=_trusted(settings),
            timeout=settings.timeout,
            user_agent="scrutineer",
            organization_id=settings.organization,
        )
        # A redirected POST becomes a GET, and the token should go where the settings say alone.
        self._api.client.s.max_redirects = 0
        self._prefix = parts.path.rstrip("/")
        self._origin = f"{parts.scheme}://{parts.netloc}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._api.client.s.close()

    def folder(self, uid: str) -> str | None:
        """The title of a folder, None where there is none."""
        with self._asking(f"read the folder {uid}", "folders:read"):
            found = self._found(lambda: self._api.folder.get_folder(uid))
            return None if found is None else answers.Folder.model_validate(found).title

    def create_folder(self, uid: str, title: str) -> None:
        """Make a folder."""
        with self._asking(f"create the folder {uid}", "folders:create"):
            answers.Folder.model_validate(self._api.folder.create_folder(title, uid=uid))

    def rename_folder(self, uid: str, title: str) -> None:
        """Give a folder another title."""
        with self._asking(f"rename the folder {uid}", "folders:write"):
            self._api.folder.update_folder(uid, title=title, overwrite=True)

    def dashboard(self, uid: str) -> answers.Saved | None:
        """What is in Grafana under ``uid``, None where nothing is."""
        with self._asking(f"read the dashboard {uid}", "dashboards:read"):
            found = self._found(lambda: self._api.dashboard.get_dashboard(uid))
            return None if found is None else answers.Saved.model_validate(found)

    def save(self, board: Dashboard, folder: str, version: int | None) -> str:
        """Save a dashboard; its address. ``version``: of the one it replaces.

        Without Grafana's `overwrite`: that would also replace what somebody saved this moment,
        and in older versions another dashboard that only has the same title.
        """
        model: dict[str, Any] = {**board.model, "id": None}
        if version is not None:
            model["version"] = version
        body = {
            "dashboard": model,
            "folderUid": folder,
            "overwrite": False,
            "message": "scrutineer grafana push",
        }
        with self._asking(f"save the dashboard {board.uid}", "dashboards:create, dashboards:write"):
            answer = self._api.dashboard.update_dashboard(body)
            return self.page(answers.Saving.model_validate(answer).url)

    def page(self, path: str) -> str:
        """The whole address of a page that Grafana names by its path."""
        below = "" if path.startswith(f"{self._prefix}/") else self._prefix
        return f"{self._origin}{below}{path}"

    def annotations(self, tags: Sequence[str]) -> list[Stored]:
        """All annotations that carry all of ``tags``."""
        with self._asking("read annotations", "annotations:read"):
            # The client puts tags into the address as they are.
            found = self._api.annotations.find_annotations(
                tags=[quote(tag, safe=":") for tag in tags], limit=MOST
            )
            stored = answers.items(found)
        if len(stored) >= MOST:
            raise UserError(
                f"Grafana at {self.address} has {MOST:,} annotations or more with the tags "
                f"{', '.join(tags)}: too many to be compared. Delete those that are none of ours"
            )
        return stored

    def change(self, step: Change) -> None:
        """Make, alter or delete an annotation; what is gone already is none the less deleted."""
        of, (time, tags, text) = self._api.annotations, step.annotation
        whole = {"time_from": time, "time_to": time, "tags": list(tags), "text": text}
        match step.outcome:
            case "created":
                with self._asking("add an annotation", "annotations:create"):
                    # Without a panel the client sends a null, which the API does not know.
                    of.add_annotation(panel_id=0, **whole)
            case "updated":
                with self._asking(f"change annotation {step.id}", "annotations:write"):
                    of.partial_update_annotation(step.id, **whole)
            case "deleted":
                with self._asking(f"delete annotation {step.id}", "annotations:delete"):
                    self._found(lambda: of.delete_annotations_by_id(step.id))

    def _found(self, ask: Any) -> Any:
        """The answer, None where there is no such thing."""
        try:
            return ask()
        except GrafanaException as error:
            if error.status_code == 404 and isinstance(error.response, dict):
                return None
            raise

    @contextmanager
    def _asking(self, doing: str, permission: str) -> Iterator[None]:
        try:
            with warnings.catch_warnings():
                # Said by the setting's description, once; not at each request.
                warnings.filterwarnings("ignore", message="Unverified HTTPS request")
                yield
        except GrafanaException as error:
            raise UserError(self._shown(self._refusal(error, doing, permission))) from None
        except (ValidationError, InvalidJSONError):
            raise UserError(self._strange(doing)) from None
        except RequestException as error:
            raise UserError(self._shown(self._failure(error))) from None

    def _refusal(self, error: GrafanaException, doing: str, permission: str) -> str:
        status, answer = error.status_code, error.response
        said = answer.get("message") if isinstance(answer, dict) else None
        where = f"Grafana at {self.address}"
        told = f": it says: {said}" if said else ""
        if 0 < status < 500 and not told:
            return self._strange(f"{doing}: {status}")
        match status:
            case 0:
                return (
                    f"{where} does not answer in time (asked to {doing}): try again, or set "
                    "grafana.timeout higher"
                )
            case 401:
                return (
                    f"{where} does not accept the token (401){told}. Set grafana.token_file to the "
                    "token of a service account that is enabled and not expired"
                )
            case 403:
                return (
                    f"{where} does not let this token {doing} (403){told}. Its service account "
                    f"needs the role Editor, or the permission {permission}"
                )
            case 404 | 409 | 412:
                return (
                    f"{where}: cannot {doing} ({status}){told}. Somebody else deleted it, or saved "
                    "it or one of the same name: look at it, and run this again"
                )
            case _ if status >= 500:
                return f"{where} has trouble of its own ({status}) when asked to {doing}{told}"
            case _:
                return f"{where} refuses to {doing} ({status}){told}"

    def _strange(self, doing: str) -> str:
        return (
            f"{self.address} answers, but not as Grafana does (asked to {doing}): see that "
            "grafana.url is Grafana's address, with the path it is served below"
        )

    def _failure(self, error: RequestException) -> str:
        reason = _innermost(error)
        if isinstance(error, SSLError):
            return (
                f"no trusted connection to Grafana at {self.address}: {reason}. Set "
                "grafana.ssl_cafile to the authority that signed its certificate, and see that "
                "the certificate names this host"
            )
        if isinstance(error, TooManyRedirects):
            return (
                f"{self.address} sends us on to another address: set grafana.url to the one that "
                "Grafana is served at (https, its path)"
            )
        return (
            f"cannot reach Grafana at {self.address}: {reason}. See that it runs and that "
            "grafana.url is right"
        )

    def _shown(self, text: str) -> str:
        """``text`` without the token, should a server repeat it."""
        return text.replace(self._token, "***")


def _trusted(settings: GrafanaSettings) -> bool | str:
    if settings.ssl_cafile is None:
        return settings.ssl_verify
    if not os.access(settings.ssl_cafile, os.R_OK):
        raise UserError(f"grafana.ssl_cafile: cannot read {settings.ssl_cafile}")
    return str(settings.ssl_cafile)


def _innermost(error: BaseException) -> str:
    """What went wrong at the bottom, where the message is about the network and not the client."""
    seen: BaseException = error
    while (inner := seen.__cause__ or seen.__context__) is not None:
        seen = inner
    if isinstance(seen, OSError) and seen.strerror:
        return seen.strerror
    return str(seen)
