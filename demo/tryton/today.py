"""Makes the firm's day Tryton's today; runs inside Tryton's environment."""

from datetime import date

from trytond.ir.date import Date


def pin_today(day: date) -> None:
    """Let Tryton believe in one fixed day.

    By the real clock Tryton would warn of invoices in the future, or of payments due in the past, depending on when the
    demo is run; it would also date by it what carries no date.
    """
    Date.today = staticmethod(lambda timezone=None: day)  # noqa: ARG005 - Tryton passes the zone by name
