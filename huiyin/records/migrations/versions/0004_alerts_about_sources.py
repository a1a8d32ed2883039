"""alerts about sources: an alert has an issue or a source"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.alter_column("issue_id", existing_type=sa.String(length=64), nullable=True)
        batch_op.add_column(sa.Column("source", sa.String(length=64), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_alerts_source"), "sources", ["source"], ["name"], ondelete="CASCADE"
        )
        batch_op.create_index(batch_op.f("ix_alerts_source"), ["source"], unique=False)


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM alerts WHERE issue_id IS NULL"))
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_alerts_source"))
        batch_op.drop_constraint(batch_op.f("fk_alerts_source"), type_="foreignkey")
        batch_op.drop_column("source")
        batch_op.alter_column("issue_id", existing_type=sa.String(length=64), nullable=False)
