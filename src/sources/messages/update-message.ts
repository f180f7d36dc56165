import type { Queryable } from '../../db/database.js';
import { recordAcceptance, recordSegments, recordStatus, type Message } from '../../db/messages.js';
import type { Trigger } from '../../events/trigger.js';
import { correctUsage, countUsage } from '../usage/count-usage.js';
import { endOf, firstWordOf, isFinal, isForward, outboundStatus, senderOf } from './message-status.js';
import { estimateSegments } from './segments.js';

// All of these functions change a message whose row the transaction has locked.

/** What Twilio says about a message that it has accepted. */
export interface Acceptance {
  messageSid: string;
  /** Twilio's word, in its response to the request or later. */
  providerStatus: string;
  /** Null: not known; then they are estimated. */
  segments: number | null;
  errorCode?: string | null;
  at: Date;
}

/**
 * Triggers `sms.sent` and counts the message's segments, once, whoever learns first that Twilio has it. If Twilio's own
 * count comes later, it corrects an estimate. Returns the message as it is afterwards.
 */
export async function applyAcceptance(
  db: Queryable,
  trigger: Trigger,
  message: Message,
  { messageSid, providerStatus, at, ...counted }: Acceptance,
): Promise<Message> {
  if (message.messageSid !== null)
    return message.messageSid === messageSid ? countExactly(db, trigger, message, counted.segments) : message;
  const { id, tenantId, body, mediaUrls } = message;
  const segments = counted.segments ?? estimateSegments(body ?? '');
  const segmentsEstimated = counted.segments === null;
  // It was given up for lost, and its tenant got that event: an end stands.
  const isLate = isFinal(message.status);
  const status = isLate ? message.status : (outboundStatus(providerStatus) ?? 'accepted');
  // A message that Twilio reports as failed right away is recorded as accepted first, and then ends by the report.
  const accepted = {
    messageSid,
    status: isFinal(status) && !isLate ? 'accepted' : status,
    segments,
    segmentsEstimated,
    at,
  } as const;
  // Usage first: all transactions that trigger several events lock in this order.
  await countUsage(db, trigger, { tenantId, resource: 'sms_segments', amount: segments, at });
  await recordAcceptance(db, id, accepted);
  if (!isLate) {
    await trigger({
      tenantId,
      eventType: 'sms.sent',
      eventId: messageSid,
      occurredAt: at,
      payload: {
        message_sid: messageSid,
        from: senderOf(message),
        to: message.to,
        body,
        media_urls: mediaUrls,
        direction: 'outbound',
        status: 'sent',
        provider_status: firstWordOf(message, providerStatus),
        segments,
        timestamp: at,
        message_id: id,
      },
    });
  }
  return { ...message, messageSid, status: accepted.status, segments, segmentsEstimated, acceptedAt: at };
}

/** For a callback that came before Twilio's response to the request: only the response has the number of segments. */
async function countExactly(
  db: Queryable,
  trigger: Trigger,
  message: Message,
  segments: number | null,
): Promise<Message> {
  const { id, tenantId, segmentsEstimated, segments: counted, acceptedAt } = message;
  if (segments === null || !segmentsEstimated || counted === null || acceptedAt === null) return message;
  await correctUsage(db, trigger, {
    tenantId,
    resource: 'sms_segments',
    counted: { amount: counted, at: acceptedAt },
    used: { amount: segments, at: acceptedAt },
  });
  await recordSegments(db, id, segments);
  return { ...message, segments, segmentsEstimated: false };
}

/** Moves the message forward, never back; reports an end, only the first. An error code is kept, whenever it came. */
export async function applyStatus(
  db: Queryable,
  trigger: Trigger,
  message: Message,
  report: { word: string; errorCode: string | null; at: Date },
): Promise<void> {
  const { id, status: from } = message;
  const { at } = report;
  const to = outboundStatus(report.word);
  const errorCode = message.errorCode ?? report.errorCode;
  if (to === null || !isForward(from, to)) {
    const failedWithoutReason = ['failed', 'undelivered'].includes(from) && message.errorCode === null;
    if (failedWithoutReason && errorCode !== null)
      await recordStatus(db, id, { status: from, errorCode, endedAt: null });
    return;
  }
  await recordStatus(db, id, { status: to, errorCode, endedAt: isFinal(to) ? at : null });
  const end = endOf(from, to);
  if (!end) return;
  // If it was refused before it got an id from Twilio, ours stands in for it.
  const messageSid = message.messageSid ?? id;
  const event = { tenantId: message.tenantId, eventId: `${messageSid}_status`, occurredAt: at };
  const facts = { error_code: errorCode, timestamp: at, message_id: id };
  await trigger(
    end === 'delivered'
      ? { ...event, eventType: 'sms.delivered', payload: { message_sid: messageSid, status: end, ...facts } }
      : { ...event, eventType: 'sms.failed', payload: { message_sid: messageSid, status: end, ...facts } },
  );
}
