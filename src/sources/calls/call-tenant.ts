import type { Call } from '../../db/calls.js';
import type { Queryable } from '../../db/database.js';
import { ownerOfNumber } from '../../db/phone-numbers.js';
import { resolveTenant } from '../../db/tenants.js';
import type { CallEventKind, CallFacts } from './call-event.js';

interface EventFacts {
  kind: CallEventKind;
  facts: CallFacts;
}

/**
 * The tenant of a call, by its events so far, in order; null: none found so far. The first of these decides, and none
 * depends on how the switch's frames reached us:
 *
 * 1. the variable with which the channel was made;
 * 2. the owner of the tenant's number;
 * 3. the variable as the dialplan set it afterwards.
 *
 * If the variable of (1) names no tenant, the call does not belong to the number's owner either.
 */
export async function findCallTenant(
  db: Queryable,
  call: Pick<Call, 'direction' | 'from' | 'to'>,
  events: readonly EventFacts[],
): Promise<string | null> {
  const initialReference = initialVariable(call, events);
  if (initialReference !== undefined) {
    const tenantId = await resolveTenant(db, initialReference);
    if (tenantId) return tenantId;
  } else {
    const owner = await ownerOfNumber(db, ownNumber(call));
    if (owner) return owner;
  }
  for (const reference of new Set(events.map(({ facts }) => ofFirstLeg(facts)))) {
    const tenantId = reference === undefined ? null : await resolveTenant(db, reference);
    if (tenantId) return tenantId;
  }
  return null;
}

/** Another leg may carry another tenant's reference. */
const ofFirstLeg = ({ leg, tenantReference }: CallFacts) => (leg === undefined ? tenantReference : undefined);

/**
 * If nobody received the call's beginning: an outbound channel is created with its variables, while an inbound one gets
 * them from the dialplan.
 */
function initialVariable({ direction }: Pick<Call, 'direction'>, events: readonly EventFacts[]): string | undefined {
  const created = events.find(({ kind }) => kind === 'created');
  if (created) return created.facts.tenantReference;
  if (direction === 'inbound') return undefined;
  return events.map(({ facts }) => ofFirstLeg(facts)).find((reference) => reference !== undefined);
}

/** Whether an event that may be the call's names another tenant than the call has. */
export async function isOfOtherTenant(db: Queryable, call: Call, { facts }: EventFacts): Promise<boolean> {
  if (call.tenantId === null || facts.leg !== undefined) return false;
  const { tenantReference } = facts;
  // A value that the call already had was accepted before: only a new one can name another tenant.
  if (tenantReference !== undefined)
    return tenantReference !== call.tenantReference && (await resolveTenant(db, tenantReference)) !== call.tenantId;
  // The same holds for the call's own number, whoever owns it by now.
  if (!hasNumbers(facts) || facts.direction !== call.direction || ownNumber(facts) === ownNumber(call)) return false;
  const owner = await ownerOfNumber(db, ownNumber(facts));
  return owner !== null && owner !== call.tenantId;
}

/** Whether the direction and numbers are known, and are the call's and not another leg's. */
export const hasNumbers = ({ leg, isBare }: CallFacts): boolean => leg === undefined && !isBare;

const ownNumber = ({ direction, from, to }: Pick<Call, 'direction' | 'from' | 'to'>) =>
  direction === 'inbound' ? to : from;
