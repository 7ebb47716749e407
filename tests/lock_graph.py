"""Which rows the suite locks after which, and whether anybody could meet somebody head-on.

Every statement of every test passes a recorder: what it locks is read from the statement, from the
triggers of its table, and from the foreign keys that PostgreSQL looks up at the end. Within one
transaction each lock that is waited for while others are held is an edge, from table to table.
After the last test a circle of such edges fails the run (docs/locks.md, "The test").

Two transactions that both hold the same event's row never meet below it, so of a circle's edges at
most one may stand behind that gate.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from traceback import walk_stack

import pytest
from django.conf import settings
from django.db.backends.signals import connection_created
from django.db.transaction import Atomic

# From the weakest to the strongest; what PostgreSQL calls FOR …
MODES = ("KEY SHARE", "SHARE", "NO KEY UPDATE", "UPDATE")
_FIRST_CONFLICT = dict(zip(MODES, (3, 2, 1, 0), strict=True))
GATE = "events_event"

_NAME = r'"?(\w+)"?'
_LOCKS = re.compile(
    rf"\bFOR\s+(?P<mode>NO\s+KEY\s+UPDATE|KEY\s+SHARE|UPDATE|SHARE)\b"
    rf"(?:\s+OF\s+(?P<of>\"?\w+\"?(?:\s*,\s*\"?\w+\"?)*))?(?P<skip>\s+SKIP\s+LOCKED)?"
    rf"|\bUPDATE\s+(?:ONLY\s+)?(?P<update>{_NAME})\s+(?:AS\s+)?(?:\w+\s+)?SET\b"
    rf"|\bDELETE\s+FROM\s+(?P<delete>{_NAME})"
    rf"|\bINSERT\s+INTO\s+(?P<insert>{_NAME})",
    re.IGNORECASE,
)
_COMPARED = re.compile(r"\bo\.(\w+)")
_FROM = re.compile(
    rf"\b(?:FROM|JOIN)\s+(?:ONLY\s+)?{_NAME}(?:\s+(?:AS\s+)?{_NAME})?", re.IGNORECASE
)
_WORTH_A_LOOK = re.compile(r"\bFOR\s|UPDATE|DELETE|INSERT|set_config|replication_role")


def conflict(held: str, wanted: str) -> bool:
    return MODES.index(wanted) >= _FIRST_CONFLICT[held]


@dataclass(frozen=True)
class Lock:
    """`waits` is False where a locked row is passed over."""

    table: str
    mode: str
    waits: bool = True


@dataclass(frozen=True, order=True)
class Edge:
    """Who holds rows of one table asks for rows of another; `gated` with the event's row held."""

    held: str
    held_mode: str
    wanted: str
    wanted_mode: str
    gated: bool


@dataclass
class _Transaction:
    block: object
    held: dict[str, str] = field(default_factory=dict)
    pointed_to: dict[str, None] = field(default_factory=dict)
    erasing: bool = False
    made: set[str] = field(default_factory=set)
    # Tests that sweep up, with every rule switched off.
    sweeping: bool = False


def locks_of(sql: str, *, body: bool = False) -> Iterator[tuple[str, Lock]]:
    """`(what is done, Lock)` of a statement, as it reads; inserting locks nothing by itself. In the
    body of a trigger stand several, each read by itself."""
    seen: list[tuple[str, str]] = []  # (alias, table), newest last
    at = 0
    for found in _LOCKS.finditer(sql):
        seen += [
            (match[2] if match[2] and match[2].upper() not in _WORDS else match[1], match[1])
            for match in _FROM.finditer(sql, at, found.start())
        ]
        if body and found["mode"]:
            begins = sql.upper().rfind("SELECT", 0, found.start())
            begins = max(begins, sql.upper().rfind("PERFORM", 0, found.start()))
            seen = [(m[2] or m[1], m[1]) for m in _FROM.finditer(sql, begins, found.start())]
        at = found.start()
        if mode := found["mode"]:
            mode = " ".join(mode.upper().split())
            named = [name.strip(' "') for name in (found["of"] or "").split(",") if name]
            tables = dict(seen)
            which = [tables.get(name, name) for name in named] or [t for _alias, t in seen]
            for table in dict.fromkeys(which):
                yield "select", Lock(table, mode, waits=not found["skip"])
        elif found["update"]:
            # FOR UPDATE is no update.
            yield "update", Lock(found["update"].strip('"'), "NO KEY UPDATE")
        elif found["delete"]:
            yield "delete", Lock(found["delete"].strip('"'), "UPDATE")
        else:
            table = found["insert"].strip('"')
            again = re.search(r"ON\s+CONFLICT\b.*?\bDO\s+UPDATE", sql[found.start() :], re.I | re.S)
            yield "insert", Lock(table, "NO KEY UPDATE" if again else "")


