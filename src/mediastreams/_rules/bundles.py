"""Which sections share a transport, and which of them says how it is reached.

https://www.rfc-editor.org/rfc/rfc8843
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mediastreams._rules.sdp_values import Description, Section

__all__ = ["bundle_mids", "lead_of"]


def bundle_mids(description: Description) -> tuple[str, ...]:
    """The mids that share the transport: those of the first group, else of the first section that is not rejected.

    DEVIATION: media outside the first BUNDLE group are rejected; every peer of today bundles.
    """
    for group in description.bundles:
        if group:
            return group
    return next(((one.mid,) for one in description.sections if not one.rejected), ())


def lead_of(description: Description) -> Section | None:
    """The section whose transport all use: the first of the bundle that is not rejected."""
    mids: Collection[str] = bundle_mids(description)
    sections = {one.mid: one for one in description.sections if not one.rejected}
    return next((sections[mid] for mid in mids if mid in sections), None)
