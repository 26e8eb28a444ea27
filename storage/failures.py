"""Failures of a store: what its driver raises, for services that let it through and contain everything else."""

from sqlalchemy.exc import SQLAlchemyError

StoreFailure = SQLAlchemyError
"""The store could not do what it was asked to: that is no fault of the one article, feed or letter at hand."""
