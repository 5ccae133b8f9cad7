"""Whose word an article is, when it holds and what it replaces."""

from alembic import op

from desk.store.migrations import script

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script.run(op.get_bind(), revision)


def downgrade() -> None:
    raise RuntimeError("schemas only go forward; restore the copy made before the migration instead")
