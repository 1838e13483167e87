"""Findings rendered: HTML, Markdown, JUnit."""
