"""The errors of this package, and what hides secrets in them."""

from upstage_docs.errors import tree
from upstage_docs.errors.tree import *  # noqa: F403

__all__ = tree.__all__
