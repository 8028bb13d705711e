"""The public path `upstage_docs.faults` of what `upstage_docs.testing.faults` holds."""

from upstage_docs.testing.faults import *  # noqa: F403
