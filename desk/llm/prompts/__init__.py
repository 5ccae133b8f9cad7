"""Every prompt of desk: Markdown templates with a version, put together by one builder."""

from desk.llm.prompts.builder import Briefing, Part, baseline, briefing, names, tone, version

__all__ = ["Briefing", "Part", "baseline", "briefing", "names", "tone", "version"]
