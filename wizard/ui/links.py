"""Links of the checklist, made deep by the ids that are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wizard.state.content import placeholders


def deep(link: str, ids: Mapping[str, str]) -> str:
    """The link with its ids filled in; "" when one of them is not known yet."""
    known = {name: ids.get(name, "") for name in placeholders(link)}
    # Ids come from a file that people may edit: they must not lead to another address.
    if not all(value.isascii() and value.isalnum() for value in known.values()):
        return ""
    return link.format(**known)


def deep_links(links: Iterable[str], ids: Mapping[str, str]) -> list[str]:
    """Every link that can be filled in, each once, in order.

    A general page (`…/apps/`) is left out where a deeper one (`…/apps/123/…`) is known.
    """
    filled = {link: deep(link, ids) for link in links}
    deeper = tuple(page for link, page in filled.items() if page and page != link)
    shown = [
        page
        for link, page in filled.items()
        if page and not (page == link and any(other.startswith(page) for other in deeper))
    ]
    return list(dict.fromkeys(shown))
