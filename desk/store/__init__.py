"""The store: tables, migrations, and one file per read path. The only importer of SQLAlchemy."""
