import { z } from 'zod';
import { audit } from '../db/audit.js';
import { insertExpunge } from '../db/expunge.js';
import { findTenant } from '../db/tenants.js';
import { carryOutExpunge } from '../events/expunge.js';
import { phoneNumberForm } from '../sources/numbers/assign-number.js';
import { eventIdInput, refineTenant, tenantFields } from './event-schemas.js';
import { notFound } from './http/api-errors.js';
import { defineEndpoint } from './http/endpoint.js';

/** What is not done by then is done in the background. */
const maxMs = 2_000;

const form = 'expected a number like +15559876543 (E.164), or a short code of 3 to 8 digits';
const choice = 'give either event_id or phone_number';

export const expungeEndpoints = [
  defineEndpoint({
    method: 'post',
    path: '/v1/events/expunge',
    access: 'admin',
    operationId: 'expungeEvents',
    tag: 'Events',
    summary: 'Erase the content of events',
    description:
      "Erases bodies, and of every attempt the headers and the response; deliveries that are still to be sent are cancelled. That something was delivered, and when, stays. With `phone_number`: of all events of the tenant that hold the number, or whose receivers' responses do; messages and calls lose it too. What takes over two seconds goes on in the background. Safe to repeat.",
    body: {
      schema: refineTenant(
        z.strictObject({
          ...tenantFields,
          event_id: eventIdInput.optional().meta({ description: 'All events with this id; those of a call share one' }),
          phone_number: z
            .string(form)
            .regex(phoneNumberForm, form)
            .optional()
            .meta({ description: 'E.164, or a short code', examples: ['+15559876543'] }),
        }),
      ).refine((body) => (body.event_id === undefined) !== (body.phone_number === undefined), {
        path: ['event_id'],
        message: choice,
        params: { complete: true },
      }),
      examples: {
        'by number': { tenant_id: '0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a', phone_number: '+15559876543' },
        'by event': { tenant_id: '0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a', event_id: 'call-1' },
      },
    },
    responses: {
      202: {
        description: 'Begun',
        schema: z.object({
          expunged: z
            .object({
              events: z.int().meta({ description: 'Events that have lost their content so far', examples: [2] }),
              attempts: z.int().meta({ description: 'Attempts that have', examples: [3] }),
              complete: z
                .boolean()
                .meta({ description: 'false: the rest follows in the background', examples: [true] }),
            })
            .meta({ id: 'Expunged', description: 'What was erased' }),
        }),
      },
    },
    problems: [404],
    async handle({ body, by, author }, { db, log, tenantIds }) {
      const tenantId = body.tenant_id ?? (await tenantIds.find(body.tenant_external_id!));
      if (tenantId === null || !(await findTenant(db, tenantId)))
        throw notFound('tenant', tenantId ?? body.tenant_external_id!);
      const { event_id: eventId, phone_number: phoneNumber } = body;
      const subject = eventId === undefined ? { phoneNumber: phoneNumber! } : { eventId };
      const expunge = await db.transaction(async (db) => {
        // Not by what: neither the audit log nor the log can be expunged.
        await audit(db, author, { action: 'tenant.events_expunged', subjectId: tenantId, tenantId });
        return insertExpunge(db, tenantId, subject);
      });
      const until = performance.now() + maxMs;
      const { events, attempts, isComplete } = await carryOutExpunge(db, expunge, () => performance.now() < until);
      const fields = { ...by, tenant: tenantId, expunge: expunge.id, events, attempts, complete: isComplete };
      log.info(fields, 'events.expunged');
      return { status: 202, body: { expunged: { events, attempts, complete: isComplete } } };
    },
  }),
];
