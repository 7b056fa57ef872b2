"""Limits on reports and errors, and thresholds for warnings."""

import re
from datetime import timedelta

KIND = re.compile(r"[a-z][a-z0-9-]{0,39}\Z")
KEPT_REPORTS_OF_A_KIND = 100

MISHAPS_KEPT_FOR = timedelta(days=7)
MOST_MISHAPS_A_MINUTE = 60
MAX_MISHAP_CHARACTERS = 300
NOTING_SECONDS = 2
SHOWN_JOBS = 20

MAIL_TEST_LIMIT = "6/10 minutes"
MAIL_TEST_SECONDS = 12
ENCRYPTED_PORT = 443

WORKER_SILENT_SECONDS = 60
LATE_JOB_SECONDS = 300
LONG_SINCE_BACKUP = timedelta(hours=7)
LITTLE_ROOM = 0.1  # of the disk
MANY_CONNECTIONS = 0.8  # of what riders may have
LITTLE_LIFETIME = 1 / 4  # of a certificate's; it is renewed when a third is left
