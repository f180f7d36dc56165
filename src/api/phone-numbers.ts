import { z } from 'zod';
import { audit } from '../db/audit.js';
import { listAssigned, releaseNumber, type PhoneNumber } from '../db/phone-numbers.js';
import { InvalidInputError } from '../errors.js';
import { assignNumber, auditedNumber, phoneNumberForm } from '../sources/numbers/assign-number.js';
import { notFound } from './http/api-errors.js';
import { defineEndpoint, type MessagesDeps } from './http/endpoint.js';
import { nextCursor, pageQuery, paginate } from './http/paging.js';
import { phoneNumberParameter } from './http/path-parameters.js';
import { parseUuid, renderTime, time, uuid } from './http/schemas.js';

const form = 'expected text: a number like +15559876543 (E.164), or a short code of 3 to 8 digits';

const numberInput = (message: string) =>
  z
    .string(message)
    .regex(phoneNumberForm, message)
    .meta({ description: 'E.164, or a short code', examples: ['+15559876543'] });

const phoneNumberSchema = z
  .object({
    id: uuid().meta({ description: 'The id of this assignment; a number that is assigned again gets a new one' }),
    tenant_id: uuid().meta({ description: 'The tenant that has it' }),
    phone_number: z.string().meta({ examples: ['+15559876543'] }),
    account_sid: z
      .string()
      .nullable()
      .meta({
        description: 'The Twilio account that it is in; null: the one that sends, `TWILIO_ACCOUNT_SID`',
        examples: [null],
      }),
    assigned_at: time('When it was assigned'),
  })
  .meta({ id: 'PhoneNumber', description: 'A number that is assigned to a tenant' });

const renderPhoneNumber = (number: PhoneNumber): z.input<typeof phoneNumberSchema> => ({
  id: number.id,
  tenant_id: number.tenantId,
  phone_number: number.phoneNumber,
  account_sid: number.accountSid,
  assigned_at: renderTime(number.assignedAt),
});

const assignedSchema = z.object({ phone_number: phoneNumberSchema });
const tag = 'Phone numbers';

export const phoneNumberEndpoints = [
  defineEndpoint({
    method: 'post',
    path: '/v1/phone-numbers',
    access: 'admin',
    operationId: 'assignPhoneNumber',
    tag,
    summary: 'Assign a number to a tenant',
    description:
      'Triggers the event `phone_number.assigned`. Safe to repeat: if the tenant already has the number, the response is 200 and there is no event; an `account_sid` in the repeat replaces the old one. 409 when another tenant has the number.',
    body: {
      schema: z.strictObject({
        tenant_id: uuid().meta({ description: 'The tenant that gets it', format: 'uuid' }),
        phone_number: numberInput(form),
        account_sid: z
          .string('expected text: the sid of a Twilio account, or null')
          .nullable()
          .optional()
          .meta({
            description:
              'The Twilio account that the number is in, if that is one of `TWILIO_SUBACCOUNTS`: only its callbacks are accepted for the number. null: the account that sends, `TWILIO_ACCOUNT_SID`. Absent: that one too, or unchanged if the tenant already has the number',
            examples: [null],
          }),
      }),
      examples: { number: { tenant_id: '0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a', phone_number: '+15559876543' } },
    },
    responses: {
      201: { description: 'Assigned', schema: assignedSchema },
      200: { description: 'The tenant already had it, since `assigned_at`', schema: assignedSchema },
    },
    problems: [404, 409],
    async handle({ body, author }, deps) {
      requireAccount(deps.messages, body.account_sid);
      const { assigned, repeated } = await assignNumber(deps, author, body.tenant_id, {
        phoneNumber: body.phone_number,
        accountSid: body.account_sid,
      });
      return { status: repeated ? 200 : 201, body: { phone_number: renderPhoneNumber(assigned) } };
    },
  }),

  defineEndpoint({
    method: 'get',
    path: '/v1/phone-numbers',
    access: 'admin',
    operationId: 'listPhoneNumbers',
    tag,
    summary: 'List the numbers that tenants have, newest assignment first',
    query: z.strictObject({
      ...pageQuery,
      tenant_id: uuid().optional().meta({ description: "Only this tenant's", format: 'uuid' }),
      phone_number: numberInput(`${form}; in a query string + is written %2B`).optional(),
    }),
    responses: {
      200: {
        description: 'A page of numbers',
        schema: z.object({ phone_numbers: z.array(phoneNumberSchema), next_cursor: nextCursor }),
      },
    },
    async handle({ query }, { db }) {
      const filter = { tenantId: query.tenant_id ?? null, phoneNumber: query.phone_number ?? null };
      const page = await paginate(query, parseUuid, (page) => listAssigned(db, filter, page));
      return { status: 200, body: { phone_numbers: page.rows.map(renderPhoneNumber), next_cursor: page.nextCursor } };
    },
  }),

  defineEndpoint({
    method: 'delete',
    path: '/v1/phone-numbers/:phone_number',
    access: 'admin',
    operationId: 'releasePhoneNumber',
    tag,
    summary: 'Release a number',
    description:
      'By the id of its assignment, or by the number itself. The id is safer: a late repeat cannot take the number from a new owner. There is no event. 404 when it is already released.',
    params: { phone_number: phoneNumberParameter },
    responses: { 204: { description: 'Released' } },
    async handle({ params, author }, { db }) {
      const id = parseUuid(params.phone_number);
      await db.transaction(async (db) => {
        const released = await releaseNumber(db, id === undefined ? { phoneNumber: params.phone_number } : { id });
        if (!released) throw notFound('phone number', params.phone_number);
        const { id: subjectId, tenantId } = released;
        const before = auditedNumber(released);
        await audit(db, author, { action: 'phone_number.released', subjectId, tenantId, before });
      });
      return { status: 204 };
    },
  }),
];

/** With a misspelt account, or one without a token here, no callback for the number would be accepted. */
function requireAccount(messages: MessagesDeps | undefined, accountSid: string | null | undefined): void {
  if (accountSid === undefined || accountSid === null) return;
  if (messages?.accounts.some(({ sid }) => sid === accountSid)) return;
  const message =
    'is not an account that is configured here (TWILIO_ACCOUNT_SID, TWILIO_SUBACCOUNTS); configure it first, or correct it';
  throw new InvalidInputError('The body is not valid: account_sid.', [{ path: 'account_sid', message }]);
}
