"""Judge one order by the rules in force on its day. 自主規制・行為規制の確認.

Here: one pure function for each kind of rule, and how their answers become one verdict. Not here: the
posts a move comes from and leads to (`moves`), three-valued conditions (`conditions`), who may
except (`exceptions`), the sentences (`texts/*/screening.toml`).

The verdict is a finding of fact for people to act on. It stops no order and decides nothing about
anyone's employment.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from sekisho.core import exceptions, moves
from sekisho.core.boundary import Boundary, Listed
from sekisho.core.conditions import NO, Answer, Gap, Keys, Truth, all_of, from_keys, to_keys, unknown
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import OrderStatus, Outcome, PersonId, RuleKind, RuleType
from sekisho.core.moves import History, Move, Sources
from sekisho.core.orders import Order
from sekisho.core.parameters import Parameters
from sekisho.core.people import Post, Timeline
from sekisho.core.rules import Approvers, Rule, RuleException, RuleRef
from sekisho.core.verdicts import PathStep, Verdict

ROSTER = "roster:"
STRENGTH = (Outcome.VIOLATION, Outcome.UNKNOWN, Outcome.NEEDS_REVIEW, Outcome.ALLOWED)
"""Strongest first: what is known to be against a rule outweighs what nobody knows, and that a review."""

_EVER = 36_500
"""A look-back in days longer than any career."""
_TYPES = (RuleType.LEGAL_STOP, RuleType.POLICY_STOP, RuleType.REVIEW)
_DEFECTS = (SekishoError, ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What a rule can fail with; anything else is the machine's failure and stops the check."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All that a verdict rests on beside the person's own facts, as known at one moment."""

    boundary: Boundary
    rules: tuple[Rule, ...]
    parameters: Parameters = field(default_factory=Parameters)
    history: History = field(default_factory=History)
    exceptions: Mapping[PersonId, tuple[RuleException, ...]] = field(default_factory=dict)
    approvers: tuple[Approvers, ...] = ()
    _days: dict[date, tuple[Rule, ...]] = field(default_factory=dict, compare=False, repr=False)
    _fits: dict[tuple[object, ...], Answer] = field(default_factory=dict, compare=False, repr=False)

    def in_force(self, on: date) -> tuple[Rule, ...]:
        """Return the rule versions in force on the day, legal stops first, then by id; remembered per day."""
        if on not in self._days:
            found = [rule for rule in self.rules if rule.period.holds(on)]
            found.sort(key=lambda rule: (_TYPES.index(rule.type), rule.id, rule.version))
            self._days[on] = tuple(found)
        return self._days[on]

    def with_rules(self, rules: tuple[Rule, ...]) -> "Rulebook":
        """Return the book with other rules over the same units; what is remembered of those stays remembered."""
        return replace(self, rules=rules, _days={})

    def fit(self, post: Post, keys: Keys, on: date) -> Answer:
        """Tell whether the post fits one end of a rule; on a day of mass transfer the same is asked often."""
        asked = (keys, post.unit, post.company, post.classes, on)
        if asked not in self._fits:
            self._fits[asked] = keys.fit(post, self.boundary, on)
        return self._fits[asked]


@dataclass(frozen=True, slots=True)
class Match:
    """What one rule says of one move, with the two posts that made it say so."""

    answer: Answer
    before: Post | None = None
    after: Post | None = None
    sources: tuple[Post, ...] = ()


@dataclass(frozen=True, slots=True)
class _Finding:
    rule: Rule
    match: Match
    excepted: RuleException | None

    @property
    def outcome(self) -> Outcome:
        if self.match.answer.truth is Truth.NO or self.excepted is not None:
            return Outcome.ALLOWED
        if self.match.answer.truth is Truth.UNKNOWN:
            return Outcome.UNKNOWN
        return Outcome.NEEDS_REVIEW if self.rule.type is RuleType.REVIEW else Outcome.VIOLATION


@dataclass(frozen=True, slots=True)
class _Scene:
    """One move under one rulebook; `on` is the day whose lists and statuses count, `excepted_on` the exceptions'."""

    move: Move
    book: Rulebook
    on: date
    excepted_on: date
    _sources: dict[tuple[int, int], Sources] = field(default_factory=dict)
    _beside: dict[int, list[Post]] = field(default_factory=dict)

    def fit(self, post: Post, keys: Keys) -> Answer:
        return self.book.fit(post, keys, self.on)

    def sources(self, rule: Rule) -> Sources:
        stay, lookback = rule.neutral_stay_days, rule.lookback_days
        numbers = self.book.parameters
        return self.sources_within(
            numbers.number("lookback_days", self.on) if lookback is None else lookback,
            numbers.number("neutral_stay_days", self.on) if stay is None else stay,
        )

    def beside(self, place: int) -> list[Post]:
        """Return the posts held together with a destination, remembered for the next rule."""
        if place not in self._beside:
            self._beside[place] = _beside(self.move.destinations[place], self.move)
        return self._beside[place]

    def sources_within(self, lookback_days: int, stay_days: int) -> Sources:
        asked = (lookback_days, stay_days)
        if asked not in self._sources:
            self._sources[asked] = moves.sources(
                self.move, lookback_days=lookback_days, stay_days=stay_days, history=self.book.history
            )
        return self._sources[asked]


