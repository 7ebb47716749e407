import pytest


@pytest.fixture(autouse=True)
def cheap_pins(settings):
    """A desk's PIN is hashed slowly on purpose; here only that it is hashed matters."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
