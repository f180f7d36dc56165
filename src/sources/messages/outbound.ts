import { insertForeign, lockMessage, releaseSend, type Message } from '../../db/messages.js';
import { findAssigned, hasNumberIn } from '../../db/phone-numbers.js';
import { resolveTenant } from '../../db/tenants.js';
import { sqlState, sqlStateOf, storableText, type Queryable } from '../../db/database.js';
import { recordWithEvents, type TriggerDeps } from '../../events/trigger.js';
import { tellAccepted, tellStatus, type Acceptance } from './tell-message.js';
import { isIn } from './twilio-account.js';

/**
 * Twilio's answer to the request, or its list, shows that it has the message. Changes nothing when it is known already.
 * False: Twilio's message was taken for one of ours that is just alike, whose answer was lost; this one is the unsettled
 * one then.
 */
export async function recordAccepted(deps: TriggerDeps, messageId: string, acceptance: Acceptance): Promise<boolean> {
  try {
    await recordWithEvents(deps, async (db, trigger) => {
      const message = await lockMessage(db, { id: messageId });
      if (!message) return;
      const accepted = await tellAccepted(db, trigger, message, acceptance);
      if (accepted.messageSid !== acceptance.messageSid) return;
      const { providerStatus, errorCode = null, at } = acceptance;
      await tellStatus(db, trigger, accepted, { word: providerStatus, errorCode, at });
    });
    return true;
  } catch (error) {
    if (sqlStateOf(error) === sqlState.uniqueViolation) return false;
    throw error;
  }
}

/** It was never sent, and will not be: `sms.failed`. Changes nothing once Twilio has the message or an end is known. */
export async function recordUnsent(
  deps: TriggerDeps,
  messageId: string,
  { errorCode, at }: { errorCode: string | null; at: Date },
): Promise<void> {
  await recordWithEvents(deps, async (db, trigger) => {
    const message = await lockMessage(db, { id: messageId });
    if (!message || message.messageSid !== null) return;
    await tellStatus(db, trigger, message, { word: 'failed', errorCode, at });
  });
}

/** The request did not reach Twilio; it may be sent again. */
export async function recordNotSent({ db }: TriggerDeps, messageId: string, sendBeganAt: Date): Promise<void> {
  await releaseSend(db, messageId, sendBeganAt);
}

/** What Twilio reports of a message: by a callback or in its list. */
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
  /** Out of the signed url of the callback. */
  messageId?: string | undefined;
  tenantReference?: string | undefined;
}

/**
 * Records what became of an outbound message, and tells its tenant. It is found by Twilio's name for it, or by ours in
 * the callback's url: a callback may come before the answer to the request does. Of a message that another program sent
 * only the end is told, to the tenant that the url names. Safe to repeat, in any order. `no-message`: none of these;
 * `other-account`: it is not for that account to say what became of the message. Both change nothing.
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
    const accepted = await tellAccepted(db, trigger, message, {
      messageSid,
      providerStatus: status,
      segments: null,
      at: message.sendBeganAt ?? at,
    });
    await tellStatus(db, trigger, accepted, { word: status, errorCode, at });
    return 'recorded';
  });
}

async function messageOf(db: Queryable, report: StatusReport): Promise<Message | 'other-account' | null> {
  const { messageSid, messageId, tenantReference } = report;
  const known = await lockMessage(db, { messageSid });
  if (known) return known.direction === 'outbound' ? known : null;
  const ours = messageId === undefined ? null : await lockMessage(db, { id: messageId });
  // Twilio's name for it may have been recorded while we waited for the row; one with another name is not this one.
  if (ours) return ours.messageSid === null || ours.messageSid === messageSid ? ours : null;
  const tenantId = tenantReference === undefined ? null : await resolveTenant(db, tenantReference);
  if (!tenantId) return null;
  if (!(await maySendFor(db, tenantId, report))) return 'other-account';
  await insertForeign(db, { ...report, tenantId });
  return lockMessage(db, { messageSid });
}

/** Who has a sub-account's token must not speak for every tenant: only for those who have a number in it. */
async function maySendFor(
  db: Queryable,
  tenantId: string,
  { accountSid, isMainAccount = false, from }: StatusReport,
): Promise<boolean> {
  const sender = await findAssigned(db, storableText(from));
  if (sender && !isIn(sender, { accountSid, isMainAccount })) return false;
  return isMainAccount || hasNumberIn(db, tenantId, accountSid);
}
