import type { Message, MessageStatus } from '../../db/messages.js';

type OutboundStatus = Exclude<MessageStatus, 'received'>;

/** How far a message has come. Callbacks overtake each other: what comes from further back changes nothing. */
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

/** Twilio's word, if it is one that says where an outbound message is; null for all others, also for those to come. */
export function outboundStatus(word: string): OutboundStatus | null {
  return Object.hasOwn(progress, word) && !ours.includes(word) ? (word as OutboundStatus) : null;
}

/**
 * Twilio's word for the message at the moment when it took it: what it says, where it speaks of that moment. A report
 * that overtook the answer to the request speaks of a later one; a message begins as `queued`, by a Messaging Service as
 * `accepted`.
 */
export function firstWordOf(message: Pick<Message, 'messagingServiceSid'>, word: string): string {
  const status = outboundStatus(word);
  if (status !== null && progress[status] <= progress.queued) return word;
  return message.messagingServiceSid === null ? 'queued' : 'accepted';
}

/** The first of these stands, whatever is reported later. */
export const isFinal = (status: MessageStatus): boolean =>
  status !== 'received' && progress[status] >= progress.delivered;

/** Whether a report moves the message. Read confirms a delivery, and is the only thing that follows an end. */
export function isForward(from: MessageStatus, to: OutboundStatus): boolean {
  if (from === 'received') return false;
  if (isFinal(from)) return from === 'delivered' && to === 'read';
  return progress[to] > progress[from];
}

/** The end that a step tells the tenant of; null: none. A message that is read has arrived, whether or not that was reported. */
export function endOf(from: MessageStatus, to: OutboundStatus): 'delivered' | 'failed' | 'undelivered' | null {
  if (to === 'delivered' || (to === 'read' && from !== 'delivered')) return 'delivered';
  return to === 'failed' || to === 'undelivered' ? to : null;
}

/** Whom the tenant sees as sender: where a Messaging Service chooses the number, that is not known yet. */
export const senderOf = (message: Message): string => message.from ?? message.messagingServiceSid ?? '';
