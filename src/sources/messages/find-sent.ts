import { SegmentedMessage } from 'sms-segments-calculator';
import type { Queryable } from '../../db/database.js';
import { statusesBySid, type Message } from '../../db/messages.js';
import type { ListedMessage, TwilioClient } from './twilio-client.js';

/** Twilio's clock and ours differ, and a request may wait at Twilio before it becomes a message. */
const earliestMs = 60_000;
const latestMs = 5 * 60_000;

/**
 * For a request whose response was lost: the messages in Twilio's list that it may have become, the likeliest first.
 * They have the same numbers and text, were created at that time, and are not other messages of ours. If several
 * identical messages were sent there is more than one; whoever records one first gets it. Throws TwilioListError if
 * Twilio does not give its list.
 */
export async function findSent(db: Queryable, twilio: TwilioClient, message: Message): Promise<ListedMessage[]> {
  const beganMs = (message.sendBeganAt ?? message.createdAt).getTime();
  const { accountSid, to, from } = message;
  const distanceMs = ({ createdAt }: ListedMessage) => Math.abs(createdAt.getTime() - beganMs);
  const candidates: ListedMessage[] = [];
  for await (const page of twilio.list({ accountSid, to, ...(from !== null && { from }) })) {
    candidates.push(...page.filter((listed) => couldBe(message, listed, beganMs)));
    const oldest = page.at(-1);
    if (oldest && oldest.createdAt.getTime() < beganMs - earliestMs) break;
  }
  const known = await statusesBySid(
    db,
    candidates.map(({ messageSid }) => messageSid),
  );
  return candidates.filter(({ messageSid }) => !known.has(messageSid)).sort((a, b) => distanceMs(a) - distanceMs(b));
}

function couldBe(message: Message, listed: ListedMessage, beganMs: number): boolean {
  const createdMs = listed.createdAt.getTime();
  return (
    !listed.isInbound &&
    listed.to === message.to &&
    (!message.messagingServiceSid || listed.messagingServiceSid === message.messagingServiceSid) &&
    createdMs >= beganMs - earliestMs &&
    createdMs <= beganMs + latestMs &&
    isText(listed.body, message.body ?? '')
  );
}

const ofATrialAccount = 'Sent from your Twilio trial account - ';

/** As we sent it, after a trial account's sentence, or as a Messaging Service's smart encoding changes it. */
function isText(listed: string, sent: string): boolean {
  const [found, text] = [listed.replace(ofATrialAccount, '').trim(), sent.trim()];
  return found === text || found === new SegmentedMessage(text, 'auto', true).graphemes.join('');
}
