"""What Alembic runs: one set of tables, on a connection that the caller has opened and locked."""

from alembic import context

schema = context.config.attributes["schema"]

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.tables,
    version_table=schema.version_table,
    render_as_batch=True,
    transactional_ddl=True,
    render_item=context.config.attributes.get("render_item"),
)
with context.begin_transaction():
    context.run_migrations()
