"""What all tests of this folder share: how hypothesis runs here, and only here."""

from hypothesis import settings

# No deadline: a slow machine is no fault of the code, and nothing here is judged by a stop-watch.
settings.register_profile("huifu-mock", settings.get_current_profile_name() and settings(), deadline=None)
settings.load_profile("huifu-mock")
