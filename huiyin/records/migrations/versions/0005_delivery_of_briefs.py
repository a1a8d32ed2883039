"""subject and time of signing of briefs, and their delivery"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("briefs") as batch_op:
        batch_op.add_column(sa.Column("subject", sa.String(length=64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_briefs_signed_at"), ["signed_at"], unique=False)
    op.create_table(
        "brief_deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("brief_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["brief_id"], ["briefs.id"], name=op.f("fk_brief_deliveries_brief_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brief_deliveries")),
        sa.UniqueConstraint("brief_id", "address", name=op.f("uq_brief_deliveries_brief_id_address")),
    )
    op.create_index(op.f("ix_brief_deliveries_brief_id"), "brief_deliveries", ["brief_id"], unique=False)


def downgrade() -> None:
    op.drop_table("brief_deliveries")
    with op.batch_alter_table("briefs") as batch_op:
        batch_op.drop_index(batch_op.f("ix_briefs_signed_at"))
        batch_op.drop_column("signed_at")
        batch_op.drop_column("subject")
