import { hasNewEvents } from '../../db/call-events.js';
import { callIdOf, callsOfSid, handOverCall, lockCallSid, recordEnd, type Call } from '../../db/calls.js';
import { lastSeenRun, listOpenCalls, recordSwitchRun, type OpenCall } from '../../db/open-calls.js';
import { recordWithEvents, type TriggerDeps } from '../../events/trigger.js';
import { callStatus } from './call-status.js';
import { reportEnd } from './report-call.js';

/** What is known about the switch at one check. */
export interface SwitchSeen {
  /** Its current run; null: no event has named it yet. */
  coreUuid: string | null;
  /** The latest time, before this check, at which a call that is missing now can have been up; null: not known. */
  lastAliveAt: Date | null;
}

/** A switch as seen by the process' other switches. */
export interface PeerSwitch {
  readonly name: string;
  /** Its current run; null: not connected, or no event has named it yet. */
  readonly coreUuid: string | null;
  /** The uuids that it lists now; null: it did not give a list. */
  listChannels(): Promise<ReadonlySet<string> | null>;
}

export interface GoneCallsOptions {
  /** A call is given up if no configured name leads to its switch, and nobody has reached its run for this long. */
  orphanAfterMs: number;
}

/**
 * Finds calls that ended while nobody listened. A call must be missing in two checks, so that an end that is on its way
 * arrives first. No other switch may list it either, since another switch may have taken it over.
 */
export class GoneCalls {
  /** The latest time at which each missing call can have been up, and in how many checks it was missing. */
  #missing = new Map<string, { lastAliveAt: Date | null; checks: number }>();

  /** `peers`: all other switches of the process. */
  constructor(
    private readonly deps: TriggerDeps,
    private readonly switchName: string,
    private readonly peers: () => readonly PeerSwitch[],
    private readonly options: GoneCallsOptions,
  ) {}

  /** Whether another check should follow soon. */
  get hasSuspects(): boolean {
    return this.#missing.size > 0;
  }

  /**
   * Compares the open calls with the switch's list, requested only if there are open calls; null: it gave none.
   * Completes the calls that were missing before, too, and returns their ids.
   */
  async check(listChannels: () => Promise<ReadonlySet<string> | null>, seen: SwitchSeen): Promise<string[]> {
    const { db } = this.deps;
    if (seen.coreUuid !== null) await recordSwitchRun(db, seen.coreUuid, this.switchName);
    const open = await this.#openCalls(seen);
    const listed = open.length > 0 ? await listChannels() : new Set<string>();
    if (!listed) return [];
    const before = this.#missing;
    this.#missing = new Map();
    const due: { call: OpenCall; lastAliveAt: Date | null }[] = [];
    for (const call of open.filter((each) => each.wasFollowed || !listed.has(each.callSid))) {
      const { lastAliveAt, checks } = before.get(callIdOf(call)) ?? { lastAliveAt: seen.lastAliveAt, checks: 0 };
      // One more check if the switch has not named its run yet, since the hangup cause depends on it.
      if (checks < (seen.coreUuid === null ? 2 : 1))
        this.#missing.set(callIdOf(call), { lastAliveAt, checks: checks + 1 });
      else due.push({ call, lastAliveAt });
    }
    const completed: string[] = [];
    const elsewhere = due.length > 0 ? await this.#listedElsewhere() : new Map<string, PeerSwitch>();
    for (const { call, lastAliveAt } of due) {
      const host = call.wasFollowed ? undefined : elsewhere.get(call.callSid);
      if (host) await handOverCall(db, call, { switchName: host.name, coreUuid: host.coreUuid });
      else if (await this.#complete(call, { ...seen, lastAliveAt })) completed.push(callIdOf(call));
    }
    return completed;
  }

  /** Without the calls whose run is that of another switch of the process: whatever their names say, that one knows. */
  async #openCalls({ coreUuid }: SwitchSeen): Promise<OpenCall[]> {
    const peers = this.peers();
    const open = await listOpenCalls(this.deps.db, {
      switchName: this.switchName,
      coreUuid,
      servedNames: [this.switchName, ...peers.map(({ name }) => name)],
      ...this.options,
    });
    const theirs = new Set(peers.map((peer) => peer.coreUuid));
    return open.filter((call) => call.coreUuid === coreUuid || !theirs.has(call.coreUuid));
  }

  async #listedElsewhere(): Promise<Map<string, PeerSwitch>> {
    const lists = await Promise.all(
      this.peers().map(async (peer) => [...((await peer.listChannels()) ?? [])].map((uuid) => [uuid, peer] as const)),
    );
    return new Map(lists.flat());
  }

  async #complete(missing: OpenCall, seen: SwitchSeen): Promise<boolean> {
    return recordWithEvents(this.deps, async (db, trigger) => {
      await lockCallSid(db, missing.callSid);
      const calls = await callsOfSid(db, missing.callSid);
      const index = calls.findIndex(({ idSuffix }) => idSuffix === missing.idSuffix);
      const call = calls[index];
      // Another run may have taken it over since the check.
      if (!call || call.endedAt || call.coreUuid !== missing.coreUuid) return false;
      // Some events are stored and not handled yet; one may be the end itself.
      if (call.tenantId && (await hasNewEvents(db, call.callSid))) return false;
      // Our own causes: FreeSWITCH has none for an end that nobody received.
      const isOtherRun = seen.coreUuid !== null && seen.coreUuid !== call.coreUuid && !missing.isOrphan;
      const hangupCause = isOtherRun ? 'SWITCH_RESTARTED' : 'ENDED_UNSEEN';
      const lastSignAt = (missing.isOrphan ? null : seen.lastAliveAt) ?? (await lastSeenRun(db, call.coreUuid));
      const endedAt = lastMomentOf(call, lastSignAt, calls[index + 1]);
      if (call.tenantId) {
        const { tenantId } = call;
        const end = { endedAt, hangupCause, answeredAt: null, billedMs: null, isEstimated: true };
        return (await reportEnd(db, trigger, { ...call, tenantId }, end)) !== null;
      }
      await recordEnd(db, call, endOf(call, endedAt, hangupCause));
      return true;
    });
  }
}

/** A call without a tenant is reported to nobody; its row only stops being open. */
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

/** The uuids in the response to `show channels as json`; null if it is something else. */
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
