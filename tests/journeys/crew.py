"""Steps that the crew takes in several journeys."""


def log_in(page, user, password):
    """Log in as somebody of the crew; the page then shows their events."""
    page.goto("/login/")
    page.locator("[name=username]").fill(user.username)
    page.locator("[name=password]").fill(password)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url("**/crew/")