def judge(
    order: Order, timeline: Timeline, book: Rulebook, *, on: date | None = None, excepted_on: date | None = None
) -> Verdict:
    """Return what the rules say of the order.

    `timeline` is the person's with the order applied: all final orders in force, and for a draft the
    drafts of the same person and first day as well. `on` asks the question for another day than the
    order's own: what would today's rules, lists and statuses say of this past move? `excepted_on` asks only
    for the exceptions of another day: does one still, or by then, cover what the move brings?
    """
    move = moves.move_of(order, timeline)
    rules = book.in_force(on or order.effective_date)
    if not rules:
        day = (on or order.effective_date).isoformat()
        return _verdict(Outcome.UNKNOWN, (), _path(move, (), book, on), Gap("screening.no_rule", {"day": day}))
    if not move.applied:
        gap = Gap("screening.not_applied", {"order_no": order.key.order_no, "unit": order.to_unit or ""})
        return _verdict(Outcome.UNKNOWN, (), _path(move, (), book, on), gap)
    scene = _Scene(move, book, on or move.day, excepted_on or on or move.day)
    findings = [_finding(rule, scene) for rule in rules]
    return _summed_up(findings, scene)


def _finding(rule: Rule, scene: _Scene) -> _Finding:
    try:
        match = _KINDS[rule.kind](rule, scene)
    except _DEFECTS as error:
        match = Match(unknown("screening.rule_failed", rule=rule.id, version=rule.version, error=type(error).__name__))
    excepted = None
    if match.answer.truth is not Truth.NO:
        person = scene.move.timeline.person_id
        own = scene.book.exceptions.get(person, ())
        excepted = exceptions.in_force(own, scene.book.approvers, rule=rule.id, person_id=person, on=scene.excepted_on)
    return _Finding(rule, match, excepted)


def _direct_transfer(rule: Rule, scene: _Scene) -> Match:
    """Match a move from a post of the one end straight to a post of the other."""
    best = Match(NO)
    ends = [(from_keys(rule), to_keys(rule))]
    if rule.reverse:
        ends.append((to_keys(rule), from_keys(rule)))
    for after in scene.move.destinations:
        for start, goal in ends:
            arrives = scene.fit(after, goal)
            if arrives.truth is not Truth.NO:
                best = _stronger(best, _from_sources(scene, scene.sources(rule), start, (arrives, after)))
    return best


def _from_sources(scene: _Scene, sources: Sources, start: Keys, arrival: tuple[Answer, Post]) -> Match:
    arrives, after = arrival
    best = Match(NO)
    for before in sources.posts:
        answer = all_of((scene.fit(before, start), arrives))
        best = _stronger(best, Match(answer, before, after, sources.posts))
    if not sources.complete:
        gap = unknown("screening.no_history", day=scene.move.day.isoformat())
        best = _stronger(best, Match(all_of((gap, arrives)), None, after, sources.posts))
    return best


def _concurrent_posts(rule: Rule, scene: _Scene) -> Match:
    """Match two different posts held at once, one of them begun by this order."""
    best = Match(NO)
    one, other = from_keys(rule), to_keys(rule)
    for place, own in enumerate(scene.move.destinations):
        for held in scene.beside(place):
            if not (rule.from_classes or rule.to_classes) and not _apart(own, held, scene):
                continue
            for before, after in ((held, own), (own, held)):
                answer = all_of((scene.fit(before, one), scene.fit(after, other)))
                best = _stronger(best, Match(answer, before, after, (held,)))
    return best


def _beside(own: Post, move: Move) -> list[Post]:
    """Return the posts held together with `own`.

    A post that a later final order opens is that order's question, so that an earlier, proper move is
    not found fault with afterwards; a draft, which can still be changed, is told at once.
    """
    tells_all = move.order.status is OrderStatus.DRAFT
    return [
        post
        for post in move.timeline.posts
        if post is not own
        and post.period.overlap(own.period)
        and (post.period.start <= move.day or tells_all or post.origin.startswith(ROSTER))
    ]


def _apart(one: Post, other: Post, scene: _Scene) -> bool:
    side = scene.book.boundary.side
    return one.company != other.company or side(one.unit, one.company, scene.on) != side(
        other.unit, other.company, scene.on
    )


_KINDS: Mapping[RuleKind, Callable[[Rule, _Scene], Match]] = {
    RuleKind.DIRECT_TRANSFER: _direct_transfer,
    RuleKind.CONCURRENT_POSTS: _concurrent_posts,
}


def _stronger(one: Match, other: Match) -> Match:
    return other if other.answer.truth > one.answer.truth else one