_WORDS = {"WHERE", "ON", "INNER", "LEFT", "JOIN", "ORDER", "GROUP", "LIMIT", "FOR", "SET", "USING"}
_WORDS |= {"CROSS", "UNION", "RETURNING", "WITH", "AND", "HAVING", "EXCEPT", "FULL", "RIGHT"}


def _enter(atomic, enter=Atomic.__enter__):
    """Notes whose transaction it is: several verbs in one of a test's are no transaction of ours."""
    atomic.of_a_test = "/tests/" in sys._getframe(1).f_code.co_filename
    return enter(atomic)


def _of_a_test(atomic):
    return atomic._from_testcase or getattr(atomic, "of_a_test", False)


class Recorder:
    """Listens to the connections of this process; `edges` is {Edge: where it was first seen}."""

    def __init__(self):
        self.edges: dict[Edge, str] = {}
        self.test = ""
        self._open: dict[object, _Transaction] = {}

    def listen(self, connection, **_more) -> None:
        if self.note not in connection.execute_wrappers:
            connection.execute_wrappers.append(self.note)

    def note(self, execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if isinstance(sql, str) and _WORTH_A_LOOK.search(sql) and not self.is_twin:
            # What finds no row locks none.
            found = context["cursor"].rowcount != 0 or "INSERT" in sql or sql.startswith("SET")
            if found:
                self._note(context["connection"], sql)
        return result

    @property
    def is_twin(self):
        """A test without its lock: it shows what then happens."""
        return "without" in self.test

    def _note(self, connection, sql):
        block = next((each for each in connection.atomic_blocks if not _of_a_test(each)), None)
        transaction = self._open.get(connection)
        if transaction is None or transaction.block is not block or block is None:
            self._end(connection)
            transaction = self._open[connection] = _Transaction(block)
        transaction.erasing = transaction.erasing or "set_config" in sql
        transaction.sweeping = transaction.sweeping or "session_replication_role" in sql
        if transaction.sweeping:
            return
        for done, lock in locks_of(sql):
            if done == "insert":
                transaction.made.add(lock.table)
            if lock.mode:
                self._take(transaction, lock)
            if done in ("insert", "update", "delete"):
                for below in _by_triggers(lock.table, done, sql):
                    if not (transaction.erasing and below.mode == "SHARE"):
                        self._take(transaction, below)
            if done == "insert":
                transaction.pointed_to |= dict.fromkeys(_points_to(lock.table))

    def _end(self, connection):
        transaction = self._open.pop(connection, None)
        for table in transaction.pointed_to if transaction else ():
            self._take(transaction, Lock(table, "KEY SHARE"))

    def _take(self, transaction, lock):
        held = transaction.held
        if lock.table in held:
            # More rows of it come by number, or behind the event; of whom, it has asked before.
            held[lock.table] = max(held[lock.table], lock.mode, key=MODES.index)
            return
        # Nobody else knows a row that was just made.
        if lock.waits and lock.table not in transaction.made:
            gated = MODES.index(held.get(GATE, MODES[0])) >= MODES.index("NO KEY UPDATE")
            for table, mode in held.items():
                edge = Edge(table, mode, lock.table, lock.mode, gated)
                if edge not in self.edges and (who := _who()):
                    self.edges[edge] = f"{self.test} · {who}"
        held[lock.table] = lock.mode


def _who():
    """The verb, as the innermost of our frames that is no test."""
    root = str(settings.BASE_DIR)
    ours = [
        f"{frame.f_code.co_filename.removeprefix(root + '/')}:{line} {frame.f_code.co_name}"
        for frame, line in walk_stack(None)
        if frame.f_code.co_filename.startswith(root)
        and not re.search(r"/(\.venv|tests|conftest)", frame.f_code.co_filename)
    ]
    return " ← ".join(ours[:3])


# ---- what a table's rules lock -------------------------------------------------------------------

_rules: dict[str, tuple[list, list]] = {}


def _read_the_models():
    from salon import tables

    ours = {model._meta.db_table for model in tables.our_models()}
    for model in tables.our_models():
        triggers = [rule for rule in tables.rules_of(model) if isinstance(rule, tables.Trigger)]
        keys = [
            column.related_model._meta.db_table
            for column in model._meta.local_concrete_fields
            if column.is_relation
        ]
        locking = [
            (
                rule,
                [
                    at
                    for _done, at in locks_of(rule.body, body=True)
                    if at.table in ours and at.mode
                ],
            )
            for rule in triggers
        ]
        _rules[model._meta.db_table] = ([each for each in locking if each[1]], keys)


def _of(table):
    if not _rules:
        _read_the_models()
    return _rules.get(table, ([], []))


def _by_triggers(table, done, sql) -> Iterable[Lock]:
    written = sql.partition(" SET ")[2].partition(" WHERE ")[0]
    for rule, locks in _of(table)[0]:
        # A rule over whole statements says which columns it looks at by comparing them.
        columns = rule.columns or set(_COMPARED.findall(rule.body)) - {"id"}
        named = not columns or any(
            re.search(rf'(?<![.\w])"?{column}"? =', written) for column in columns
        )
        if done in rule.on and (done != "update" or named):
            yield from (lock for lock in locks if lock.mode)


def _points_to(table) -> list[str]:
    return _of(table)[1]


# ---- circles -------------------------------------------------------------------------------------


def circles(edges: Iterable[Edge]) -> list[list[Edge]]:
    """Circles in which everybody could wait for the next one, each told once, shortest first.

    An edge leads on to another where what it asks for is what the other holds, in modes that do
    not go together; at most one edge of a circle is gated.
    """
    edges = sorted(edges)
    onward = {
        edge: [
            other
            for other in edges
            if other.held == edge.wanted
            and conflict(other.held_mode, edge.wanted_mode)
            and not (edge.gated and other.gated)
        ]
        for edge in edges
    }
    found: dict[frozenset, list[Edge]] = {}
    for first in edges:
        circle = _shortest_back(first, onward)
        if circle:
            found.setdefault(frozenset((edge.held, edge.wanted) for edge in circle), circle)
    return sorted(found.values(), key=len)


def _shortest_back(first, onward):
    """A shortest way from an edge back to itself on which at most one edge is gated, or None."""
    came_from: dict[tuple[Edge, bool], tuple[Edge, bool] | None] = {(first, first.gated): None}
    waiting = [(first, first.gated)]
    for here in waiting:
        edge, gated = here
        for other in onward[edge]:
            if other is first:
                way, step = [], here
                while step:
                    way.append(step[0])
                    step = came_from[step]
                return way[::-1]
            there = (other, gated or other.gated)
            if not (gated and other.gated) and there not in came_from:
                came_from[there] = here
                waiting.append(there)
    return None


def told(circle: list[Edge], seen: dict[Edge, str]) -> str:
    return "\n".join(
        f"  {edge.held} ({edge.held_mode}) → {edge.wanted} ({edge.wanted_mode})"
        f"{' behind the event' if edge.gated else ''}\n      {seen.get(edge, '')}"
        for edge in circle
    )


# ---- within pytest -------------------------------------------------------------------------------

recorder = Recorder()


def pytest_addoption(parser):
    parser.addoption("--no-circles", action="store_true", help="fail where locks make a circle")


def pytest_configure(config):
    Atomic.__enter__ = _enter
    connection_created.connect(recorder.listen)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    recorder.test = item.nodeid
    return (yield)


def _as_plain(edges):
    return [[*vars(edge).values(), where] for edge, where in edges.items()]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    for *edge, where in getattr(node, "workeroutput", {}).get("lock_edges", ()):
        recorder.edges.setdefault(Edge(*edge), where)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["lock_edges"] = _as_plain(recorder.edges)
    elif session.config.getoption("--no-circles") and circles(recorder.edges):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    found = circles(recorder.edges)
    if found:
        terminalreporter.section("rows are locked in a circle", red=True, bold=True)
        for circle in found:
            terminalreporter.line(told(circle, recorder.edges) + "\n")
