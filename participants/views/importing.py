"""Applications in from a sheet, and out into one."""

from django.contrib import messages
from django.http import FileResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from events.access import organiser
from participants import exporting, import_runs
from participants.import_template import write_template
from participants.models import ImportFile
from participants.queue import Asked
from salon.bodies import takes_files
from salon.errors import Refused

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@organiser
@never_cache
@require_http_methods(["GET", "POST"])
@takes_files
def page(request, slug):
    """Upload a sheet and see what it holds; earlier ones are listed."""
    problem = ""
    if request.method == "POST":
        try:
            if "file" not in request.FILES:
                raise Refused("no_file", _("请先选一个文件。"), status=422)
            file = import_runs.upload(
                event=request.event, file=request.FILES["file"], by=request.user
            )
        except Refused as refused:
            problem = str(refused)
        else:
            return redirect("applications_import_file", slug, file.pk)
    context = {
        "event": request.event,
        "problem": problem,
        "files": request.event.import_files.defer("content").select_related("by")[:10],
    }
    return render(request, "participants/importing/page.html", context)


@organiser
@never_cache
@require_GET
def file(request, slug, pk):
    """What one file holds: every bad row with its reason; while it is imported, how far it is."""
    found = get_object_or_404(request.event.import_files.defer("content"), pk=pk)
    part = request.headers.get("HX-Request") == "true"
    return render(
        request,
        "participants/importing/_file.html" if part else "participants/importing/file.html",
        {"event": request.event, "file": found, "State": ImportFile.State},
    )


@organiser
@require_POST
def start(request, slug, pk):
    found = get_object_or_404(request.event.import_files.defer("content"), pk=pk)
    try:
        import_runs.start(file=found, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("applications_import_file", slug, pk)


@organiser
@require_GET
def template(request, slug):
    """The empty template, as XLSX."""
    out = exporting.scratch_file()
    write_template(out)
    return _download(out, f"{slug}-template.xlsx")


@organiser
@require_GET
def export(request, slug):
    """The people the screening page shows with these filters, as XLSX."""
    categories = list(request.event.categories.all())
    out = exporting.scratch_file()
    exporting.write_people(
        out, event=request.event, asked=Asked.of(request.GET, categories), by=request.user
    )
    return _download(out, f"{slug}-applications.xlsx")


def _download(out, filename):
    out.seek(0)
    return FileResponse(out, as_attachment=True, filename=filename, content_type=XLSX)
