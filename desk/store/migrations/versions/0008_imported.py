"""What an article said when it was last read from its file."""

from alembic import op

from desk.store.migrations import script

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script.run(op.get_bind(), revision)


def downgrade() -> None:
    raise RuntimeError("schemas only go forward; restore the copy made before the migration instead")
