"""Once at each start, as root, without a network: what the service needs becomes its own."""

import os
import pwd
from pathlib import Path

from contravento_backup.kit import encryption
from contravento_backup.kit.errors import BackupFailed
from contravento_backup.kit.settings import Settings
from contravento_backup.storage.folder import Store

OWNER = "postgres"
HANDED_OVER = Path("/run/contravento/environment")


def hand_over(settings: Settings, store: Store, source: Path = HANDED_OVER) -> None:
    """A folder of the host belongs to root, and an environment file to whoever may read it."""
    store.make()
    _keep_environment(settings, store, source)
    if os.geteuid() == 0:
        owner = pwd.getpwnam(OWNER)
        for path in (store.root, *store.root.rglob("*")):
            if path.lstat().st_uid != owner.pw_uid:
                os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


def _keep_environment(settings: Settings, store: Store, source: Path) -> None:
    content = source.read_bytes() if source.is_file() else b""
    if not content:
        raise BackupFailed(
            f"{source} is empty or no file; ENVIRONMENT_FILE names the environment file to keep."
        )
    if store.environment.exists():
        try:
            if encryption.decrypt(store.environment, settings.key).encode() == content:
                return
        except BackupFailed:
            pass  # of another key, and about to be replaced
    unfinished = store.environment.with_suffix(".new")
    encryption.encrypt(source, unfinished, settings.key)
    unfinished.replace(store.environment)
