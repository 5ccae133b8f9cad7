"""Who was refused by a ticket until its circle grows, and which tickets a person keeps apart."""

from alembic import op

from desk.store.migrations import script

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script.run(op.get_bind(), revision)


def downgrade() -> None:
    raise RuntimeError("schemas only go forward; restore the copy made before the migration instead")
