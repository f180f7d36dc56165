import { hasNewEvents } from '../../db/call-events.js';
import { callIdOf, callsOfSid, leaveCallTo, lockCallSid, recordEnd, type Call } from '../../db/calls.js';
import { lastSeenRun, listOpenCalls, noteSwitchRun, type OpenCall } from '../../db/open-calls.js';
import { recordWithEvents, type TriggerDeps } from '../../events/trigger.js';
import { callStatus } from './call-status.js';
import { tellEnd } from './tell-call.js';

/** What is known of the switch at a look. */
export interface SwitchSeen {
  /** Its present run; null: not heard yet. */
  coreUuid: string | null;
  /** The last moment before this look at which a call that is missing now may have been up; null: not known. */
  lastAliveAt: Date | null;
}

/** A switch as the others of the process see it. */
export interface Fellow {
  readonly name: string;
  /** Its present run; null: not connected, or not heard yet. */
  readonly coreUuid: string | null;
  /** The uuids that it lists now; null: it cannot be asked. */
  listChannels(): Promise<ReadonlySet<string> | null>;
}

export interface GoneCallsOptions {
  /** Calls of a switch that no name leads to and whose run nobody has reached for so long are given up. */
  orphanAfterMs: number;
}

/**
 * Finds calls that ended while nobody listened. A call must be missing in two looks, so that an end that is on its way
 * to us arrives first, and no other switch may list it: calls are taken over.
 */
export class GoneCalls {
  /** With the last moment at which each may have been up, and in how many looks it was missing. */
  #missing = new Map<string, { lastAliveAt: Date | null; looks: number }>();

  /** `fellows`: all switches of the process but this one. */
  constructor(
    private readonly deps: TriggerDeps,
    private readonly switchName: string,
    private readonly fellows: () => readonly Fellow[],
    private readonly options: GoneCallsOptions,
  ) {}

  /** Whether another look should follow soon. */
  get hasSuspects(): boolean {
    return this.#missing.size > 0;
  }

  /**
   * Compares with what the switch lists, which is asked only when there is something to compare; null: it gave no list.
   * Completes what was missing before, and answers which.
   */
  async look(listChannels: () => Promise<ReadonlySet<string> | null>, seen: SwitchSeen): Promise<string[]> {
    const { db } = this.deps;
    if (seen.coreUuid !== null) await noteSwitchRun(db, seen.coreUuid, this.switchName);
    const open = await this.#openCalls(seen);
    const listed = open.length > 0 ? await listChannels() : new Set<string>();
    if (!listed) return [];
    const before = this.#missing;
    this.#missing = new Map();
    const due: { call: OpenCall; lastAliveAt: Date | null }[] = [];
    for (const call of open.filter((each) => each.wasFollowed || !listed.has(each.callSid))) {
      const { lastAliveAt, looks } = before.get(callIdOf(call)) ?? { lastAliveAt: seen.lastAliveAt, looks: 0 };
      // One look longer if the switch has not said yet which run of it this is: that makes the cause.
      if (looks < (seen.coreUuid === null ? 2 : 1))
        this.#missing.set(callIdOf(call), { lastAliveAt, looks: looks + 1 });
      else due.push({ call, lastAliveAt });
    }
    const completed: string[] = [];
    const elsewhere = due.length > 0 ? await this.#listedElsewhere() : new Map<string, Fellow>();
    for (const { call, lastAliveAt } of due) {
      const host = call.wasFollowed ? undefined : elsewhere.get(call.callSid);
      if (host) await leaveCallTo(db, call, { switchName: host.name, coreUuid: host.coreUuid });
      else if (await this.#complete(call, { ...seen, lastAliveAt })) completed.push(callIdOf(call));
    }
    return completed;
  }

  /** Without those whose run another switch of the process is: whatever the names are by now, that one knows. */
  async #openCalls({ coreUuid }: SwitchSeen): Promise<OpenCall[]> {
    const fellows = this.fellows();
    const open = await listOpenCalls(this.deps.db, {
      switchName: this.switchName,
      coreUuid,
      servedNames: [this.switchName, ...fellows.map(({ name }) => name)],
      ...this.options,
    });
    const theirs = new Set(fellows.map((fellow) => fellow.coreUuid));
    return open.filter((call) => call.coreUuid === coreUuid || !theirs.has(call.coreUuid));
  }

  async #listedElsewhere(): Promise<Map<string, Fellow>> {
    const lists = await Promise.all(
      this.fellows().map(async (fellow) =>
        [...((await fellow.listChannels()) ?? [])].map((uuid) => [uuid, fellow] as const),
      ),
    );
    return new Map(lists.flat());
  }

  async #complete(missing: OpenCall, seen: SwitchSeen): Promise<boolean> {
    return recordWithEvents(this.deps, async (db, trigger) => {
      await lockCallSid(db, missing.callSid);
      const calls = await callsOfSid(db, missing.callSid);
      const index = calls.findIndex(({ idSuffix }) => idSuffix === missing.idSuffix);
      const call = calls[index];
      // Another run may have taken it over since the look.
      if (!call || call.endedAt || call.coreUuid !== missing.coreUuid) return false;
      // Kept, and not handled yet: perhaps the end itself.
      if (call.tenantId && (await hasNewEvents(db, call.callSid))) return false;
      // Words of our own: FreeSWITCH has none for what nobody heard.
      const isOtherRun = seen.coreUuid !== null && seen.coreUuid !== call.coreUuid && !missing.isOrphan;
      const hangupCause = isOtherRun ? 'SWITCH_RESTARTED' : 'ENDED_UNSEEN';
      const lastSignAt = (missing.isOrphan ? null : seen.lastAliveAt) ?? (await lastSeenRun(db, call.coreUuid));
      const endedAt = lastMomentOf(call, lastSignAt, calls[index + 1]);
      if (call.tenantId) {
        const { tenantId } = call;
        const end = { endedAt, hangupCause, answeredAt: null, billedMs: null, isEstimated: true };
        return (await tellEnd(db, trigger, { ...call, tenantId }, end)) !== null;
      }
      await recordEnd(db, call, endOf(call, endedAt, hangupCause));
      return true;
    });
  }
}

/** Nobody is told of a call without tenant; its row only stops being open. */
function endOf(call: Call, endedAt: Date, hangupCause: string) {
  const { answeredAt } = call;
  const durationMs = answeredAt ? endedAt.getTime() - answeredAt.getTime() : 0;
  const status = callStatus(hangupCause, answeredAt !== null);
  return { answeredAt, endedAt, hangupCause, durationMs, status, isEstimated: true };
}

/** The next call of the uuid cannot have begun before this one was over. */
function lastMomentOf({ startedAt, answeredAt }: Call, lastSignAt: Date | null, next: Call | undefined): Date {
  const lastSignMs = Math.min(lastSignAt?.getTime() ?? 0, next?.startedAt.getTime() ?? Infinity);
  return new Date(Math.max(startedAt.getTime(), answeredAt?.getTime() ?? 0, lastSignMs));
}

/** The uuids in the answer to `show channels as json`; null when it is something else. */
export function readChannelList(answer: string): Set<string> | null {
  let list: unknown;
  try {
    list = JSON.parse(answer);
  } catch {
    return null;
  }
  if (typeof list !== 'object' || list === null || !('row_count' in list)) return null;
  const rows = 'rows' in list && Array.isArray(list.rows) ? (list.rows as { uuid?: unknown }[]) : [];
  const uuids = new Set(rows.map((row) => String(row.uuid)));
  return uuids.size === Number(list.row_count) ? uuids : null;
}
