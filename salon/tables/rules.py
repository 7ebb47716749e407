"""What a rule of a table is: a CHECK of one row, or a trigger that looks further.

A rule has a name that tells it, and that name is what a refused statement is answered with, be it
a CHECK's or a trigger's: `error.__cause__.diag.constraint_name`.
"""

import hashlib
from dataclasses import dataclass

# Where the functions of triggers live: not among the tables, and nobody's to change but the owner's.
SCHEMA = "rules"
LONGEST_NAME = 63 - len("__truncate")


def _fits(name):
    if len(name) > LONGEST_NAME:
        raise ValueError(f"PostgreSQL would cut the name {name}")


def literal(value) -> str:
    """A constant of ours as SQL writes it; never a value that came from outside."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def refuse(name: str, *, code: str = "check_violation") -> str:
    """The statement inside a trigger that refuses by name, as a constraint would."""
    return (
        f"RAISE EXCEPTION USING ERRCODE = '{code}', CONSTRAINT = '{name}', TABLE = TG_TABLE_NAME,"
        f" SCHEMA = TG_TABLE_SCHEMA, MESSAGE = format('%I breaks the rule %I', TG_TABLE_NAME,"
        f" '{name}');"
    )


def changed(columns) -> str:
    """Whether one of the columns is another than before: what makes a trigger on UPDATE cheap."""
    return " OR ".join(f'OLD."{column}" IS DISTINCT FROM NEW."{column}"' for column in columns)


@dataclass(frozen=True)
class Check:
    """A condition on one row. `mend` is a statement that repairs old rows as far as it is safe."""

    table: str
    name: str
    condition: str
    mend: str = ""

    def __post_init__(self):
        _fits(self.name)

    @property
    def mark(self) -> str:
        return _mark(self.condition)

    def statements(self) -> list[str]:
        at = f'ALTER TABLE "{self.table}"'
        return [
            # In two steps: the long look at old rows then holds nobody up.
            f'{at} ADD CONSTRAINT "{self.name}" CHECK ({self.condition}) NOT VALID',
            f'{at} VALIDATE CONSTRAINT "{self.name}"',
            f'COMMENT ON CONSTRAINT "{self.name}" ON "{self.table}" IS {literal(self.mark)}',
        ]


@dataclass(frozen=True)
class Trigger:
    """Statements in PL/pgSQL that run when rows of a table are written.

    on: "insert", "update", "delete", "truncate". With `columns`, an update that leaves them as
    they are costs nothing. A trigger `for_each` statement finds the rows in the tables `old_rows`
    and `new_rows`. `deferred` runs at the end of the transaction. `always` runs even where
    replication has switched triggers off. `broken` is a SELECT of rows that break the rule
    already; such a table does not get it, and `migrate` says so.
    """

    table: str
    name: str
    body: str
    on: tuple = ("insert", "update")
    columns: tuple = ()
    declare: str = ""
    before: bool = True
    for_each: str = "row"
    deferred: bool = False
    always: bool = False
    mend: str = ""
    broken: str = ""
    when: str = ""

    def __post_init__(self):
        _fits(self.name)

    @property
    def function(self) -> str:
        return f'{SCHEMA}."{self.name}"'

    def function_statement(self) -> str:
        before = self.before and self.for_each == "row" and "truncate" not in self.on
        result = "coalesce(NEW, OLD)" if before else "NULL"
        declare = f"DECLARE\n{self.declare}\n" if self.declare else ""
        return (
            f"CREATE OR REPLACE FUNCTION {self.function}() RETURNS trigger LANGUAGE plpgsql AS"
            f" $rule$\n{declare}BEGIN\n{self.body.strip()}\nRETURN {result};\nEND $rule$"
        )

    def parts(self) -> dict[str, str]:
        """{name of a trigger: the statement that makes it}, one for each kind of writing."""
        return {f"{self.name}__{event}": self._create(event) for event in self.on}

    def _create(self, event):
        kind = "CONSTRAINT TRIGGER" if self.deferred else "TRIGGER"
        moment = "BEFORE" if self.before and not self.deferred else "AFTER"
        lines = [f'CREATE {kind} "{self.name}__{event}"', f"{moment} {event.upper()}"]
        conditions = [f"({self.when})"] if self.when and event != "delete" else []
        if event == "update" and self.columns and self.for_each == "row":
            lines.append("OF " + ", ".join(f'"{column}"' for column in self.columns))
            conditions.append(f"({changed(self.columns)})")
        lines.append(f'ON "{self.table}"')
        if self.deferred:
            lines.append("DEFERRABLE INITIALLY DEFERRED")
        if self.for_each == "statement" and event in TRANSITIONS:
            lines.append("REFERENCING " + TRANSITIONS[event])
        lines.append(f"FOR EACH {self.for_each.upper()}")
        if conditions and self.for_each == "row":
            lines.append(f"WHEN ({' AND '.join(conditions)})")
        lines.append(f"EXECUTE FUNCTION {self.function}()")
        return " ".join(lines)

    def mark(self, part: str) -> str:
        return _mark(self.function_statement() + self.parts()[part] + str(self.always))

    def statements(self, part: str) -> list[str]:
        """What makes one part, its function being there."""
        made = [self.parts()[part]]
        if self.always:
            made.append(f'ALTER TABLE "{self.table}" ENABLE ALWAYS TRIGGER "{part}"')
        comment = f'COMMENT ON TRIGGER "{part}" ON "{self.table}" IS {literal(self.mark(part))}'
        return [*made, comment]


TRANSITIONS = {
    "insert": "NEW TABLE AS new_rows",
    "update": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "OLD TABLE AS old_rows",
}


def _mark(text):
    """Stands as a comment on what was made: by it the rule is known again, and whether it is
    still the same."""
    return "rule " + hashlib.sha256(text.encode()).hexdigest()[:16]
