import { insertInbound } from '../../db/new-messages.js';
import { findAssigned, findAssignedAt } from '../../db/phone-numbers.js';
import { recordWithEvents, type TriggerDeps } from '../../events/trigger.js';
import { countUsage } from '../usage/count-usage.js';
import { estimateSegments } from './segments.js';
import { isIn } from './twilio-account.js';

export interface InboundMessage {
  /** Who vouches for it: whose token signed the callback, or whose list it is in. */
  accountSid: string;
  /** Whether that is the account that sends. A number without an account of its own is in that one. */
  isMainAccount: boolean;
  messageSid: string;
  messagingServiceSid: string | null;
  /** As the network shows it. Not checked: it may be a name or empty. */
  from: string;
  to: string;
  body: string;
  mediaCount: number;
  /** Null: not known; then they are estimated. */
  segments: number | null;
  at: Date;
  /** It did not come by its callback. The event goes to the tenant that had the number at the time `at`. */
  isLate?: boolean;
}

/**
 * Triggers `sms.received` for the owner of the number and counts the message's segments, once per message, however
 * often and by whatever way it comes. `no-owner` and `other-account` (the number is not in the account that vouches
 * for the message) make no event.
 */
export async function receiveMessage(
  deps: TriggerDeps,
  message: InboundMessage,
): Promise<'received' | 'repeated' | 'no-owner' | 'other-account'> {
  return recordWithEvents(deps, async (db, trigger) => {
    const { messageSid, from, to, body, mediaCount, at } = message;
    // Postgres accepts no NUL, and no number has one.
    if (to.includes('\0')) return 'no-owner';
    const number = message.isLate ? await findAssignedAt(db, to, at) : await findAssigned(db, to);
    if (!number) return 'no-owner';
    if (!isIn(number, message)) return 'other-account';
    const { tenantId } = number;
    const segments = message.segments ?? estimateSegments(body);
    const id = await insertInbound(db, { ...message, tenantId, segments });
    if (id === null) return 'repeated';
    await countUsage(db, trigger, { tenantId, resource: 'sms_segments', amount: segments, at });
    await trigger({
      tenantId,
      eventType: 'sms.received',
      eventId: messageSid,
      occurredAt: at,
      payload: {
        message_sid: messageSid,
        from,
        to,
        body,
        media_count: mediaCount,
        direction: 'inbound',
        received_at: at,
        message_id: id,
      },
    });
    return 'received';
  });
}
