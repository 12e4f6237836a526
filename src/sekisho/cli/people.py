"""`sekisho person`: two ids made one person; one person's posts as known at a moment."""

from typing import TYPE_CHECKING

import click

from sekisho.cli import words
from sekisho.cli.main import Result
from sekisho.cli.output import people as screen
from sekisho.cli.output import table
from sekisho.cli.session import open_home
from sekisho.core.kinds import PersonId
from sekisho.core.people import Post
from sekisho.core.periods import Period
from sekisho.texts import both, reader_language, text

if TYPE_CHECKING:
    from sekisho.services.people import Linked
    from sekisho.services.person_story import Chapter, Story

LANGUAGE = reader_language()


def _word(name: str, **params: object) -> str:
    return text(f"cli_people.{name}", params, LANGUAGE)


@click.group("person", help=_word("help"))
def command() -> None:
    """Hold the two commands."""


@command.command("link", help=_word("link"))
@click.argument("person_id", metavar="A")
@click.argument("other", metavar="B")
@click.option("--reason", required=True, metavar="R", help=_word("reason"))
def link(person_id: str, other: str, reason: str) -> Result:
    """Make B the same person as A."""
    with open_home() as session:
        from sekisho.services import people

        done = people.link(
            actor=session.actor, now=session.now, person_id=PersonId(person_id), other=PersonId(other), reason=reason
        )
    document: dict[str, object] = {
        "id": done.link_id,
        "state": "linked",
        "person_id": done.person_id,
        "absorbed": done.absorbed,
        "stints_changed": done.stints_changed,
    }
    return Result(document, lambda: _show_link(done))


def _show_link(done: "Linked") -> None:
    screen.print(_word("linked", person_id=done.person_id, absorbed=done.absorbed, count=done.stints_changed))


@command.command("show", help=_word("show"))
@click.argument("person_id", metavar="ID")
@click.option("--known-at", metavar="T", help=_word("known_at"))
def show(person_id: str, known_at: str | None) -> Result:
    """Print the story of one person's posts."""
    with open_home() as session:
        from sekisho.services import person_story

        at = session.instant(known_at)
        story = person_story.story(actor=session.actor, person_id=PersonId(person_id), known_at=at, now=session.now)
    document: dict[str, object] = {"known_at": at, **_document(story)}
    return Result(document, lambda: _show_story(story), found=bool(story.problems))


def _document(story: "Story") -> dict[str, object]:
    return {
        "person_id": story.person_id,
        "also": list(story.also),
        "names": [
            {"name": one.name, "kana": one.kana, "former_name": one.former_name, **_days(one.period)}
            for one in story.names
        ],
        "numbers": [
            {"company": one.company, "employee_no": one.employee_no, **_days(one.period)} for one in story.numbers
        ],
        "posts": [_post(chapter) for chapter in story.chapters],
        "absences": [{"origin": one.origin, **_days(one.period)} for one in story.absences],
        "problems": [
            {"order_id": one.order_id, "code": one.code, "reason": both(one.code, dict(one.params))}
            for one in story.problems
        ],
        "hidden": story.hidden,
    }


def _post(chapter: "Chapter") -> dict[str, object]:
    post = chapter.post
    return {
        "kind": _kind(chapter),
        "company": post.company,
        "unit": post.unit,
        "unit_name": chapter.unit_name,
        "employer": post.employer,
        "side": chapter.side,
        "post_no": post.post_no,
        "title": post.title,
        "post_classes": sorted(post.classes),
        "employment_kind": post.employment.value,
        "share": post.share,
        "sponsor": post.sponsor,
        "contract_end": post.contract_end,
        **_days(post.period),
        "origin": post.origin,
        "ended_by": post.ended_by,
    }


def _kind(chapter: "Chapter") -> str:
    if chapter.kept:
        return "home"
    return "passed" if _is_passed(chapter.post) else chapter.post.kind.value


def _is_passed(post: Post) -> bool:
    return post.period.start == post.period.end


def _days(period: Period) -> dict[str, object]:
    return {"from": period.start, "to": period.end}


def _show_story(story: "Story") -> None:
    names = "、".join(dict.fromkeys(one.name for one in story.names))
    screen.print(_word("title", person_id=story.person_id, names=names), style="bold", markup=False)
    if story.also:
        screen.print(_word("also", ids=", ".join(story.also)), markup=False)
    for number in story.numbers:
        screen.print(_word("number", company=number.company, number=number.employee_no), markup=False)
    columns = ("days", "kind", "workplace", "post_title", "employer", "origin")
    rows = table(*(_word(column) for column in columns))
    rows.columns[0].no_wrap = True
    for chapter in story.chapters:
        rows.add_row(*_row(chapter))
    screen.print(rows)
    for absence in story.absences:
        end = absence.period.end or _word("open")
        screen.print(_word("absence", start=absence.period.start, end=end), markup=False)
    for problem in story.problems:
        screen.print(
            "! " + text(problem.code, words.shown(problem.code, dict(problem.params), LANGUAGE), LANGUAGE),
            style="yellow",
            markup=False,
        )
    if story.hidden:
        screen.print(_word("hidden", count=story.hidden))


def _row(chapter: "Chapter") -> tuple[str, ...]:
    post = chapter.post
    end = post.period.end.isoformat() if post.period.end else ""
    return (
        f"{post.period.start.isoformat()} – {end}",
        _word(f"kind_{_kind(chapter)}"),
        f"{post.company} {post.unit} {chapter.unit_name}".strip(),
        post.title,
        post.employer,
        words.order(post.origin),
    )
