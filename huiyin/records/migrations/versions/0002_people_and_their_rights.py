"""second factor and outside sign-in of accounts; opt-outs, impact records, access log, erasures"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("users") as batch:
        batch.add_column(sa.Column("totp_step", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("recovery", JSON, nullable=False, server_default="[]"))
        batch.add_column(sa.Column("subject", sa.String(length=64), nullable=False, server_default=""))
        batch.create_index("ix_users_subject", ["subject"])
    op.create_table(
        "opt_outs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("value", sa.String(length=1024), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_opt_outs"),
        sa.UniqueConstraint("kind", "value", name="uq_opt_outs_kind_value"),
    )
    op.create_table(
        "impacts",
        sa.Column("id", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in (
                "title",
                "scope",
                "purpose",
                "data_kinds",
                "legal_basis",
                "necessity",
                "risks",
                "measures",
            )
        ),
        sa.Column("risk", sa.String(length=8), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.String(length=64), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_impacts"),
    )
    op.create_table(
        "accesses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("thing", sa.String(length=128), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accesses"),
    )
    for name in ("at", "by", "thing"):
        op.create_index(f"ix_accesses_{name}", "accesses", [name])
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", JSON, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )
    op.create_index("ix_erasures_at", "erasures", ["at"])
    # Authors are looked for by their pseudonym when a person asks for erasure.
    op.create_index("ix_documents_author", "documents", ["author"])


def downgrade() -> None:
    op.drop_index("ix_documents_author", "documents")
    for name in ("erasures", "accesses", "impacts", "opt_outs"):
        op.drop_table(name)
    with op.batch_alter_table("users") as batch:
        batch.drop_index("ix_users_subject")
        for name in ("subject", "recovery", "totp_step"):
            batch.drop_column(name)
