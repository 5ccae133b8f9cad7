"""Versions of the schema, as Alembic revisions that travel with desk."""
