"""Who is connected to the database, by what they say of themselves."""

from kit.db import UnitOfWork
from sqlalchemy import text


def list_names(uow: UnitOfWork) -> list[str]:
    return list(uow.execute(_NAMES).scalars())


_NAMES = text("""
select distinct application_name from pg_stat_activity
where datname = current_database() and application_name is not null
""")
