"""What every test starts with: one thread, no telemetry, and none of the machine's own DVC, git or Prefect settings."""

import os

os.environ |= {
    "OMP_NUM_THREADS": "1",
    "DO_NOT_TRACK": "1",
    "DVC_NO_ANALYTICS": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@b",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@b",
}
for name in ("PREFECT_API_URL", "PREFECT_PROFILE", "CORPORA"):
    os.environ.pop(name, None)
