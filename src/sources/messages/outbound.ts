import { lockMessage, releaseSend, type Message } from '../../db/messages.js';
import { insertForeign } from '../../db/new-messages.js';
import { findAssigned, hasNumberIn } from '../../db/phone-numbers.js';
import { resolveTenant } from '../../db/tenants.js';
import { sqlState, sqlStateOf, storableText, type Queryable } from '../../db/database.js';
import { recordWithEvents, type TriggerDeps } from '../../events/trigger.js';
import { applyAcceptance, applyStatus, type Acceptance } from './update-message.js';
import { isIn } from './twilio-account.js';

/**
 * Twilio's response to the request, or its list, shows that Twilio has the message. Changes nothing if that is already
 * known. False: Twilio's message was already matched to an identical message of ours whose response was lost; this one
 * is then the unknown one.
 */
export async function recordAccepted(deps: TriggerDeps, messageId: string, acceptance: Acceptance): Promise<boolean> {
  try {
    await recordWithEvents(deps, async (db, trigger) => {
      const message = await lockMessage(db, { id: messageId });
      if (!message) return;
      const accepted = await applyAcceptance(db, trigger, message, acceptance);
      if (accepted.messageSid !== acceptance.messageSid) return;
      const { providerStatus, errorCode = null, at } = acceptance;
      await applyStatus(db, trigger, accepted, { word: providerStatus, errorCode, at });
    });
    return true;
  } catch (error) {
    if (sqlStateOf(error) === sqlState.uniqueViolation) return false;
    throw error;
  }
}

/** It was not sent, and never will be: `sms.failed`. Changes nothing once Twilio has the message or an end is known. */
export async function recordUnsent(
  deps: TriggerDeps,
  messageId: string,
  { errorCode, at }: { errorCode: string | null; at: Date },
): Promise<void> {
  await recordWithEvents(deps, async (db, trigger) => {
    const message = await lockMessage(db, { id: messageId });
    if (!message || message.messageSid !== null) return;
    await applyStatus(db, trigger, message, { word: 'failed', errorCode, at });
  });
}

/** The request did not reach Twilio; it may be sent again. */
export async function recordNotSent({ db }: TriggerDeps, messageId: string, sendBeganAt: Date): Promise<void> {
  await releaseSend(db, messageId, sendBeganAt);
}

/** What Twilio reports about a message, by a callback or in its list. */
export interface StatusReport {
  /** Who vouches for it: whose token signed the callback, or whose list it is in. */
  accountSid: string;
  /** Whether that is the account that sends. Absent: no. */
  isMainAccount?: boolean;
  messageSid: string;
  /** Twilio's word. */
  status: string;
  errorCode: string | null;
  from: string;
  to: string;
  at: Date;
  /** From the signed url of the callback. */
  messageId?: string | undefined;
  tenantReference?: string | undefined;
}

/**
 * Records the status of an outbound message, and triggers its tenant's events. The message is found by Twilio's id, or
 * by ours in the callback's url, since a callback may come before the response to the request. For a message that
 * another program sent, only the end is reported, to the tenant that the url names. Idempotent, in any order.
 * `no-message`: none was found; `other-account`: that account may not report on the message. Both change nothing.
 */
export async function reportStatus(
  deps: TriggerDeps,
  report: StatusReport,
): Promise<'recorded' | 'no-message' | 'other-account'> {
  return recordWithEvents(deps, async (db, trigger) => {
    const message = await messageOf(db, report);
    if (!message) return 'no-message';
    if (message === 'other-account' || message.accountSid !== report.accountSid) return 'other-account';
    const { messageSid, status, errorCode, at } = report;
    const accepted = await applyAcceptance(db, trigger, message, {
      messageSid,
      providerStatus: status,
      segments: null,
      at: message.sendBeganAt ?? at,
    });
    await applyStatus(db, trigger, accepted, { word: status, errorCode, at });
    return 'recorded';
  });
}

async function messageOf(db: Queryable, report: StatusReport): Promise<Message | 'other-account' | null> {
  const { messageSid, messageId, tenantReference } = report;
  const known = await lockMessage(db, { messageSid });
  if (known) return known.direction === 'outbound' ? known : null;
  const ours = messageId === undefined ? null : await lockMessage(db, { id: messageId });
  // Twilio's id may have been recorded while we waited for the row; a message with another id is not this one.
  if (ours) return ours.messageSid === null || ours.messageSid === messageSid ? ours : null;
  const tenantId = tenantReference === undefined ? null : await resolveTenant(db, tenantReference);
  if (!tenantId) return null;
  if (!(await maySendFor(db, tenantId, report))) return 'other-account';
  await insertForeign(db, { ...report, tenantId });
  return lockMessage(db, { messageSid });
}

/** A sub-account's token allows reports only for tenants that have a number in that account. */
async function maySendFor(
  db: Queryable,
  tenantId: string,
  { accountSid, isMainAccount = false, from }: StatusReport,
): Promise<boolean> {
  const sender = await findAssigned(db, storableText(from));
  if (sender && !isIn(sender, { accountSid, isMainAccount })) return false;
  return isMainAccount || hasNumberIn(db, tenantId, accountSid);
}
