import { setTimeout as delay } from 'node:timers/promises';
import type { Event } from 'modesl';
import { storeCallEvents } from '../../db/call-events.js';
import { hasCallsOfOtherNames } from '../../db/open-calls.js';
import { readCallEvent, subscribedEvents, type CallEvent } from './call-event.js';
import type { CallHandler, CallHandlerDeps } from './call-handler.js';
import { GoneCalls, type PeerSwitch } from './gone-calls.js';
import { isRefusedByPostgres } from './refused.js';
import { SwitchClock } from './switch-clock.js';
import type { SwitchAddress } from '../../config/freeswitch.js';
import { reconnectDelayMs, reconnectDelays, type ReconnectDelays } from './reconnect-delay.js';
import {
  connectionDeadlines,
  connectToSwitch,
  type ConnectionDeadlines,
  type ConnectionEnd,
  type SwitchConnection,
} from './switch-connection.js';
import { SwitchQuestions } from './switch-questions.js';

export interface SwitchListenerOptions {
  /** The channel variable that names the tenant. */
  tenantVariable: string;
  reconnectDelays: ReconnectDelays;
  deadlines: ConnectionDeadlines;
  /** A connection that lasted this long was healthy: the backoff starts again from the first delay. */
  steadyAfterMs: number;
  /** Delay before the next check for gone calls while some are missing; `goneCheckEveryMs` otherwise. */
  confirmGoneAfterMs: number;
  goneCheckEveryMs: number;
  /** A call is given up if no configured name leads to its switch, and nobody has reached its run for this long. */
  orphanAfterMs: number;
}

export const switchListenerOptions: Omit<SwitchListenerOptions, 'tenantVariable'> = {
  reconnectDelays,
  deadlines: connectionDeadlines,
  steadyAfterMs: 10_000,
  // The switch lists a new channel, and sends an end, within far less. Within two of these, a HEARTBEAT has come.
  confirmGoneAfterMs: 11_000,
  goneCheckEveryMs: 60_000,
  // Other processes may serve other switches, and may be down for a while.
  orphanAfterMs: 15 * 60_000,
};

/** What an operator wants to know first. */
export interface SwitchState {
  /** host:port. */
  name: string;
  isConnected: boolean;
  /** Since when it has been connected or disconnected. */
  since: Date;
  /** Received and not stored yet. */
  waitingEvents: number;
  /** Events that could not be used, since the process started. */
  unusableEvents: number;
}

/** Events per statement; and how many may wait here before we stop reading and the switch queues them. */
const batchSize = 200;
const pauseAt = 50_000;
const resumeAt = 10_000;
/** A switch that has not sent its Core-UUID by this check is asked for it; every HEARTBEAT contains it. */
const askForRunAtCheck = 3;

/**
 * Listens to one switch until it is closed. It stores each event before it is handled, reconnects whatever ended the
 * connection, and never has two connections.
 */
export class SwitchListener implements PeerSwitch {
  readonly #name: string;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #goneCalls: GoneCalls;
  readonly #waiting: CallEvent[] = [];
  #storing: Promise<void> | undefined;
  #connection: SwitchConnection | undefined;
  #isConnected = false;
  #since = new Date();
  #unusable = 0;
  #coreUuid: string | null = null;
  /** The switch's clock; `#lastContactAt` is a time of it. */
  readonly #clock = new SwitchClock();
  #lastContactAt: Date | null = null;
  #questions: SwitchQuestions | undefined;

  constructor(
    private readonly deps: CallHandlerDeps,
    private readonly address: SwitchAddress,
    private readonly handler: CallHandler,
    private readonly options: SwitchListenerOptions,
    /** The other switches of the process. */
    private readonly peers: () => readonly PeerSwitch[] = () => [],
  ) {
    this.#name = switchName(address);
    this.#goneCalls = new GoneCalls(deps, this.#name, peers, options);
    this.#running = this.#run();
  }

  get state(): SwitchState {
    return {
      name: this.#name,
      isConnected: this.#isConnected,
      since: this.#since,
      waitingEvents: this.#waiting.length,
      unusableEvents: this.#unusable,
    };
  }

  get name(): string {
    return this.#name;
  }

  get coreUuid(): string | null {
    return this.#isConnected ? this.#coreUuid : null;
  }

