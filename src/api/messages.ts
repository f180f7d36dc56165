import { z } from 'zod';
import { isStorable } from '../db/database.js';
import { findMessage, listMessages, messageStatuses, type Message } from '../db/messages.js';
import { phoneNumberForm } from '../sources/numbers/assign-number.js';
import { maxBodyLength } from '../sources/messages/segments.js';
import { sendMessage } from '../sources/messages/send-message.js';
import { notFound } from './http/api-errors.js';
import { defineEndpoint } from './http/endpoint.js';
import { bodiesHidden } from './http/hide-bodies.js';
import { nextCursor, pageQuery, paginate } from './http/paging.js';
import { messageIdParameter } from './http/path-parameters.js';
import { listOf, notStorable, parseUuid, renderTime, renderTimeOrNull, time, uuid } from './http/schemas.js';

const messageSchema = z
  .object({
    id: uuid(),
    direction: z.enum(['inbound', 'outbound']),
    status: z.enum(messageStatuses).meta({
      description:
        "`received` (inbound), `pending` (not handed to Twilio yet), `unknown` (handed over, but the response was lost; being checked), else Twilio's own status",
      examples: ['delivered'],
    }),
    from: z
      .string()
      .nullable()
      .meta({
        description: 'The sender, as the network shows it; null if a Messaging Service chooses it',
        examples: ['+15557654321'],
      }),
    to: z.string().meta({ examples: ['+15551234567'] }),
    messaging_service_sid: z
      .string()
      .nullable()
      .meta({ examples: [null] }),
    body: z
      .string()
      .nullable()
      .meta({ description: 'The text; null for media only', examples: ['Your table is ready'] }),
    media_urls: z
      .array(z.string())
      .nullable()
      .meta({ description: 'Media sent along; empty for inbound', examples: [[]] }),
    media_count: z.int().meta({ examples: [0] }),
    segments: z
      .int()
      .nullable()
      .meta({ description: 'SMS segments, as counted in the usage; null: not counted (yet)', examples: [1] }),
    message_sid: z
      .string()
      .nullable()
      .meta({
        description: "Twilio's id, the one in the events; null until Twilio has the message",
        examples: ['SM1234567890abcdef1234567890abcdef'],
      }),
    error_code: z
      .string()
      .nullable()
      .meta({ description: "Twilio's error code", examples: [null] }),
    created_at: time('When it was accepted here, or received'),
    accepted_at: time('When Twilio took it').nullable(),
    ended_at: time('When its final status was reported').nullable(),
    bodies_hidden: bodiesHidden,
  })
  .meta({ id: 'Message', description: 'An SMS or MMS' });

const renderMessage = (message: Message): z.input<typeof messageSchema> => ({
  id: message.id,
  direction: message.direction,
  status: message.status,
  from: message.from,
  to: message.to,
  messaging_service_sid: message.messagingServiceSid,
  body: message.body,
  media_urls: message.mediaUrls,
  media_count: message.mediaCount,
  segments: message.segments,
  message_sid: message.messageSid,
  error_code: message.errorCode,
  created_at: renderTime(message.createdAt),
  accepted_at: renderTimeOrNull(message.acceptedAt),
  ended_at: renderTimeOrNull(message.endedAt),
});

const bodyMessage = `expected text of 1 to ${maxBodyLength} characters, as Twilio counts them: UTF-16 units, so that an emoji is two or more`;

const messageBody = z
  .string(bodyMessage)
  .min(1, bodyMessage)
  // Not .max(), which counts an emoji once.
  .refine((value) => value.length <= maxBodyLength, bodyMessage)
  .refine(isStorable, notStorable);

const mediaUrl = z
  .string('expected text: a url')
  .max(2000, 'expected a url of at most 2000 characters')
  .refine(isStorable, notStorable)
  .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), 'expected an http(s) url');