def _summed_up(findings: list[_Finding], scene: _Scene) -> Verdict:
    """Return the strongest finding as the verdict; every rule that says anything is listed."""
    told = [finding for finding in findings if finding.match.answer.truth is not Truth.NO]
    lead = min(told, key=lambda finding: STRENGTH.index(finding.outcome), default=None)
    outcome = lead.outcome if lead else Outcome.ALLOWED
    listed = [
        finding
        for finding in told
        if finding.match.answer.truth is Truth.YES or (outcome is Outcome.UNKNOWN and finding.excepted is None)
    ]
    refs = tuple(RuleRef(finding.rule.id, finding.rule.version, finding.rule.type) for finding in listed)
    named = tuple(sorted({finding.excepted.id for finding in told if finding.excepted}))
    others = [finding.rule.id for finding in listed if finding is not lead]
    path = _path(scene.move, _posts(told) or _usual_sources(scene), scene.book, scene.on)
    return _verdict(outcome, refs, path, _reason(lead, scene, others), named)


def _verdict(
    outcome: Outcome, rules: tuple[RuleRef, ...], path: tuple[PathStep, ...], reason: Gap, named: tuple[str, ...] = ()
) -> Verdict:
    return Verdict(outcome, rules, path, reason.code, reason.params, named)


def _posts(findings: list[_Finding]) -> tuple[Post, ...]:
    return tuple(post for finding in findings for post in finding.match.sources)


def _usual_sources(scene: _Scene) -> tuple[Post, ...]:
    """Return the last posts held before the move, however long ago: the way that a clean verdict shows."""
    return scene.sources_within(_EVER, 0).posts


def _reason(lead: _Finding | None, scene: _Scene, others: list[str]) -> Gap:
    move = scene.move
    if lead is None:
        code = "screening.no_match" if move.destinations else "screening.no_new_post"
        return Gap(code, {"day": move.day.isoformat()})
    facts = {
        "day": move.day.isoformat(),
        "rule": lead.rule.id,
        "version": lead.rule.version,
        "others": ";".join(others),
    }
    facts |= _end("from", lead.match.before, scene) | _end("to", lead.match.after, scene)
    if lead.excepted is not None:
        until = lead.excepted.period.end
        facts |= {"exception": lead.excepted.id, "until": until.isoformat() if until else ""}
        return Gap("screening.excepted", facts)
    gap = lead.match.answer.gap
    if gap is not None:
        return Gap(gap.code, {**facts, **gap.params, "name": _name(gap.params.get("unit", ""), scene)})
    facts |= {"rule_ja": lead.rule.text_ja, "rule_en": lead.rule.text_en}
    return Gap(_CODES[lead.rule.type, lead.rule.kind], facts)


_CODES: Mapping[tuple[RuleType, RuleKind], str] = {
    (RuleType.LEGAL_STOP, RuleKind.DIRECT_TRANSFER): "screening.legal_move",
    (RuleType.LEGAL_STOP, RuleKind.CONCURRENT_POSTS): "screening.legal_posts",
    (RuleType.POLICY_STOP, RuleKind.DIRECT_TRANSFER): "screening.policy_move",
    (RuleType.POLICY_STOP, RuleKind.CONCURRENT_POSTS): "screening.policy_posts",
    (RuleType.REVIEW, RuleKind.DIRECT_TRANSFER): "screening.review_move",
    (RuleType.REVIEW, RuleKind.CONCURRENT_POSTS): "screening.review_posts",
}


def _end(name: str, post: Post | None, scene: _Scene) -> dict[str, str]:
    """Return the facts of one end for the text; class names stay identifiers, `texts` has their words."""
    if post is None:
        return {}
    classes = scene.book.boundary.classes(post.unit, scene.on)
    names = sorted(classes.names) if isinstance(classes, Listed) else []
    return {f"{name}_unit": post.unit, f"{name}_name": _name(post.unit, scene), f"{name}_classes": ";".join(names)}


def _name(unit: str, scene: _Scene) -> str:
    row = scene.book.boundary.unit_or_last(unit, scene.on)
    return row.name if row else unit


def _path(move: Move, sources: tuple[Post, ...], book: Rulebook, on: date | None) -> tuple[PathStep, ...]:
    """Return the posts on the way: where from, through what on the day itself, where to; each once."""
    before = sorted(set(sources) - set(move.destinations), key=lambda post: (post.period.start, post.unit))
    return tuple(_step(post, book, on or move.day) for post in (*before, *move.passed, *move.destinations))


def _step(post: Post, book: Rulebook, on: date) -> PathStep:
    classes = book.boundary.classes(post.unit, on)
    return PathStep(
        company=post.company,
        unit=post.unit,
        start=post.period.start.isoformat(),
        end=post.period.end.isoformat() if post.period.end else None,
        classes=tuple(sorted(classes.names)) if isinstance(classes, Listed) else None,
    )
