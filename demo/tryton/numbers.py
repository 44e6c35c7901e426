"""The numbers that Tryton's records carry for people, and for joining where it has no relation."""


def number_of(engagement: str) -> str:
    """Return the number under which finance knows an engagement, such as ERP-ENG-007."""
    return f"ERP-{engagement}"
