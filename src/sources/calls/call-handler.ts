import PQueue from 'p-queue';
import { callExists, assignCall, markTenantSought, openCall, type Call } from '../../db/calls.js';
import { callsWithLeftovers, markHandled, nextEvent, unhandledEvents, type KeptEvent } from '../../db/call-events.js';
import type { Queryable } from '../../db/database.js';
import { ownerOfNumber } from '../../db/phone-numbers.js';
import { countUnfinishedRecordings } from '../../db/recordings.js';
import { resolveTenant } from '../../db/tenants.js';
import { InvalidInputError, NotFoundError } from '../../errors.js';
import { recordWithEvents, type Trigger, type TriggerDeps } from '../../events/trigger.js';
import type { CallEventKind, CallFacts } from './call-event.js';
import { beginRecording, endRecording, isEmptyRecording, type RecordingLog } from './recordings.js';
import { tellAnswer, tellBeginning, tellEnd, tellKeyPress, type KnownCall } from './tell-call.js';

export interface CallLog extends RecordingLog {
  debug(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface CallHandlerDeps extends TriggerDeps {
  log: CallLog;
  /** Undefined: RECORD_STOP is recorded and makes no event. */
  recordingUrlTemplate?: string | undefined;
}

/** One event's turn. */
interface Turn {
  event?: KeptEvent | undefined;
  /** Said once the transaction has committed. */
  lines: (() => void)[];
}

/** What one transaction did: the next event's turn, or none left that could be handled. */
type Step = 'next' | 'done';

const concurrency = 8;
const sweepEveryMs = 10_000;
/** Younger ones are being handled by whoever kept them. */
const leftoverAfterMs = 5_000;

/**
 * Handles kept events: each in a transaction of its own that locks its call, changes it and triggers what its tenant is
 * to hear. What fails, and what another process kept and did not handle, is taken up by a sweep.
 */
export class CallHandler {
  readonly #queue = new PQueue({ concurrency });
  /** Calls in the queue or being handled; true: something more was kept meanwhile. */
  readonly #calls = new Map<string, boolean>();
  readonly #sweep: NodeJS.Timeout;
  #callsWithoutTenant = 0;

  constructor(private readonly deps: CallHandlerDeps) {
    this.#sweep = setInterval(() => void this.sweep(), sweepEveryMs);
    this.#sweep.unref();
  }

  /** Calls of which this process found no tenant, since it started. */
  get callsWithoutTenant(): number {
    return this.#callsWithoutTenant;
  }

  /** Handles what was kept of the call, in the background. */
  handle(callSid: string): void {
    if (this.#calls.has(callSid)) return void this.#calls.set(callSid, true);
    this.#calls.set(callSid, false);
    void this.#queue.add(async () => {
      try {
        do {
          this.#calls.set(callSid, false);
          while ((await this.#handleNext(callSid)) === 'next');
        } while (this.#calls.get(callSid));
      } catch (error) {
        this.deps.log.warn({ error, callSid }, 'call.not_handled: its events are kept and handled later');
      } finally {
        this.#calls.delete(callSid);
      }
    });
  }

  /** Handles what was kept long ago by whomever: after a crash, a failure or an outage of Postgres. */
  async sweep(): Promise<void> {
    try {
      for (const callSid of await callsWithLeftovers(this.deps.db, leftoverAfterMs, 1_000)) this.handle(callSid);
    } catch (error) {
      this.deps.log.debug({ error }, 'call.sweep_failed');
    }
  }

  /** Resolves when everything that was given to `handle` has had its turn. */
  idle(): Promise<void> {
    return this.#queue.onIdle();
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep);
    await this.idle();
  }

  async #handleNext(callSid: string): Promise<Step> {
    const turn: Turn = { lines: [] };
    try {
      const step = await recordWithEvents(this.deps, (db, trigger) => this.#takeTurn(db, trigger, callSid, turn));
      for (const line of turn.lines) line();
      return step;
    } catch (error) {
      // It will never be accepted; what comes after it must be.
      if (!turn.event || !(error instanceof InvalidInputError || error instanceof NotFoundError)) throw error;
      const fields = error instanceof InvalidInputError ? error.errors.map(({ path }) => path) : [];
      this.deps.log.error({ callSid, kind: turn.event.kind, fields }, `call.event_refused: ${error.message}`);
      await markHandled(this.deps.db, turn.event);
      return 'next';
    }
  }

  async #takeTurn(db: Queryable, trigger: Trigger, callSid: string, turn: Turn): Promise<Step> {
    // What an earlier try of this transaction would have said is rolled back with it.
    turn.lines = [];
    turn.event = undefined;
    const first = await nextEvent(db, callSid);
    if (!first) return 'done';
    const { otherLeg, startedAt, ...beginning } = factsOf(first);
    if (otherLeg && (await isFurtherLeg(db, callSid, otherLeg))) {
      await markHandled(db, first);
      return 'next';
    }
    const call = await openCall(db, { ...first, ...beginning, startedAt: new Date(startedAt) });
    // Only now, with the call locked, nobody else handles it.
    const event = (turn.event = await nextEvent(db, callSid));
    if (!event) return 'done';
    const tenantId = call.tenantId ?? (await this.#findTenant(db, call, turn));
    if (!tenantId) return 'done';
    await this.#handleEvent(db, trigger, { ...call, tenantId }, event, turn);
    await markHandled(db, event);
    return 'next';
  }

  /** From the channel's variable, else by the tenant's number. The first tenant found keeps the call. */
  async #findTenant(db: Queryable, call: Call, turn: Turn): Promise<string | null> {
    const { callSid, direction } = call;
    const events = await unhandledEvents(db, callSid);
    const found = (await tenantByVariable(db, events)) ?? (await ownerOfNumber(db, ownNumber(call)));
    if (found) {
      await assignCall(db, callSid, found);
      return found;
    }
    // While it goes on, a later event may name one: the dialplan runs only after the call has begun.
    const isOver = events.some(({ kind }) => kind === 'ended');
    if (await markTenantSought(db, callSid, isOver))
      turn.lines.push(() => {
        this.#callsWithoutTenant += 1;
        const fields = { callSid, direction, callsWithoutTenant: this.#callsWithoutTenant };
        this.deps.log.warn(fields, 'call.no_tenant: it ended, and no event of it has named one');
      });
    return null;
  }

  async #handleEvent(
    db: Queryable,
    trigger: Trigger,
    call: KnownCall,
    event: KeptEvent,
    { lines }: Turn,
  ): Promise<void> {
    const { log, recordingUrlTemplate } = this.deps;
    const facts = factsOf(event);
    const at = new Date(facts.occurredAt);
    const { callSid, tenantId } = call;
    const date = (text: string | undefined) => (text === undefined ? null : new Date(text));
    switch (event.kind as CallEventKind) {
      case 'progressed':
        return;
      case 'created': {
        const { direction, from, to, startedAt } = facts;
        return tellBeginning(db, trigger, call, { direction, from, to, startedAt: new Date(startedAt) });
      }
      case 'answered':
        return tellAnswer(db, trigger, call, date(facts.answeredAt) ?? at);
      case 'key-pressed':
        return tellKeyPress(trigger, call, { ...event, digit: facts.digit ?? '', at });
      case 'recording-started':
        return beginRecording(db, call, facts.recording!.path, at);
      case 'recording-stopped': {
        const file = { ...facts.recording!, at };
        if (isEmptyRecording(file))
          lines.push(() => log.warn({ callSid, tenantId, sizeBytes: file.sizeBytes }, 'recording.empty: no event'));
        return endRecording(db, trigger, call, file, recordingUrlTemplate);
      }
      case 'ended': {
        const ended = await tellEnd(db, trigger, call, {
          endedAt: date(facts.endedAt) ?? at,
          hangupCause: facts.hangupCause ?? 'UNKNOWN',
          answeredAt: date(facts.answeredAt),
          billedMs: facts.billedMs ?? null,
          isEstimated: false,
        });
        if (!ended) return;
        lines.push(() => log.info({ callSid, tenantId, direction: call.direction, ...ended }, 'call.ended'));
        const unfinished = await countUnfinishedRecordings(db, callSid);
        if (unfinished > 0)
          lines.push(() =>
            log.error({ callSid, tenantId, unfinished }, 'recording.no_stop: it began, and its end was not heard'),
          );
        return;
      }
    }
  }
}

const factsOf = (event: KeptEvent) => JSON.parse(event.facts) as CallFacts;

const ownNumber = (call: Call) => (call.direction === 'inbound' ? call.to : call.from);

async function tenantByVariable(db: Queryable, events: KeptEvent[]): Promise<string | null> {
  for (const reference of new Set(events.map((event) => factsOf(event).tenantReference))) {
    const tenantId = reference === undefined ? null : await resolveTenant(db, reference);
    if (tenantId) return tenantId;
  }
  return null;
}

/** Where the switch does not say which of two legs was first, the one is that we know already. */
async function isFurtherLeg(db: Queryable, callSid: string, otherLeg: string): Promise<boolean> {
  return (await callExists(db, otherLeg)) && !(await callExists(db, callSid));
}
