"""What a fingerprint asks: every statement only reads, names nothing by oid or position, and orders what it returns."""

# ruff: noqa: S608
# Nothing but the constants of this module is put into these statements.

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from rehearse.database.marker import OURS

if TYPE_CHECKING:
    from collections.abc import Mapping

SQLITE_SCHEMA: Final = """
SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name
"""

_OURS: Final = ", ".join(f"'{name}'" for name in OURS)
_USERS: Final = "n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'"
_THEIRS: Final = f"{_USERS} AND c.relname NOT IN ({_OURS})"
_RELATIONS: Final = "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
_OPTION: Final = "coalesce(array_to_string({0}, ','), '')"

POSTGRES_ROWS: Final = """
SELECT count(*), coalesce(sum(('x' || substr(h, 1, 15))::bit(60)::bigint), 0)::text,
       coalesce(sum(('x' || substr(h, 16, 15))::bit(60)::bigint), 0)::text
FROM (SELECT md5(hashed::text) AS h FROM {source} AS hashed) AS hashes
"""

POSTGRES_SCHEMA: Final[Mapping[str, str]] = MappingProxyType(
    {
        "relation": f"""
            SELECT n.nspname, c.relname, c.relkind::text, c.relpersistence::text, c.relrowsecurity, c.relreplident::text,
                   {_OPTION.format("c.reloptions")}, coalesce(pg_get_expr(c.relpartbound, c.oid), ''),
                   coalesce(pg_get_partkeydef(c.oid), '')
            FROM {_RELATIONS} WHERE {_THEIRS} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') ORDER BY 1, 2""",
        "column": f"""
            SELECT n.nspname, c.relname, row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), a.attname,
                   format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text, a.attgenerated::text,
                   coalesce(pg_get_expr(d.adbin, d.adrelid), ''), coalesce(l.collname, '')
            FROM {_RELATIONS} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
            LEFT JOIN pg_collation l ON l.oid = a.attcollation
            WHERE {_THEIRS} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') ORDER BY 1, 2, 3""",
        "constraint": f"""
            SELECT n.nspname, coalesce(c.relname, ''), k.conname, pg_get_constraintdef(k.oid), k.convalidated
            FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace LEFT JOIN pg_class c ON c.oid = k.conrelid
            WHERE {_USERS} AND coalesce(c.relname, '') NOT IN ({_OURS}) ORDER BY 1, 2, 3""",
        "index": f"""
            SELECT n.nspname, c.relname, pg_get_indexdef(i.indexrelid), i.indisvalid
            FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE {_THEIRS} ORDER BY 1, 2, 3""",
        "view": f"""
            SELECT n.nspname, c.relname, pg_get_viewdef(c.oid) FROM {_RELATIONS}
            WHERE {_THEIRS} AND c.relkind IN ('v', 'm') ORDER BY 1, 2""",
        "rule": f"""
            SELECT n.nspname, c.relname, r.rulename, pg_get_ruledef(r.oid)
            FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE {_THEIRS} ORDER BY 1, 2, 3""",
        "trigger": f"""
            SELECT n.nspname, c.relname, t.tgname, pg_get_triggerdef(t.oid), t.tgenabled::text
            FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE {_THEIRS} AND NOT t.tgisinternal ORDER BY 1, 2, 3""",
        "policy": """
            SELECT schemaname, tablename, policyname, permissive, roles::text, cmd, coalesce(qual, ''),
                   coalesce(with_check, '')
            FROM pg_policies ORDER BY 1, 2, 3""",
        "function": f"""
            SELECT n.nspname, p.proname, pg_get_function_identity_arguments(p.oid), p.prokind::text,
                   CASE WHEN p.prokind = 'a' THEN '' ELSE pg_get_functiondef(p.oid) END
            FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {_USERS} ORDER BY 1, 2, 3""",
        "type": f"""
            SELECT n.nspname, t.typname, t.typtype::text, coalesce(format_type(t.typbasetype, t.typtypmod), ''),
                   t.typnotnull, coalesce(t.typdefault, ''),
                   coalesce((SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder)
                             FROM pg_enum e WHERE e.enumtypid = t.oid), '')
            FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
            WHERE {_USERS} AND t.typtype IN ('e', 'd', 'r') ORDER BY 1, 2""",
        "sequence": f"""
            SELECT schemaname, sequencename, data_type::text, start_value, min_value, max_value, increment_by, cycle
            FROM pg_sequences n WHERE {_USERS.replace("n.nspname", "n.schemaname")} ORDER BY 1, 2""",
        "extension": "SELECT extname, extversion FROM pg_extension ORDER BY 1",
        "comment": f"""
            SELECT n.nspname, c.relname, d.objsubid, d.description
            FROM pg_description d JOIN pg_class c ON c.oid = d.objoid AND d.classoid = 'pg_class'::regclass
            JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_THEIRS} ORDER BY 1, 2, 3""",
    }
)

POSTGRES_EXTRAS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sequences": f"""
            SELECT schemaname, sequencename, last_value FROM pg_sequences n
            WHERE {_USERS.replace("n.nspname", "n.schemaname")} ORDER BY 1, 2""",
        "grants": f"""
            SELECT 'relation', n.nspname, c.relname, pg_get_userbyid(c.relowner), coalesce(c.relacl::text, '')
            FROM {_RELATIONS} WHERE {_THEIRS} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
            UNION ALL
            SELECT 'column', n.nspname, c.relname, a.attname::text, a.attacl::text
            FROM {_RELATIONS} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attacl IS NOT NULL WHERE {_THEIRS}
            UNION ALL
            SELECT 'schema', n.nspname, '', pg_get_userbyid(n.nspowner), coalesce(n.nspacl::text, '')
            FROM pg_namespace n WHERE {_USERS}
            UNION ALL
            SELECT 'function', n.nspname, p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
                   pg_get_userbyid(p.proowner), coalesce(p.proacl::text, '')
            FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {_USERS}
            UNION ALL
            SELECT 'default', coalesce(n.nspname, ''), d.defaclobjtype::text, pg_get_userbyid(d.defaclrole),
                   d.defaclacl::text
            FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
            ORDER BY 1, 2, 3, 4, 5""",
    }
)

POSTGRES_LARGE_OBJECTS: Final = "SELECT count(*) FROM pg_largeobject_metadata"
POSTGRES_LARGE_OBJECT_PAGES: Final = "SELECT loid::bigint, pageno, md5(data) FROM pg_largeobject ORDER BY 1, 2"
