import { databaseTime } from '../../db/clock.js';
import { reconciledUntil, recordReconciliation } from '../../db/message-reconciliations.js';
import { statusesBySid, type MessageStatus } from '../../db/messages.js';
import type { TriggerDeps } from '../../events/trigger.js';
import { receiveMessage } from './inbound.js';
import { isForward, outboundStatus } from './message-status.js';
import { reportStatus } from './outbound.js';
import type { ListedMessage, TwilioClient } from './twilio-client.js';

/** At least this far back: a message may reach its final status hours after it was sent. */
const windowMs = 12 * 3_600_000;
/** This long before the last comparison, since the list may be a little behind. */
const overlapMs = 3_600_000;
/** At most this far back, however long ago the last comparison was. */
const maxWindowMs = 7 * 86_400_000;

export interface ReconcileDeps extends TriggerDeps {
  retentionDays: number;
}

/**
 * Compares Twilio's list of an account's messages with ours, and records what is missing as its callback would have:
 * inbound messages, and the status of outbound ones. Idempotent. Throws TwilioListError.
 */
export async function reconcileAccount(
  deps: ReconcileDeps,
  twilio: TwilioClient,
  accountSid: string,
  onPage: () => void = () => undefined,
): Promise<{ received: number; reported: number }> {
  const startedAt = await databaseTime(deps.db);
  const sentAfter = await windowStart(deps, accountSid, startedAt);
  const account = { accountSid, isMainAccount: accountSid === twilio.mainAccountSid };
  const found = { received: 0, reported: 0 };
  for await (const page of twilio.list({ accountSid, sentAfter })) {
    const known = await statusesBySid(
      deps.db,
      page.map(({ messageSid }) => messageSid),
    );
    for (const message of page) {
      const status = known.get(message.messageSid);
      if (message.isInbound && !status && (await receive(deps, account, message))) found.received += 1;
      if (!message.isInbound && status && isNewStatus(status, message)) {
        const outcome = await reportStatus(deps, { ...message, ...account, at: message.updatedAt });
        if (outcome === 'recorded') found.reported += 1;
      }
    }
    onPage();
  }
  await recordReconciliation(deps.db, accountSid, startedAt);
  return found;
}

async function windowStart({ db, retentionDays }: ReconcileDeps, accountSid: string, now: Date): Promise<Date> {
  const last = await reconciledUntil(db, accountSid);
  // Never back to what has been deleted here: it would make a second event. Postgres deletes by its own clock.
  const earliestMs = now.getTime() - Math.min(maxWindowMs, retentionDays * 86_400_000 - overlapMs);
  const sinceMs = Math.min(now.getTime() - windowMs, (last ?? now).getTime() - overlapMs);
  return new Date(Math.max(sinceMs, earliestMs));
}

async function receive(
  deps: ReconcileDeps,
  account: { accountSid: string; isMainAccount: boolean },
  message: ListedMessage,
): Promise<boolean> {
  if (message.status !== 'received' && message.status !== 'receiving') return false;
  return (await receiveMessage(deps, { ...message, ...account, at: message.createdAt, isLate: true })) === 'received';
}

function isNewStatus(known: MessageStatus, message: ListedMessage): boolean {
  const status = outboundStatus(message.status);
  return status !== null && isForward(known, status);
}