const newMessage = z
  .strictObject({
    to: z
      .string('expected text: a number in E.164 form, like +15551234567')
      .regex(/^\+[1-9]\d{1,14}$/, 'expected a number in E.164 form, like +15551234567')
      .meta({ examples: ['+15551234567'] }),
    from: z
      .string('expected text: a number in E.164 form, or a short code of 3 to 8 digits')
      .regex(phoneNumberForm, 'expected a number in E.164 form, or a short code of 3 to 8 digits')
      .optional()
      .meta({ description: "One of the tenant's numbers; this or `messaging_service_sid`" }),
    messaging_service_sid: z
      .string('expected text: the sid of a Messaging Service')
      .regex(/^MG[0-9a-fA-F]{32}$/, 'expected MG and 32 hexadecimal digits')
      .optional()
      .meta({ description: 'A Messaging Service; it belongs to the first tenant that uses it' }),
    body: messageBody.optional().meta({
      description: `The text, up to ${maxBodyLength} UTF-16 units (an emoji is two or more); this, \`media_urls\`, or both`,
      maxLength: maxBodyLength,
    }),
    media_urls: listOf(mediaUrl, 1, 10, 'urls').optional().meta({ description: 'Where Twilio fetches the media from' }),
  })
  .refine(({ from, messaging_service_sid }) => (from === undefined) !== (messaging_service_sid === undefined), {
    path: ['from'],
    error: 'give either from or messaging_service_sid, and not both',
    params: { complete: true },
  })
  .refine(({ body, media_urls }) => body !== undefined || media_urls !== undefined, {
    path: ['body'],
    error: 'missing; give body, media_urls, or both',
    params: { complete: true },
  });

const tag = 'Messages';
const access = 'messages:write';

export const messageEndpoints = [
  defineEndpoint({
    method: 'post',
    path: '/v1/messages',
    access,
    operationId: 'sendMessage',
    tag,
    summary: 'Send an SMS or MMS',
    description:
      'Responds when the message is stored; it is then handed to Twilio, once, whatever happens. The events `sms.sent`, `sms.delivered` and `sms.failed` report what becomes of it. Repeated with the same `Idempotency-Key`, the call returns the first message.',
    body: {
      schema: newMessage,
      examples: {
        text: { to: '+15551234567', from: '+15557654321', body: 'Your table is ready' },
        media: { to: '+15551234567', from: '+15557654321', media_urls: ['https://media.example.com/table.jpg'] },
      },
    },
    repeatable: true,
    responses: { 202: { description: 'The message', schema: z.object({ message: messageSchema }) } },
    problems: [409],
    async handle({ body, tenantId, idempotencyKey }, { db, messages }) {
      const message = await sendMessage(db, messages, {
        tenantId,
        from: body.from ?? null,
        messagingServiceSid: body.messaging_service_sid ?? null,
        to: body.to,
        body: body.body ?? null,
        mediaUrls: body.media_urls ?? [],
        idempotencyKey,
      });
      return { status: 202, body: { message: renderMessage(message) } };
    },
  }),

  defineEndpoint({
    method: 'get',
    path: '/v1/messages',
    access,
    operationId: 'listMessages',
    tag,
    summary: 'List messages, inbound and outbound, newest first',
    query: z.strictObject({
      ...pageQuery,
      direction: z.enum(['inbound', 'outbound'], 'expected inbound or outbound').optional(),
      status: z.enum(messageStatuses, `expected one of ${messageStatuses.join(', ')}`).optional(),
    }),
    responses: {
      200: {
        description: 'A page of messages',
        schema: z.object({ messages: z.array(messageSchema), next_cursor: nextCursor }),
      },
    },
    async handle({ query, tenantId }, { db }) {
      const filter = { direction: query.direction ?? null, status: query.status ?? null };
      const page = await paginate(query, parseUuid, (page) => listMessages(db, tenantId, filter, page));
      return { status: 200, body: { messages: page.rows.map(renderMessage), next_cursor: page.nextCursor } };
    },
  }),

  defineEndpoint({
    method: 'get',
    path: '/v1/messages/:message_id',
    access,
    operationId: 'getMessage',
    tag,
    summary: 'Show a message',
    params: { message_id: messageIdParameter },
    responses: { 200: { description: 'The message', schema: z.object({ message: messageSchema }) } },
    async handle({ params, tenantId }, { db }) {
      const message = await findMessage(db, tenantId, params.message_id);
      if (!message) throw notFound('message', params.message_id);
      return { status: 200, body: { message: renderMessage(message) } };
    },
  }),
];
