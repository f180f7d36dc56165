import {
  callIdOf,
  callsOfSid,
  insertCall,
  isOwnCall,
  lockCallSid,
  moveCall,
  recordRun,
  type Call,
  type CallRun,
} from '../../db/calls.js';
import { assignCall, markTenantSought, recordTenantReference } from '../../db/call-tenants.js';
import { markHandled, markChecked, unhandledEvents, type EventKey, type UnhandledEvent } from '../../db/call-events.js';
import type { Queryable } from '../../db/database.js';
import type { Trigger } from '../../events/trigger.js';
import type { CallEventKind, CallFacts } from './call-event.js';
import { handleCallEvent, type CallLog, type ParsedCallEvent } from './handle-call-event.js';
import { whichCall } from './which-call.js';
import { isOfOtherTenant, hasNumbers, findCallTenant } from './call-tenant.js';

/** The handling of one event. */
export interface Turn {
  /** The event being handled; if the turn fails, this event caused it. */
  event?: (EventKey & { kind: string }) | undefined;
  /** Log lines, written once the transaction has committed. */
  lines: (() => void)[];
}

export interface CallTurnDeps {
  log: CallLog;
  recordingUrlTemplate: string | undefined;
  /** Returns how many there have been. */
  countCallWithoutTenant(): number;
}

/** Most calls have fewer events; if these are not enough to decide, all are read. */
const firstLimit = 200;
const fullLimit = 10_000;

/**
 * Handles the next event of the uuid that can be handled, in one transaction; `done`: there is none. An event is
 * assigned to the same call and tenant whichever process takes the turn, and whatever was stored since the last one.
 */
export async function takeTurn(
  db: Queryable,
  trigger: Trigger,
  callSid: string,
  turn: Turn,
  deps: CallTurnDeps,
): Promise<'next' | 'done'> {
  // After a deadlock the transaction is run again; the lines of the first run were rolled back with it.
  turn.lines = [];
  for (const limit of [firstLimit, fullLimit]) {
    turn.event = undefined;
    await lockCallSid(db, callSid);
    const kept = await unhandledEvents(db, callSid, limit);
    const step = await new CallTurn(db, trigger, callSid, turn, deps).take(kept);
    if (step === 'next') return step;
    // What fails from here on is not caused by an event.
    turn.event = undefined;
    if (kept.length < limit || limit === fullLimit) {
      await markChecked(db, kept);
      break;
    }
  }
  return 'done';
}

class CallTurn {
  #calls: Call[] = [];
  #hasOpened = false;

  constructor(
    private readonly db: Queryable,
    private readonly trigger: Trigger,
    private readonly callSid: string,
    private readonly turn: Turn,
    private readonly deps: CallTurnDeps,
  ) {}

  async take(kept: readonly UnhandledEvent[]): Promise<'next' | 'done'> {
    const events = inOrder(kept.map((event) => this.#read(event)));
    if (events.length === 0) return 'done';
    this.#calls = await callsOfSid(this.db, this.callSid);
    const waiting = new Map<Call, ParsedCallEvent[]>();
    let isIncomplete: boolean;
    do {
      waiting.clear();
      isIncomplete = false;
      this.#hasOpened = false;
      for (const event of events) {
        this.turn.event = event;
        if (await this.#isOfFurtherLeg(event)) {
          await markHandled(this.db, event);
          return 'next';
        }
        const call = await this.#callOf(event, events);
        if (!call) isIncomplete = true;
        else if (call.tenantId) return this.#handle(call, call.tenantId, event);
        else {
          waiting.set(call, [...(waiting.get(call) ?? []), event]);
          // Events are not handled before the tenant is known, but what follows an end may be another call.
          if (event.kind === 'ended') call.runs[event.coreUuid]!.until ??= event.sequence;
        }
      }
      // An event that said too little may belong to the call that a later event has opened.
    } while (isIncomplete && this.#hasOpened);
    for (const [call, ofCall] of waiting) {
      this.turn.event = ofCall[0];
      const tenantId = await this.#findTenant(call, ofCall);
      if (tenantId) return this.#handle(call, tenantId, ofCall[0]!);
    }
    return 'done';
  }

  #read(event: UnhandledEvent): ParsedCallEvent {
    this.turn.event = event;
    const facts = JSON.parse(event.facts) as CallFacts;
    if (facts.leg === event.callSid) delete facts.leg;
    // When another leg was made says nothing about the call.
    const own = facts.leg === undefined ? facts : { ...facts, createdMs: undefined, wasRecovered: undefined };
    return { ...event, kind: event.kind as CallEventKind, facts: own };
  }

  /** If the switch does not say which of two legs was first, it is the one that is already known as a call. */
  async #isOfFurtherLeg({ facts: { otherLeg } }: ParsedCallEvent): Promise<boolean> {
    return otherLeg !== undefined && this.#calls.length === 0 && (await isOwnCall(this.db, otherLeg));
  }

  /** The event's call, opened or moved to the event's run if necessary; null: the event says too little to open one. */
  async #callOf(event: ParsedCallEvent, events: readonly ParsedCallEvent[]): Promise<Call | null> {
    const decision = await whichCall(event, this.#calls, (call) => isOfOtherTenant(this.db, call, event));
    if (decision.is === 'known') return decision.call;
    const { facts, coreUuid, switchName } = event;
    const run: CallRun = { createdMs: facts.createdMs ?? null, from: event.sequence, until: null, tookOver: false };
    if (decision.is === 'taken-over') {
      const { call } = decision;
      run.tookOver = true;
      await moveCall(this.db, call, { switchName, coreUuid, run });
      Object.assign(call, { switchName, coreUuid, runs: { ...call.runs, [coreUuid]: run } });
      const fields = { callSid: this.callSid, callId: callIdOf(call), tenantId: call.tenantId, switch: switchName };
      if (call.endEstimated)
        this.#logOnCommit(() =>
          this.deps.log.warn(fields, 'call.not_gone: it goes on, but was reported as ended, by an estimate'),
        );
      else this.#logOnCommit(() => this.deps.log.info(fields, 'call.taken_over: by another run of a switch'));
      return call;
    }
    if (!hasNumbers(facts)) return null;
    run.from = this.#firstOfRun(event, events);
    const call = await this.#open(event, run);
    this.#calls.push(call);
    this.#hasOpened = true;
    return call;
  }

