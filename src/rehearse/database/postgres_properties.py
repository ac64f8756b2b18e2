"""What belongs to a PostgreSQL database and does not come along with a clone: owner, comment, grants, settings."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from rehearse.database.postgres_own import literal, quoted

if TYPE_CHECKING:
    from rehearse.database.links import Link

_FACTS: Final = """
SELECT pg_get_userbyid(datdba), datconnlimit, shobj_description(oid, 'pg_database'), datacl IS NOT NULL
FROM pg_database WHERE datname = %s
"""
_GRANTS: Final = """
SELECT CASE WHEN a.grantee = 0 THEN '' ELSE pg_get_userbyid(a.grantee) END, a.privilege_type, a.is_grantable
FROM pg_database d CROSS JOIN LATERAL aclexplode(d.datacl) a WHERE d.datname = %s ORDER BY 1, 2, 3
"""
_SETTINGS: Final = """
SELECT CASE WHEN s.setrole = 0 THEN '' ELSE pg_get_userbyid(s.setrole) END, unnest(s.setconfig)
FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = %s ORDER BY 1, 2
"""
_LISTS: Final = frozenset({"search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries"})
_ITEM: Final = re.compile(r'"(?:[^"]|"")*"|[^,\s][^,]*')


def read_properties(link: Link, name: str) -> str:
    """Return a database's properties as canonical JSON text."""
    owner, limit, comment, is_granted = link.rows(_FACTS, name)[0]
    return json.dumps(
        {
            "owner": owner,
            "limit": limit,
            "comment": comment,
            "granted": is_granted,
            "grants": link.rows(_GRANTS, name),
            "settings": link.rows(_SETTINGS, name),
        },
        sort_keys=True,
    )


def statements_for(properties: str, name: str) -> tuple[str, ...]:
    """Return what gives the database `name`, just made, these properties."""
    data: dict[str, Any] = json.loads(properties)
    database, owner = quoted(name), quoted(data["owner"])
    told = [
        f"ALTER DATABASE {database} OWNER TO {owner}",
        f"ALTER DATABASE {database} CONNECTION LIMIT {data['limit']}",
    ]
    if data["comment"] is not None:
        told.append(f"COMMENT ON DATABASE {database} IS {literal(data['comment'])}")
    if data["granted"]:
        told.append(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC, {owner}")
    for grantee, privilege, is_grantable in data["grants"]:
        whom = quoted(grantee) if grantee else "PUBLIC"
        told.append(
            f"GRANT {privilege} ON DATABASE {database} TO {whom}" + (" WITH GRANT OPTION" if is_grantable else "")
        )
    for role, setting in data["settings"]:
        whose = f"ROLE {quoted(role)} IN DATABASE {database}" if role else f"DATABASE {database}"
        told.append(f"ALTER {whose} SET {_assignment(setting)}")
    return tuple(told)


def _assignment(setting: str) -> str:
    name, _, value = setting.partition("=")
    values = [_unquoted(item) for item in _ITEM.findall(value)] if name in _LISTS else [value]
    named = ".".join(quoted(part) for part in name.split("."))
    return f"{named} TO {', '.join(literal(item) for item in values) or literal('')}"


def _unquoted(item: str) -> str:
    item = item.strip()
    return item[1:-1].replace('""', '"') if item.startswith('"') else item
