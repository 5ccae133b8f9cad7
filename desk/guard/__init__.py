"""The security filter: what comes in is scanned here, what goes out is checked here."""

from desk.guard.policy import SCANNER
from desk.guard.scan import readmit, scan

__all__ = ["SCANNER", "readmit", "scan"]
