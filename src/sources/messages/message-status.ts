import type { Message, MessageStatus } from '../../db/messages.js';

type OutboundStatus = Exclude<MessageStatus, 'received'>;

/** How far a message has come. Callbacks can overtake each other: a report of an earlier step changes nothing. */
const progress: Record<OutboundStatus, number> = {
  pending: 0,
  unknown: 1,
  accepted: 2,
  scheduled: 2,
  queued: 3,
  sending: 4,
  sent: 5,
  delivered: 6,
  undelivered: 6,
  failed: 6,
  canceled: 6,
  read: 7,
};

const ours: readonly string[] = ['pending', 'unknown'];

/** Twilio's word, if it is a status of an outbound message that we know; null for all others, including future ones. */
export function outboundStatus(word: string): OutboundStatus | null {
  return Object.hasOwn(progress, word) && !ours.includes(word) ? (word as OutboundStatus) : null;
}

/**
 * Twilio's word for the message at the moment when it accepted it: `word` itself if it names a step up to `queued`.
 * Else, as in a report that overtook the response to the request, it is `queued`, or `accepted` for a Messaging
 * Service.
 */
export function firstWordOf(message: Pick<Message, 'messagingServiceSid'>, word: string): string {
  const status = outboundStatus(word);
  if (status !== null && progress[status] <= progress.queued) return word;
  return message.messagingServiceSid === null ? 'queued' : 'accepted';
}

/** The first final status stands, whatever is reported later. */
export const isFinal = (status: MessageStatus): boolean =>
  status !== 'received' && progress[status] >= progress.delivered;

/** Whether a report moves the message forward. Only `read`, which confirms a delivery, may follow a final status. */
export function isForward(from: MessageStatus, to: OutboundStatus): boolean {
  if (from === 'received') return false;
  if (isFinal(from)) return from === 'delivered' && to === 'read';
  return progress[to] > progress[from];
}

/** The end that this step reports to the tenant; null: none. A message that is read was delivered, reported or not. */
export function endOf(from: MessageStatus, to: OutboundStatus): 'delivered' | 'failed' | 'undelivered' | null {
  if (to === 'delivered' || (to === 'read' && from !== 'delivered')) return 'delivered';
  return to === 'failed' || to === 'undelivered' ? to : null;
}

/** The sender as the tenant sees it. If a Messaging Service chooses the number, the number is not known yet. */
export const senderOf = (message: Message): string => message.from ?? message.messagingServiceSid ?? '';
