import { z } from 'zod';
import { audit } from '../db/audit.js';
import { requestVerification } from '../db/verifications.js';
import { notFound, TooManyRequestsError } from './http/api-errors.js';
import { defineEndpoint } from './http/endpoint.js';
import { webhookIdParameter } from './http/path-parameters.js';
import { renderVerification } from './webhook-json.js';
import { verificationSchema } from './shaping-schemas.js';

export const verificationEndpoints = [
  defineEndpoint({
    method: 'post',
    path: '/v1/webhooks/:webhook_id/verify',
    access: 'webhooks:write',
    operationId: 'verifyWebhook',
    tag: 'Webhooks',
    summary: 'Have the receiver of an unverified webhook asked again',
    description:
      'Sends the receiver (and that of the fallback url) another signed `webhook.verification` request, whose challenge it must echo within the timeout. While one is under way, another call changes nothing. Of one tenant, 60 such requests may be sent at once, and then one every five seconds.',
    params: { webhook_id: webhookIdParameter },
    body: { schema: z.strictObject({}), optional: true, examples: { 'nothing to say': {} } },
    responses: {
      202: { description: 'It is being asked', schema: z.object({ verification: verificationSchema }) },
    },
    problems: [409],
    async handle({ params, tenantId, author }, { db, workflows }) {
      const webhookId = params.webhook_id;
      const webhook = await db.transaction(async (db) => {
        const requested = await requestVerification(db, tenantId, webhookId);
        if (!requested) throw notFound('webhook', webhookId);
        const { before, after, waitSeconds } = requested;
        if (waitSeconds !== null) throw tooManyRequests(waitSeconds);
        const change = {
          before: { verification: renderVerification(before) },
          after: { verification: renderVerification(after) },
        };
        await audit(db, author, {
          action: 'webhook.verification_requested',
          subjectId: webhookId,
          tenantId,
          ...change,
        });
        return after;
      });
      // Even if it is being asked already: its workflow may not have been started.
      workflows.verify([{ webhookId, tenantId }]);
      return { status: 202, body: { verification: renderVerification(webhook) } };
    },
  }),
];

const tooManyRequests = (waitSeconds: number) =>
  new TooManyRequestsError(
    `This tenant had too many receivers asked for a challenge lately; try again in ${waitSeconds} seconds.`,
    waitSeconds,
  );
