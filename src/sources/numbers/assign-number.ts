import { audit, type Author } from '../../db/audit.js';
import { findAssigned, insertAssignment, setNumberAccount, type PhoneNumber } from '../../db/phone-numbers.js';
import { findTenant } from '../../db/tenants.js';
import { ConflictError, NotFoundError } from '../../errors.js';
import { recordWithEvents, type TriggerDeps } from '../../events/trigger.js';

/** E.164, or a short code of digits only. Without spaces, as the network writes it, since it is compared as text. */
export const phoneNumberForm = /^(\+[1-9][0-9]{1,14}|[0-9]{3,8})$/;

/**
 * Assigns the number to the tenant and triggers `phone_number.assigned`. `accountSid`: the Twilio account that it is
 * in; null: the one that sends; undefined: that one, or unchanged. `repeated`: the tenant already has it and there is
 * no event; only the account may have changed. Throws ConflictError (another tenant has it), NotFoundError (no such
 * tenant).
 */
export async function assignNumber(
  deps: TriggerDeps,
  author: Author,
  tenantId: string,
  { phoneNumber, accountSid }: { phoneNumber: string; accountSid?: string | null | undefined },
): Promise<{ assigned: PhoneNumber; repeated: boolean }> {
  return recordWithEvents(deps, async (tx, trigger) => {
    if (!(await findTenant(tx, tenantId))) throw new NotFoundError(`There is no tenant ${tenantId}.`);
    const assigned = await insertAssignment(tx, tenantId, { phoneNumber, accountSid: accountSid ?? null });
    if (!assigned) {
      const present = await findAssigned(tx, phoneNumber, { lock: true });
      if (present && present.tenantId !== tenantId)
        throw new ConflictError(`${phoneNumber} is assigned to tenant ${present.tenantId}; release it first.`);
      const isAsRequested = accountSid === undefined || present?.accountSid === accountSid;
      const kept = present && !isAsRequested ? await setNumberAccount(tx, present.id, accountSid) : present;
      if (!kept) throw new ConflictError(`${phoneNumber} was being released at this moment; assign it again.`);
      if (present) {
        const change = { before: auditedNumber(present), after: auditedNumber(kept) };
        await audit(tx, author, { action: 'phone_number.updated', subjectId: kept.id, tenantId, ...change });
      }
      return { assigned: kept, repeated: true };
    }
    await trigger({
      tenantId,
      eventType: 'phone_number.assigned',
      // Not the number: it may be assigned to the same tenant again, and event ids are seen where numbers must not be.
      eventId: `phone_${assigned.id}_assigned`,
      occurredAt: assigned.assignedAt,
      payload: { phone_number: phoneNumber, assigned_at: assigned.assignedAt },
    });
    const after = auditedNumber(assigned);
    await audit(tx, author, { action: 'phone_number.assigned', subjectId: assigned.id, tenantId, after });
    return { assigned, repeated: false };
  });
}

/** A number as the audit log has it: only its end, since the log is kept longer than calls and messages. */
export const auditedNumber = ({ phoneNumber, accountSid }: PhoneNumber) => ({
  ends_in: phoneNumber.slice(-4),
  account_sid: accountSid,
});
