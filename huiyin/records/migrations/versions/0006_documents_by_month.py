"""documents by month on PostgreSQL; the index is filled anew in its new form"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Statement triggers of the partitioned table fire for what is said to it, not for a row that an update moves to another
# month: a move is neither a new document nor a removed one.
FUNCTIONS = {
    "added": "INSERT INTO document_keys SELECT id FROM added; RETURN NULL",
    "removed": "DELETE FROM document_keys USING removed WHERE document_keys.id = removed.id; RETURN NULL",
    "renamed": "RAISE EXCEPTION 'the id of a document never changes'",
}
TRIGGERS = {
    "added": "AFTER INSERT ON documents REFERENCING NEW TABLE AS added",
    "removed": "AFTER DELETE ON documents REFERENCING OLD TABLE AS removed",
    "renamed": "BEFORE UPDATE OF id ON documents",
}


def upgrade() -> None:
    op.execute(sa.text("UPDATE documents SET indexed = false"))
    if op.get_bind().dialect.name != "postgresql":
        return
    op.create_table(
        "document_keys",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_document_keys"),
    )
    tied, indexes = _loosen()
    op.execute(sa.text("INSERT INTO document_keys SELECT id FROM documents_whole"))
    op.execute(
        sa.text(
            "CREATE TABLE documents (LIKE documents_whole INCLUDING DEFAULTS) PARTITION BY RANGE (occurred)"
        )
    )
    op.execute(sa.text("ALTER TABLE documents ADD CONSTRAINT pk_documents PRIMARY KEY (id, occurred)"))
    op.execute(sa.text("CREATE TABLE documents_default PARTITION OF documents DEFAULT"))
    _finish("document_keys", tied, indexes)
    for name, body in FUNCTIONS.items():
        op.execute(
            sa.text(
                f"CREATE FUNCTION documents_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; END $$"
            )
        )
        op.execute(
            sa.text(
                f"CREATE TRIGGER documents_{name} {TRIGGERS[name]} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION documents_{name}()"
            )
        )


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for name in FUNCTIONS:
        op.execute(sa.text(f"DROP TRIGGER documents_{name} ON documents"))
        op.execute(sa.text(f"DROP FUNCTION documents_{name}()"))
    tied, indexes = _loosen()
    op.execute(sa.text("CREATE TABLE documents (LIKE documents_whole INCLUDING DEFAULTS)"))
    op.execute(sa.text("ALTER TABLE documents ADD CONSTRAINT pk_documents PRIMARY KEY (id)"))
    _finish("documents", tied, indexes)
    op.execute(sa.text("DROP TABLE document_keys"))


def _loosen() -> tuple[list[tuple[str, str]], list[str]]:
    """Put the table aside: (children and their tie to it, which is undone; statements that make its indexes again)."""
    found = op.get_bind().execute(
        sa.text(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 "
            "AND confrelid IN (to_regclass('documents'), to_regclass('document_keys'))"
        )
    )
    tied = [(str(child), str(name)) for child, name in found]
    for child, name in tied:
        op.drop_constraint(name, child, type_="foreignkey")
    rows = op.get_bind().execute(
        sa.text(
            "SELECT indexname, replace(indexdef, ' ON ONLY ', ' ON ') FROM pg_indexes "
            "WHERE schemaname = current_schema() AND tablename = 'documents' AND indexname <> 'pk_documents'"
        )
    )
    indexes = {str(name): str(statement) for name, statement in rows}
    for name in indexes:
        op.execute(sa.text(f"DROP INDEX {name}"))
    op.execute(sa.text("ALTER TABLE documents RENAME TO documents_whole"))
    op.execute(sa.text("ALTER TABLE documents_whole DROP CONSTRAINT pk_documents"))
    return tied, list(indexes.values())


def _finish(parent: str, tied: list[tuple[str, str]], indexes: list[str]) -> None:
    """Fill the new table from the old one, which goes, and tie the children to `parent`."""
    op.execute(sa.text("INSERT INTO documents SELECT * FROM documents_whole"))
    op.execute(sa.text("DROP TABLE documents_whole"))
    for statement in indexes:
        op.execute(sa.text(statement))
    for child, name in tied:
        op.create_foreign_key(name, child, parent, ["document_id"], ["id"], ondelete="CASCADE")
