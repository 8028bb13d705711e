"""The public path `upstage_docs.ray` of what `upstage_docs.corpora.ray` holds."""

from upstage_docs.corpora.ray import *  # noqa: F403
