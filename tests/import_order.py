"""The order inside a room, as a contract for import-linter that needs no list of modules."""

from importlinter import Contract, ContractCheck, fields, output

FACES = {"views", "admin", "tasks", "urls", "management"}
OUTSIDE = {"tests", "migrations"}
PLATFORM, MODELS, TOPICS, FORMS, FACE, COMPOSITION = range(6)


class InsideARoom(Contract):
    """models <- topic files <- forms <- views, admin, tasks.

    `rooms` are the apps. `composition` are the modules of `platform` that put the rooms together;
    every other module of it may import neither them nor a room.
    """

    rooms = fields.SetField(subfield=fields.StringField())
    platform = fields.StringField()
    composition = fields.SetField(subfield=fields.StringField())

    def rank(self, module):
        room, *path = module.split(".")
        name = path[0] if path else ""
        if name in OUTSIDE:
            return None
        if room == self.platform:
            return COMPOSITION if name in self.composition else PLATFORM
        if room not in self.rooms:
            return None
        if name in FACES:
            return FACE
        return {"models": MODELS, "forms": FORMS}.get(name, TOPICS)

    def check(self, graph, verbose):
        wrong = []
        for importer in sorted(graph.modules):
            here = self.rank(importer)
            if here is None:
                continue
            for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                there = self.rank(imported)
                if there is None or there <= here:
                    continue
                # The order of the rooms among each other is another contract's business.
                same_room = importer.split(".")[0] == imported.split(".")[0]
                if same_room or here == PLATFORM or there == COMPOSITION:
                    wrong.append((importer, imported))
        return ContractCheck(kept=not wrong, metadata={"wrong": wrong})

    def render_broken_contract(self, check):
        for importer, imported in check.metadata["wrong"]:
            output.print_error(f"{importer} must not import {imported}")
