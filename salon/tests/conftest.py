import pytest
from django.contrib.auth import get_user_model

from salon.tests.letters import NOON, Post


@pytest.fixture
def organiser():
    return get_user_model().objects.create_user("chen")


@pytest.fixture
def noon(travel):
    travel(NOON, tick=False)
    return travel


@pytest.fixture
def post(settings):
    post = Post()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", post.port
    settings.EMAIL_IS_CONFIGURED = True
    settings.DEFAULT_FROM_EMAIL = "活动沙龙 <salon@salon.example>"
    yield post
    post.stop()
