import { lastHeardOf, nextEvent } from '../../db/call-events.js';
import { lockCall, openCallSids, recordEnd, type Call } from '../../db/calls.js';
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

/**
 * Finds calls that ended while nobody listened. A call must be missing in two looks, so that an end that is on its way
 * to us arrives first.
 */
export class GoneCalls {
  /** With the last moment at which each may have been up, and in how many looks it was missing. */
  #missing = new Map<string, { lastAliveAt: Date | null; looks: number }>();

  constructor(
    private readonly deps: TriggerDeps,
    private readonly switchName: string,
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
    const open = await openCallSids(this.deps.db, this.switchName);
    const listed = open.length > 0 ? await listChannels() : new Set<string>();
    if (!listed) return [];
    const before = this.#missing;
    this.#missing = new Map();
    const completed: string[] = [];
    for (const callSid of open.filter((callSid) => !listed.has(callSid))) {
      const { lastAliveAt, looks } = before.get(callSid) ?? { lastAliveAt: seen.lastAliveAt, looks: 0 };
      // One look longer if the switch has not said yet which run of it this is: that makes the cause.
      if (looks < (seen.coreUuid === null ? 2 : 1)) this.#missing.set(callSid, { lastAliveAt, looks: looks + 1 });
      else if (await this.#complete(callSid, { ...seen, lastAliveAt })) completed.push(callSid);
    }
    return completed;
  }

  async #complete(callSid: string, seen: SwitchSeen): Promise<boolean> {
    return recordWithEvents(this.deps, async (db, trigger) => {
      const call = await lockCall(db, callSid);
      if (!call || call.endedAt) return false;
      // Kept, and not handled yet: perhaps the end itself.
      if (call.tenantId && (await nextEvent(db, callSid))) return false;
      // Words of our own: FreeSWITCH has none for what nobody heard.
      const hangupCause =
        seen.coreUuid !== null && seen.coreUuid !== call.coreUuid ? 'SWITCH_RESTARTED' : 'ENDED_UNSEEN';
      const lastSignAt = seen.lastAliveAt ?? (await lastHeardOf(db, call.coreUuid));
      const endedAt = latestOf(call.startedAt, call.answeredAt, lastSignAt);
      if (call.tenantId) {
        const { tenantId } = call;
        const end = { endedAt, hangupCause, answeredAt: null, billedMs: null, isEstimated: true };
        return (await tellEnd(db, trigger, { ...call, tenantId }, end)) !== null;
      }
      await recordEnd(db, callSid, endOf(call, endedAt, hangupCause));
      return true;
    });
  }
}

/** Nobody is told of a call without tenant; its row only stops being open. */
function endOf(call: Call, endedAt: Date, hangupCause: string) {
  const { answeredAt } = call;
  const durationMs = answeredAt ? endedAt.getTime() - answeredAt.getTime() : 0;
  return { answeredAt, endedAt, hangupCause, durationMs, status: callStatus(hangupCause, answeredAt !== null) };
}

const latestOf = (first: Date, ...others: (Date | null)[]) =>
  new Date(Math.max(first.getTime(), ...others.map((date) => date?.getTime() ?? 0)));

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
