"""The loop over what is due: claim, call the provider, settle; each step commits before the next."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial

from contracts.intake import Means
from kit import loop, metrics
from kit.db import Database
from kit.ids import time_of
from kit.loop import Loop
from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind

from notify.domain.sending import TROUBLED, Finished, Outcome, Result, State
from notify.providers import Provider
from notify.service import send, tellings
from notify.service.office import Office
from notify.service.send import Sending, Way

OUTCOMES = metrics.counter("baiyang_notify_calls")
NOTICES = metrics.counter("baiyang_notices")
for _state in (State.SENT, *TROUBLED):
    NOTICES.labels(_state.value)  # there from the start: an increase from nothing to one is not seen
DELAY = metrics.histogram("baiyang_notice_delay_seconds")
DUE = metrics.gauge("baiyang_notices_due")
OLDEST = metrics.gauge("baiyang_notices_oldest_due_seconds")

EVERY = timedelta(seconds=1)

_TRACER = trace.get_tracer("notify")

#: A provider without keys is called with few at a time: each is unknown if the sender dies during the call.
FEW = 8


def make_loops(database: Database, office: Office, providers: Mapping[Means, Provider]) -> list[Loop]:
    """All that the clock does."""
    return [make_sender(Sender(database, office, providers)), make_teller(database, office)]


class Sender:
    def __init__(self, database: Database, office: Office, providers: Mapping[Means, Provider]) -> None:
        self._database = database
        self._office = office
        self._providers = {provider.name: provider for provider in providers.values()}
        self.at_once = min((provider.at_once for provider in providers.values()), default=100)
        self._ways = {means: Way(p.name, p.is_idempotent) for means, p in providers.items()}

    async def send_due(self) -> int:
        """Take up what is due, once; how many rows that were."""
        taken = await self._database.run_everywhere(
            lambda uow: send.claim_due(uow, self._office, self._ways, limit=self.at_once)
        )
        self._count(taken.ended)
        for name, provider in self._providers.items():
            await self._deliver(provider, [s for s in taken.sendings if s.way.name == name])
        return taken.count

    async def _deliver(self, provider: Provider, sendings: Sequence[Sending]) -> None:
        size = provider.at_once if provider.is_idempotent else FEW
        for start in range(0, len(sendings), size):
            part = list(sendings[start : start + size])
            if not provider.is_idempotent:
                part = await self._still_ours(part)
            if part:
                await self._call(provider, part)

    async def _still_ours(self, sendings: list[Sending]) -> list[Sending]:
        ours = await self._database.run_everywhere(lambda uow: send.mark_called(uow, sendings))
        return [s for s in sendings if s.letter.message_id in ours]

    async def _call(self, provider: Provider, sendings: Sequence[Sending]) -> None:
        start = self._database.clock.now()
        outcomes = await provider.deliver([s.letter for s in sendings])
        settled = [(s, outcomes.get(s.letter.message_id, Outcome(Result.UNCERTAIN, "no_outcome"))) for s in sendings]
        self._count(await self._database.run_everywhere(lambda uow: send.settle_sent(uow, settled)))
        for sending, outcome in settled:
            _record(provider, sending, outcome, start_ns=int(start.timestamp() * 1e9))

    def _count(self, finished: Sequence[Finished]) -> None:
        now = self._database.clock.now()
        for message in finished:
            NOTICES.labels(message.state.value).inc()
            if message.state is State.SENT:
                DELAY.observe((now - time_of(message.message_id)).total_seconds())


def _record(provider: Provider, sending: Sending, outcome: Outcome, *, start_ns: int) -> None:
    """A count, and a span in the trace of the step that owed the notice; no address, no words."""
    OUTCOMES.labels(provider.name, outcome.result.value).inc()
    parent = propagate.extract({"traceparent": sending.traceparent or ""})
    span = _TRACER.start_span(
        "notify send",
        context=parent,
        kind=SpanKind.CLIENT,
        start_time=start_ns,
        attributes={"notify.provider": provider.name, "notify.result": outcome.result.value},
    )
    span.end()


def make_sender(sender: Sender, *, every: timedelta = EVERY) -> Loop:
    """Any number may run: each claims what the others do not hold, oldest first."""
    return Loop("send_due", every, sender.send_due, full=sender.at_once)


def make_teller(database: Database, office: Office, *, every: timedelta = EVERY) -> Loop:
    """Incidents' households: some at a time, the oldest telling first; a telling is with one of them at a time."""

    async def tell_next() -> int:
        return await database.run_everywhere(lambda uow: tellings.tell_next(uow, office))

    return Loop("tell_households", every, tell_next)


def make_measurer(database: Database) -> Loop:
    """What waits to be sent, for who watches."""
    return loop.make_measurer(partial(database.run_everywhere, send.find_due), count=DUE.set, oldest=OLDEST.set)
