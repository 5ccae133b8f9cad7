"""What the receiving server says of a sender, holds that no clock shortens, and what came back of our mail."""

from alembic import op

from desk.store.migrations import script

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script.run(op.get_bind(), revision)


def downgrade() -> None:
    raise RuntimeError("schemas only go forward; restore the copy made before the migration instead")
