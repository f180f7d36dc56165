import { isDeepStrictEqual } from 'node:util';
import type { Database } from '../../db/database.js';
import type { Message } from '../../db/messages.js';
import { claimService } from '../../db/messaging-services.js';
import { findByIdempotencyKey, insertOutbound, type NewOutboundMessage } from '../../db/new-messages.js';
import { findAssigned } from '../../db/phone-numbers.js';
import { ConflictError, InvalidInputError } from '../../errors.js';

export type MessageRequest = Omit<NewOutboundMessage, 'accountSid'>;

/** How messages are sent here. */
export interface Sender {
  /** The main account: it sends for numbers and services without an account of their own. */
  accountSid: string;
  workflows: { startMessage(message: Message): void };
}

/**
 * Stores the message and starts sending it; a repeat, by its Idempotency-Key, returns the first one. `sender`
 * undefined: none is configured. Throws ConflictError or InvalidInputError if the message may not be sent.
 */
export async function sendMessage(db: Database, sender: Sender | undefined, request: MessageRequest): Promise<Message> {
  // First of all, since the rest may have changed: a repeat asks for the first message, not whether it may be sent now.
  return (await firstOf(db, request)) ?? (await store(db, sender, request));
}

/** The message stored with this Idempotency-Key; null: none. Throws ConflictError if its contents are different. */
async function firstOf(db: Database, request: MessageRequest): Promise<Message | null> {
  if (request.idempotencyKey === null) return null;
  const first = await findByIdempotencyKey(db, request.tenantId, request.idempotencyKey);
  if (first && !isDeepStrictEqual(contentsOf(first), contentsOf(request)))
    throw new ConflictError('This Idempotency-Key was used for another message; use a new one.');
  return first;
}

const contentsOf = ({ from, messagingServiceSid, to, body, mediaUrls }: MessageRequest | Message) => ({
  from,
  messagingServiceSid,
  to,
  body,
  mediaUrls,
});

/** Stores it and starts sending it, or returns the first one if a request with the same key was faster. */
async function store(db: Database, sender: Sender | undefined, request: MessageRequest): Promise<Message> {
  if (!sender)
    throw new ConflictError(
      'No messages can be sent here: no Twilio account is configured (TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN).',
    );
  let accountSid: string;
  try {
    accountSid = (await accountToSendBy(db, request)) ?? sender.accountSid;
  } catch (refusal) {
    // The number may have been released just now, after the first message was stored.
    const first = await firstOf(db, request);
    if (first) return first;
    throw refusal;
  }
  const inserted = await insertOutbound(db, { ...request, accountSid });
  if (inserted) {
    sender.workflows.startMessage(inserted);
    return inserted;
  }
  const first = await firstOf(db, request);
  if (!first) throw new ConflictError('A message with this Idempotency-Key was deleted just now; send it again.');
  return first;
}

/**
 * The account that the sender is in; null: the main one. Throws InvalidInputError if the sender is not the tenant's,
 * without saying whether it is somebody else's.
 */
async function accountToSendBy(
  db: Database,
  { tenantId, from, messagingServiceSid: service }: MessageRequest,
): Promise<string | null> {
  const refuse = (path: string, message: string) =>
    new InvalidInputError(`The body is not valid: ${path}.`, [{ path, message }]);
  const number = from === null ? null : await findAssigned(db, from);
  if (from !== null && number?.tenantId !== tenantId)
    throw refuse(
      'from',
      `${from} is not assigned to this tenant; the platform assigns numbers by POST /v1/phone-numbers`,
    );
  if (service !== null && !(await claimService(db, tenantId, service)))
    throw refuse('messaging_service_sid', `${service} is not a Messaging Service of this tenant`);
  return number?.accountSid ?? null;
}
