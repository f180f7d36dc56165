import { findAssigned, insertAssignment, type PhoneNumber } from '../../db/phone-numbers.js';
import { ConflictError } from '../../errors.js';
import { recordWithEvents, type TriggerDeps } from '../../events/trigger.js';

/** E.164, or a short code: digits alone. Without spaces, as the network writes it: calls and messages are compared as text. */
export const phoneNumberForm = /^(\+[1-9][0-9]{1,14}|[0-9]{3,8})$/;

/**
 * Gives the number to the tenant, with `phone_number.assigned`. `repeated`: the tenant has it already, and nothing was
 * changed or told. Throws ConflictError (another tenant has it), NotFoundError (no such tenant).
 */
export async function assignNumber(
  deps: TriggerDeps,
  tenantId: string,
  phoneNumber: string,
): Promise<{ assigned: PhoneNumber; repeated: boolean }> {
  return recordWithEvents(deps, async (tx, trigger) => {
    const assigned = await insertAssignment(tx, tenantId, phoneNumber);
    if (!assigned) {
      const present = await findAssigned(tx, phoneNumber);
      if (present?.tenantId === tenantId) return { assigned: present, repeated: true };
      throw new ConflictError(
        present
          ? `${phoneNumber} is assigned to tenant ${present.tenantId}; release it first.`
          : `${phoneNumber} was being released at this moment; assign it again.`,
      );
    }
    await trigger({
      tenantId,
      eventType: 'phone_number.assigned',
      // Not by the number: it may come to the same tenant again, and ids of events are seen where numbers should not be.
      eventId: `phone_${assigned.id}_assigned`,
      occurredAt: assigned.assignedAt,
      payload: { phone_number: phoneNumber, assigned_at: assigned.assignedAt },
    });
    return { assigned, repeated: false };
  });
}
