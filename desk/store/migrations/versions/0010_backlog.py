"""How far a folder is history, so that an import that was cut short goes on as one."""

from alembic import op

from desk.store.migrations import script

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script.run(op.get_bind(), revision)


def downgrade() -> None:
    raise RuntimeError("schemas only go forward; restore the copy made before the migration instead")