  /** The run begins with this event, or with an earlier one of its channel that said too little to open the call. */
  #firstOfRun({ coreUuid, sequence }: ParsedCallEvent, events: readonly ParsedCallEvent[]): number {
    const lastEnd = Math.max(-1, ...this.#calls.map(({ runs }) => runs[coreUuid]?.until ?? -1));
    const earlier = events.find(
      (event) => event.coreUuid === coreUuid && event.sequence > lastEnd && !hasNumbers(event.facts),
    );
    return Math.min(sequence, earlier?.sequence ?? sequence);
  }

  async #open({ facts, coreUuid, switchName }: ParsedCallEvent, run: CallRun): Promise<Call> {
    const { direction, from, to } = facts;
    const startedAt = new Date(facts.startedAt);
    const idSuffix = this.#freeSuffix(startedAt);
    const call = { callSid: this.callSid, idSuffix, switchName, coreUuid, direction, from, to, startedAt };
    await insertCall(this.db, { ...call, run });
    if (idSuffix !== '') {
      const fields = { callSid: this.callSid, callId: callIdOf(call) };
      this.#logOnCommit(() => this.deps.log.info(fields, 'call.uuid_used_again: reported under its own id'));
    }
    return {
      ...call,
      runs: { [coreUuid]: run },
      tenantId: null,
      tenantReference: null,
      beginningSeen: false,
      answeredAt: null,
      answerReported: false,
      endedAt: null,
      endEstimated: false,
      durationMs: null,
    };
  }

  #freeSuffix(startedAt: Date): string {
    const taken = new Set(this.#calls.map(({ idSuffix }) => idSuffix));
    if (taken.size === 0) return '';
    const own = `_${startedAt.getTime()}`;
    for (let suffix = own, count = 2; ; suffix = `${own}_${count++}`) if (!taken.has(suffix)) return suffix;
  }

  async #findTenant(call: Call, events: readonly ParsedCallEvent[]): Promise<string | null> {
    const found = await findCallTenant(this.db, call, events);
    if (found) {
      await assignCall(this.db, call, found);
      // An end that was estimated before was reported to nobody.
      if (call.endEstimated) Object.assign(call, { endedAt: null, endEstimated: false, durationMs: null });
      return found;
    }
    // While the call goes on, a later event may name a tenant: the dialplan runs only after the call has begun.
    const isOver = events.some(({ kind }) => kind === 'ended');
    const { callSid, direction } = call;
    if (await markTenantSought(this.db, call, isOver))
      this.#logOnCommit(() => {
        const fields = { callSid, direction, callsWithoutTenant: this.deps.countCallWithoutTenant() };
        this.deps.log.warn(fields, 'call.no_tenant: it ended, and none of its events named one');
      });
    return null;
  }

  async #handle(call: Call, tenantId: string, event: ParsedCallEvent): Promise<'next'> {
    this.turn.event = event;
    const { tenantReference, leg } = event.facts;
    if (tenantReference !== undefined && leg === undefined && tenantReference !== call.tenantReference)
      await recordTenantReference(this.db, call, tenantReference);
    const isEnd = event.kind === 'ended' && event.coreUuid === call.coreUuid;
    const run = call.runs[event.coreUuid]!;
    if (isEnd) await recordRun(this.db, call, { ...call.runs, [event.coreUuid]: { ...run, until: event.sequence } });
    await handleCallEvent(this.db, this.trigger, { ...call, tenantId }, event, {
      ...this.deps,
      logOnCommit: (line) => this.#logOnCommit(line),
    });
    await markHandled(this.db, event);
    return 'next';
  }

  #logOnCommit(line: () => void): void {
    this.turn.lines.push(line);
  }
}

/** Each run keeps its own order, which is the channel's; runs are merged by the switches' clocks. */
function inOrder(events: readonly ParsedCallEvent[]): ParsedCallEvent[] {
  const cores = [...new Set(events.map(({ coreUuid }) => coreUuid))];
  const runs = cores.map((core) => events.filter(({ coreUuid }) => coreUuid === core));
  const ordered: ParsedCallEvent[] = [];
  while (ordered.length < events.length) {
    const next = runs
      .filter((run) => run.length > 0)
      .reduce((a, b) => (b[0]!.facts.occurredAt < a[0]!.facts.occurredAt ? b : a));
    ordered.push(next.shift()!);
  }
  return ordered;
}
