"""Which tests of whole environments run one after another; lanes run beside each other."""

from pathlib import PurePath

from xdist.scheduler import LoadScopeScheduling

LANES = {
    "test_release": "twenty upgrades",
    "test_release_broken": "releases",
    "test_release_modes": "releases",
    "test_release_certificate": "releases",
    "test_docs_commands": "documented commands",
    "test_restore": "restores",
    "test_refresh": "restores",
    "test_inbox": "what the check needs",
    "test_tools_by_image": "what the check needs",
}


class Lanes(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    def _split_scope(self, nodeid: str) -> str:
        """The lane of a test of containers; a file of its own is the scope of any other."""
        path = PurePath(nodeid.partition("::")[0])
        if "stack" in path.parts:
            return LANES.get(path.stem, "one staging")
        scope: str = super()._split_scope(nodeid)
        return scope
