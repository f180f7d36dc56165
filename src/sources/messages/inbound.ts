import { insertInbound } from '../../db/messages.js';
import { ownerAt, ownerOfNumber } from '../../db/phone-numbers.js';
import { recordWithEvents, type TriggerDeps } from '../../events/trigger.js';
import { countUsage } from '../usage/count-usage.js';
import { estimateSegments } from './segments.js';

export interface InboundMessage {
  accountSid: string;
  messageSid: string;
  messagingServiceSid: string | null;
  /** As the network shows it: never checked, it may be a name or empty. */
  from: string;
  to: string;
  body: string;
  mediaCount: number;
  /** Null: not said; then they are estimated. */
  segments: number | null;
  at: Date;
  /** It came by another way than its callback, at the time `at`; whoever had the number then is told. */
  isLate?: boolean;
}

/**
 * `sms.received` for the owner of the number, and the message's segments counted: once for each
 * message, however often and by whatever way it comes. `no-owner`: nobody is told.
 */
export async function receiveMessage(
  deps: TriggerDeps,
  message: InboundMessage,
): Promise<'received' | 'repeated' | 'no-owner'> {
  return recordWithEvents(deps, async (db, trigger) => {
    const { messageSid, from, to, body, mediaCount, at } = message;
    // Postgres takes no NUL, and no number has one.
    if (to.includes('\0')) return 'no-owner';
    const tenantId = message.isLate ? await ownerAt(db, to, at) : await ownerOfNumber(db, to);
    if (!tenantId) return 'no-owner';
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
