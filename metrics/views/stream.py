"""The stream platform's files in the admin: looked at, taken in, undone."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from events.access import organiser
from metrics import stream_import
from metrics.models import StreamImport, StreamUpload
from salon.bodies import takes_files
from salon.errors import Refused
from salon.sheet_gate import SheetRefused, read_limited

SHOWN = 200


@organiser
@require_http_methods(["GET", "HEAD", "POST"])
@takes_files
def page(request, slug):
    """Upload a file and see what a reader finds in it; nothing is taken in yet."""
    event, refusal, found, upload = request.event, None, None, None
    try:
        if request.method == "POST":
            upload = _keep(request)
            return redirect(f"{reverse('stream_import', args=[slug])}?upload={upload.pk}")
        upload = _upload(request, request.GET.get("upload"))
        if upload:
            found = stream_import.look(
                event=event, content=bytes(upload.content), name=upload.filename
            )
    except SheetRefused as refused:
        refusal = refused
    imports = event.stream_imports.select_related("by").all()
    return render(
        request,
        "metrics/stream_import.html",
        {
            "event": event,
            "refusal": refusal,
            "upload": upload,
            "look": found,
            "answer": found and found.as_json(),
            "viewers": found and stream_import.viewers_shown(found),
            "problems": found and found.reading.problems,
            "most": f":{SHOWN}",
            "known": found and imports.filter(file_digest=found.digest, undone_at=None).first(),
            "imports": imports,
        },
        status=422 if refusal else 200,
    )


def _keep(request):
    file = request.FILES.get("file")
    if file is None:
        raise SheetRefused("empty", _("请先选一个文件。"))
    content = read_limited(file)
    stream_import.look(event=request.event, content=content, name=file.name)
    return stream_import.keep_upload(
        event=request.event, content=content, name=file.name, by=request.user
    )


def _upload(request, pk):
    if not pk or not pk.isdecimal() or len(pk) > 18:
        return None
    return StreamUpload.objects.filter(event=request.event, by=request.user, pk=pk).first()


@organiser
@require_POST
def commit(request, slug):
    upload = _upload(request, request.POST.get("upload"))
    if upload is None:
        raise Refused("gone", _("这份文件已经导入或过期，请重新上传。"), status=410)
    _source, rows = stream_import.commit_upload(upload=upload, by=request.user)
    if rows:
        messages.success(request, _("已导入 %(rows)d 条，评估会自动重新计算。") % {"rows": rows})
    else:
        messages.info(request, _("这些内容之前已经导入过，没有重复写入。"))
    return redirect("stream_import", slug)


@organiser
@require_POST
def undo(request, slug, pk):
    source = get_object_or_404(StreamImport, event=request.event, pk=pk)
    stream_import.undo(source=source, by=request.user)
    messages.success(request, _("这次导入已整份撤销。"))
    return redirect("stream_import", slug)
