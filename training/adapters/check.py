"""Reads everything that a version of an adapter holds, before it gets its number."""

from pathlib import Path

from engine.checkpoint.folder import ROUTER_FILE, ROUTER_REPORT, router_threshold, understood
from training.adapters.errors import AdapterError
from training.adapters.learnt import read_learnt
from training.adapters.lineage import read_lineage, require_plain


def check(folder: Path) -> None:
    """Lets only an adapter pass that is one, whoever made it.

    Raises:
        ModelError: the adapter, the router, the lineage or ``learnt.txt`` cannot be used.
    """
    from engine.checkpoint.adapter import read_adapter
    from engine.router import Router

    router = folder / ROUTER_FILE
    if not router.is_file() and (folder / ROUTER_REPORT).is_file():
        raise AdapterError(
            f"There is a {ROUTER_REPORT}, and no router that it could be about.",
            "Nothing was added.",
            f"Put {ROUTER_FILE} beside it, or take it away.",
        )
    try:
        # Files of a stranger: what their readers do not foresee is still no adapter.
        with understood(folder):
            lineage = read_lineage(folder)
            require_plain(lineage)
            read_learnt(folder, lineage)
            read_adapter(folder)
            if router.is_file():
                router_threshold(router)
                Router.load(router)
    except RuntimeError as error:  # of torch: shapes that do not fit; or nested without end
        raise AdapterError(
            f"The adapter cannot be read ({type(error).__name__}: {error}).",
            "Nothing was added.",
            "Get it again from where it came from.",
        ) from error