  async listChannels(): Promise<ReadonlySet<string> | null> {
    return (await this.#questions?.listChannels()) ?? null;
  }

  /** Disconnects, and stores what was received. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#connection?.close();
    await this.#running;
    await this.#storing;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let failures = 0;
    let last: ConnectionEnd | undefined;
    while (!signal.aborted) {
      const openedAt = performance.now();
      const lastContactAt = this.#lastContactAt;
      this.#coreUuid = null;
      const connection = connectToSwitch(
        this.address,
        subscribedEvents,
        {
          onReady: (ready) => {
            this.#setConnected(true);
            this.deps.log.info({ switch: this.#name }, 'switch.connected');
            void this.#watchGoneCalls(ready, lastContactAt);
          },
          onEvent: (event) => this.#receive(event),
        },
        this.options.deadlines,
      );
      this.#connection = connection;
      const { kind, reason } = await connection.ended;
      const wasConnected = this.#isConnected;
      this.#setConnected(false);
      this.#questions = undefined;
      if (signal.aborted) break;
      const wasSteady = wasConnected && performance.now() - openedAt > this.options.steadyAfterMs;
      // Rejections are counted separately: they last until somebody acts, all else until the switch is back.
      failures = wasSteady || (kind === 'rejected') !== (last?.kind === 'rejected') ? 1 : failures + 1;
      const retryInMs = reconnectDelayMs(failures, kind, this.options.reconnectDelays);
      const fields = { switch: this.#name, reason, failures, retryInMs };
      // A repeat of the same reason is only a debug line.
      if (wasConnected || reason !== last?.reason) this.deps.log.warn(fields, `switch.${kind}`);
      else this.deps.log.debug(fields, `switch.${kind}`);
      last = { kind, reason };
      await delay(retryInMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #setConnected(isConnected: boolean): void {
    if (isConnected !== this.#isConnected) this.#since = new Date();
    this.#isConnected = isConnected;
  }

  #receive(event: Event): void {
    const timestamp: unknown = event.getHeader('Event-Date-Timestamp');
    this.#clock.update(typeof timestamp === 'string' ? timestamp : undefined);
    this.#lastContactAt = this.#clock.now();
    const coreUuid = event.getHeader('Core-UUID');
    if (typeof coreUuid === 'string') this.#coreUuid = coreUuid;
    const read = readCallEvent(event, this.options.tenantVariable);
    if (read.is === 'unusable') {
      this.#unusable += 1;
      const fields = { switch: this.#name, what: read.what, unusableEvents: this.#unusable };
      this.deps.log.warn(fields, 'call.event_unusable: dropped');
    }
    if (read.is !== 'call-event') return;
    // Ringing is useful only if it names the tenant.
    if (read.event.kind === 'progressed' && !read.event.facts.tenantReference) return;
    this.#waiting.push(read.event);
    if (this.#waiting.length >= pauseAt) this.#connection?.pause();
    this.#storing ??= this.#store().finally(() => (this.#storing = undefined));
  }

  async #store(): Promise<void> {
    let maxSize = batchSize;
    for (let failures = 0; this.#waiting.length > 0;) {
      const batch = this.#waiting.slice(0, maxSize);
      try {
        const kept = batch.map((event) => ({ ...event, facts: JSON.stringify(event.facts) }));
        await storeCallEvents(this.deps.db, this.#name, kept);
      } catch (error) {
        if (isRefusedByPostgres(error) || error instanceof TypeError || error instanceof RangeError) {
          // One of them can never be stored: the others must not wait for it.
          if (batch.length > 1) maxSize = 1;
          else {
            this.#waiting.shift();
            const { callSid, kind, sequence } = batch[0]!;
            this.deps.log.error(
              { error, switch: this.#name, callSid, kind, sequence },
              'call.event_lost: not storable',
            );
          }
          continue;
        }
        failures += 1;
        if (this.#stop.signal.aborted && failures > 3) {
          this.deps.log.error(
            { error, events: this.#waiting.length },
            'call.events_lost: Postgres is away while this process stops',
          );
          return;
        }
        if (failures === 1) this.deps.log.warn({ error }, 'call.not_kept: retrying; the events wait in memory');
        await delay(Math.min(100 * 2 ** failures, 2_000));
        continue;
      }
      failures = 0;
      maxSize = batchSize;
      this.#waiting.splice(0, batch.length);
      if (this.#waiting.length <= resumeAt) this.#connection?.resume();
      // A recording may belong to another leg's call.
      const uuids = new Set(batch.flatMap(({ callSid, leg }) => (leg === null ? [callSid] : [callSid, leg])));
      for (const uuid of uuids) this.handler.handle(uuid);
    }
  }

  /** Runs as long as the connection lasts. */
  async #watchGoneCalls(connection: SwitchConnection, lastContactAt: Date | null): Promise<void> {
    const { confirmGoneAfterMs, goneCheckEveryMs } = this.options;
    const over = new AbortController();
    void connection.ended.then(() => over.abort());
    const questions = new SwitchQuestions(connection, goneCheckEveryMs, () =>
      this.deps.log.warn({ switch: this.#name }, 'switch.no_channel_list: calls that ended unseen stay open'),
    );
    this.#questions = questions;
    let lastAliveAt = lastContactAt;
    for (let checks = 1; !over.signal.aborted; checks++) {
      // Events that are received and not stored yet may be the missing ends.
      await this.#storing;
      try {
        const checkedAt = this.#clock.now();
        if (checks >= askForRunAtCheck && this.#coreUuid === null && (await this.#hasCallsOfOtherNames()))
          this.#coreUuid ??= await questions.coreUuid();
        const gone = await this.#goneCalls.check(() => questions.listChannels(), {
          coreUuid: this.#coreUuid,
          lastAliveAt,
        });
        lastAliveAt = checkedAt;
        if (gone.length > 0)
          this.deps.log.warn(
            { switch: this.#name, calls: gone.length },
            'call.ended_unseen: completed without details',
          );
      } catch (error) {
        this.deps.log.warn({ error, switch: this.#name }, 'switch.check_failed');
      }
      const waitMs = this.#goneCalls.hasSuspects ? confirmGoneAfterMs : goneCheckEveryMs;
      await delay(waitMs, undefined, { signal: over.signal }).catch(() => undefined);
    }
  }

  /** If so, a call of another name may be on this switch: the name may have led here. */
  #hasCallsOfOtherNames(): Promise<boolean> {
    return hasCallsOfOtherNames(this.deps.db, [this.#name, ...this.peers().map(({ name }) => name)]);
  }
}

const switchName = ({ host, port }: SwitchAddress) => `${host.includes(':') ? `[${host}]` : host}:${port}`;
