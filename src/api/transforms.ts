import { z } from 'zod';
import { findWebhook } from '../db/webhooks.js';
import { InvalidInputError } from '../errors.js';
import type { Transformed } from '../transform/transforms.js';
import { exampleEventBody, exampleEventFields, newEventFields } from './example-event.js';
import { notFound, TooManyRequestsError } from './http/api-errors.js';
import { defineEndpoint, type AppDeps } from './http/endpoint.js';
import { refuseInexact } from './http/inexact-numbers.js';
import { webhookIdParameter } from './http/path-parameters.js';
import { shapingSettings } from './shaping-schemas.js';

const busySeconds = 5;

/** What an expression made. Throws InvalidInputError with the position and the reason if it failed. */
function madeBy<Body extends string | null>(transformed: Transformed<Body>): Body {
  switch (transformed.kind) {
    case 'made':
      return transformed.body;
    case 'failed': {
      const { message, position } = transformed;
      const where = position === null ? '' : ` at position ${position}`;
      throw new InvalidInputError(`The transform fails${where}: ${message}.`, [
        { path: 'transform', message: `${message}${where}` },
      ]);
    }
    case 'busy':
      throw new TooManyRequestsError(
        `Transforms of this tenant took too long, or too many are being evaluated. Try again in ${busySeconds} seconds.`,
        busySeconds,
      );
  }
}

/** Throws InvalidInputError unless it is JSONata, or none. Whether it suits the events is seen when it is evaluated. */
export async function requireTransform(
  transform: string | null | undefined,
  tenantId: string,
  { transforms }: Pick<AppDeps, 'transforms'>,
): Promise<void> {
  if (typeof transform === 'string') madeBy(await transforms.checkSyntax(tenantId, transform));
}

const responses = {
  200: {
    description: 'The body',
    schema: z.object({
      body: z.string().meta({ description: 'As it would be sent', examples: ['{"text":"Call from +15551234567"}'] }),
    }),
  },
};

async function tryTransform(
  { transforms }: Pick<AppDeps, 'transforms'>,
  { tenantId, expression, envelope }: { tenantId: string; expression: string | null; envelope: string },
) {
  const body = expression === null ? envelope : madeBy(await transforms.evaluate({ tenantId, expression, envelope }));
  return { status: 200 as const, body: { body } };
}

export const transformEndpoints = [
  defineEndpoint({
    method: 'post',
    path: '/v1/transform/test',
    access: 'webhooks:read',
    operationId: 'testNewTransform',
    tag: 'Webhooks',
    summary: 'Try a transform before there is a webhook for it',
    description: 'As for a webhook. Nothing is sent or stored.',
    // of what was sent, or of the catalogue's example
    showsBodies: true,
    body: {
      schema: z.strictObject({ transform: shapingSettings.transform, ...newEventFields }),
      examples: {
        'a text': { transform: '{"text": "Call from " & data.from}', event_type: 'call.completed' },
      },
    },
    responses,
    async handle({ body, tenantId, inexactNumbers }, deps) {
      refuseInexact(inexactNumbers, 'payload');
      return tryTransform(deps, { tenantId, expression: body.transform, envelope: exampleEventBody(null, body) });
    },
  }),

  defineEndpoint({
    method: 'post',
    path: '/v1/webhooks/:webhook_id/transform/test',
    access: 'webhooks:read',
    operationId: 'testTransform',
    tag: 'Webhooks',
    summary: 'Try a transform on an event',
    description:
      'Shows the body that would be sent for the event, or says why there is none, and at which character of the transform that was noticed. Nothing is sent or stored.',
    params: { webhook_id: webhookIdParameter },
    // of the catalogue's example, or of what was sent
    showsBodies: true,
    body: {
      schema: z.strictObject({
        transform: shapingSettings.transform
          .optional()
          .meta({ description: "Default: the webhook's; null: the body is the event" }),
        ...exampleEventFields,
      }),
      optional: true,
      examples: {
        'another transform': { transform: '{"text": "Call from " & data.from}', event_type: 'call.completed' },
        'another event': { event_type: 'sms.received', payload: { from: '+15551234567', body: 'Hello' } },
      },
    },
    responses,
    async handle({ params, body, tenantId, inexactNumbers }, deps) {
      refuseInexact(inexactNumbers, 'payload');
      const webhook = await findWebhook(deps.db, tenantId, params.webhook_id);
      if (!webhook) throw notFound('webhook', params.webhook_id);
      const envelope = exampleEventBody(webhook, body);
      const expression = body.transform === undefined ? webhook.transform : body.transform;
      return tryTransform(deps, { tenantId, expression, envelope });
    },
  }),
];
