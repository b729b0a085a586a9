"""How hypothesis runs in our own tests; what the kit itself draws has settings of its own and is not touched."""

from hypothesis import HealthCheck, settings

# No deadline and no complaint about slow examples: a busy machine is no fault of the code. In CI examples are fixed.
settings.register_profile("huifu-contract", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("huifu-contract")
