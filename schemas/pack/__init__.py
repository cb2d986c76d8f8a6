"""The election pack: a directory that describes one election, read and checked. Pure."""

from __future__ import annotations

from schemas.pack.judgement import Judgement
from schemas.pack.models import (
    Category,
    Commission,
    Contest,
    Deployment,
    District,
    Publisher,
    Question,
    Region,
    RegionKind,
    Source,
    Station,
)
from schemas.pack.pack import Pack
from schemas.pack.parse import OPTIONAL_FILES, PACK_FILES, REQUIRED_FILES, parse_pack
from schemas.pack.problems import PackError, Problem

__all__ = [
    "OPTIONAL_FILES",
    "PACK_FILES",
    "REQUIRED_FILES",
    "Category",
    "Commission",
    "Contest",
    "Deployment",
    "District",
    "Judgement",
    "Pack",
    "PackError",
    "Problem",
    "Publisher",
    "Question",
    "Region",
    "RegionKind",
    "Source",
    "Station",
    "parse_pack",
]
