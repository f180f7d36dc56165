import { z } from 'zod';
import { audit, type Author } from '../db/audit.js';
import { databaseTime } from '../db/clock.js';
import type { Queryable, Transaction } from '../db/database.js';
import { requireRoomForWebhook } from '../db/quotas.js';
import { getStatistics, noStatistics, type WebhookStatistics } from '../db/statistics.js';
import {
  deleteWebhook,
  findWebhook,
  insertWebhook,
  listWebhooks,
  replaceSecret,
  updateWebhook,
  type Webhook,
} from '../db/webhooks.js';
import { createSecret } from '../delivery/signature.js';
import { settleSoon } from '../settle-soon.js';
import { announceHealth } from '../sources/webhooks/announce-health.js';
import { sealContext } from '../encryption/seal-context.js';
import { openIfReadable } from '../encryption/seal.js';
import { notFound } from './http/api-errors.js';
import { defineEndpoint, type AppDeps } from './http/endpoint.js';
import { refuseInexact } from './http/inexact-numbers.js';
import { nextCursor, pageQuery, paginate } from './http/paging.js';
import { webhookIdParameter } from './http/path-parameters.js';
import { integer, parseWebhookId, renderTimeOrNull, time } from './http/schemas.js';
import { requireTransform } from './transforms.js';
import { auditedSecret, auditedState, auditedWebhook, renderStatistics, renderWebhook } from './webhook-json.js';
import {
  newWebhookSchema,
  secretSchema,
  statisticsSchema,
  webhookChangeSchema,
  webhookSchema,
} from './webhook-schemas.js';
import { fitChange, refuseBatchesOfTransforms, toNewSettings, toSettings } from './webhook-settings.js';

const defaultOverlapSeconds = 86_400;
const maxOverlapSeconds = 604_800;

async function statisticsOf(db: Queryable, webhook: Webhook): Promise<WebhookStatistics> {
  return (await getStatistics(db, [webhook.id]))(webhook.id);
}

/** Has its receivers asked, if they are to be. */
function verifySoon({ workflows }: Pick<AppDeps, 'workflows'>, webhook: Webhook): void {
  const { id: webhookId, tenantId, verification, verificationError } = webhook;
  if (verification === 'pending' && verificationError === null) workflows.verify([{ webhookId, tenantId }]);
}

/** Pausing and resuming are entries of their own. */
async function auditUpdate(
  db: Transaction,
  author: Author,
  before: Webhook,
  after: Webhook,
  { sealer }: Pick<AppDeps, 'sealer'>,
): Promise<void> {
  const subject = { subjectId: after.id, tenantId: after.tenantId };
  await audit(db, author, {
    ...subject,
    action: 'webhook.updated',
    before: auditedWebhook(before, sealer),
    after: auditedWebhook(after, sealer),
  });
  await audit(db, author, {
    ...subject,
    action: after.enabled ? 'webhook.resumed' : 'webhook.paused',
    before: auditedState(before),
    after: auditedState(after),
  });
}

const tag = 'Webhooks';
const params = { webhook_id: webhookIdParameter };

export const webhookEndpoints = [
  defineEndpoint({
    method: 'post',
    path: '/v1/webhooks',
    access: 'webhooks:write',
    operationId: 'createWebhook',
    tag,
    summary: 'Register a webhook',
    body: {
      schema: newWebhookSchema,
      examples: { webhook: { url: 'https://example.com/webhooks', events: ['call.completed', 'sms.received'] } },
    },
    problems: [409],
    responses: {
      201: {
        description: 'The webhook, and its signing secret, which is shown only once',
        schema: z.object({ webhook: webhookSchema, secret: secretSchema }),
      },
    },
    async handle({ body, tenantId, author, inexactNumbers }, deps) {
      refuseInexact(inexactNumbers, 'filter');
      const secret = createSecret();
      const row = {
        ...toNewSettings(body, tenantId, deps),
        tenantId,
        sealedSecret: deps.sealer.seal(secret, sealContext.secret(tenantId)),
      };
      refuseBatchesOfTransforms(row);
      await requireTransform(row.transform, tenantId, deps);
      const webhook = await deps.db.transaction(async (db) => {
        await requireRoomForWebhook(db, tenantId);
        const webhook = await insertWebhook(db, row);
        const after = { ...auditedWebhook(webhook, deps.sealer), enabled: webhook.enabled };
        await audit(db, author, { action: 'webhook.created', subjectId: webhook.id, tenantId, after });
        return webhook;
      });
      verifySoon(deps, webhook);
      // No query from here on: if one failed, the secret would be lost for good.
      return { status: 201, body: { webhook: renderWebhook(webhook, noStatistics, deps.sealer), secret } };
    },
  }),

  defineEndpoint({
    method: 'get',
    path: '/v1/webhooks',
    access: 'webhooks:read',
    operationId: 'listWebhooks',
    tag,
    summary: 'List webhooks, newest first',
    query: z.strictObject(pageQuery),
    responses: {
      200: {
        description: 'A page of webhooks',
        schema: z.object({ webhooks: z.array(webhookSchema), next_cursor: nextCursor }),
      },
    },
    async handle({ query, tenantId }, { db, sealer }) {
      const page = await paginate(query, parseWebhookId, (page) => listWebhooks(db, tenantId, page));
      const ids = page.rows.map(({ id }) => id);
      const statistics = await getStatistics(db, ids);
      const webhooks = page.rows.map((webhook) => renderWebhook(webhook, statistics(webhook.id), sealer));
      return { status: 200, body: { webhooks, next_cursor: page.nextCursor } };
    },
  }),

  defineEndpoint({
    method: 'get',
    path: '/v1/webhooks/:webhook_id',
    access: 'webhooks:read',
    operationId: 'getWebhook',
    tag,
    summary: 'Show a webhook and its statistics',
    params,
    responses: {
      200: {
        description: 'The webhook, with counters as numbers, and its statistics, as decimal strings',
        schema: z.object({ webhook: webhookSchema, statistics: statisticsSchema }),
      },
    },
    async handle({ params, tenantId }, { db, sealer }) {
      const webhook = await findWebhook(db, tenantId, params.webhook_id);
      if (!webhook) throw notFound('webhook', params.webhook_id);
      // Read once, so that both objects say the same.
      const statistics = await statisticsOf(db, webhook);
      return {
        status: 200,
        body: { webhook: renderWebhook(webhook, statistics, sealer), statistics: renderStatistics(statistics) },
      };
    },
  }),

  defineEndpoint({
    method: 'patch',
    path: '/v1/webhooks/:webhook_id',
    access: 'webhooks:write',
    operationId: 'updateWebhook',
    tag,
    summary: 'Change settings of a webhook',
    description:
      'Fields that are left out stay as they are. A change takes effect immediately, also for deliveries under way; a request in flight is finished, and counts. Resuming makes held deliveries pending again, oldest first, each with a new schedule. If many deliveries must be updated, that happens in the background: `settling_since` is then not null.',
    params,
    body: {
      schema: webhookChangeSchema,
      examples: { pause: { enabled: false }, 'no limit per hour': { rate_limit_per_hour: null } },
    },
    responses: { 200: { description: 'The webhook as it is now', schema: z.object({ webhook: webhookSchema }) } },
    async handle({ params, body, tenantId, author, inexactNumbers }, deps) {
      refuseInexact(inexactNumbers, 'filter');
      await requireTransform(body.transform, tenantId, deps);
      const settings = toSettings(body, tenantId, deps);
      const webhook = await deps.db.transaction(async (db) => {
        const before = await findWebhook(db, tenantId, params.webhook_id, { lock: true });
        if (!before) throw notFound('webhook', params.webhook_id);
        const change = fitChange(before, settings);
        refuseBatchesOfTransforms({ ...before, ...change });
        const after = (await updateWebhook(db, tenantId, before.id, change, deps))!; // it is locked
        await auditUpdate(db, author, before, after, deps);
        return after;
      });
      verifySoon(deps, webhook);
      if (body.enabled) await announceHealth(deps, webhook.id);
      const settlingSince =
        webhook.settlingSince && (await settleSoon(deps, { webhookId: webhook.id, tenantId }))
          ? null
          : webhook.settlingSince;
      const statistics = await statisticsOf(deps.db, webhook);
      return { status: 200, body: { webhook: renderWebhook({ ...webhook, settlingSince }, statistics, deps.sealer) } };
    },
  }),

  defineEndpoint({
    method: 'delete',
    path: '/v1/webhooks/:webhook_id',
    access: 'webhooks:write',
    operationId: 'deleteWebhook',
    tag,
    summary: 'Delete a webhook',
    description:
      'Nothing is sent to it any more, and its secret is removed. Pending and held deliveries are cancelled. Its deliveries stay readable for the retention time.',
    params,
    responses: { 204: { description: 'Deleted' } },
    async handle({ params, tenantId, author }, deps) {
      await deps.db.transaction(async (db) => {
        const webhook = await findWebhook(db, tenantId, params.webhook_id, { lock: true });
        if (!webhook) throw notFound('webhook', params.webhook_id);
        await deleteWebhook(db, tenantId, webhook.id);
        const before = { ...auditedWebhook(webhook, deps.sealer), ...auditedState(webhook) };
        await audit(db, author, { action: 'webhook.deleted', subjectId: webhook.id, tenantId, before });
      });
      await settleSoon(deps, { webhookId: params.webhook_id, tenantId });
      return { status: 204 };
    },
  }),

  defineEndpoint({
    method: 'post',
    path: '/v1/webhooks/:webhook_id/rotate-secret',
    access: 'webhooks:write',
    operationId: 'rotateSecret',
    tag,
    summary: 'Replace the signing secret',
    description:
      'During the overlap, deliveries are signed with both secrets, so that a receiver can switch to the new one without rejecting any. With an overlap of 0, the old secret ends immediately; so does one that the service cannot decrypt. Another rotation during an overlap ends the oldest secret.',
    params,
    body: {
      schema: z.strictObject({
        overlap_seconds: integer(0, maxOverlapSeconds)
          .default(defaultOverlapSeconds)
          .meta({ description: 'How long the old secret stays valid', default: defaultOverlapSeconds }),
      }),
      optional: true,
      examples: { 'an hour': { overlap_seconds: 3600 } },
    },
    responses: {
      200: {
        description: 'The new secret, which is shown only once',
        schema: z.object({
          secret: secretSchema,
          previous_secret_expires_at: time('When the old secret ends; null: it has ended').nullable(),
        }),
      },
    },
    async handle({ params, body, tenantId, author }, { db, sealer }) {
      const secret = createSecret();
      const overlapMs = body.overlap_seconds * 1000;
      const context = sealContext.secret(tenantId);
      const expiresAt = await db.transaction(async (db) => {
        const old = await findWebhook(db, tenantId, params.webhook_id, { lock: true });
        if (!old) throw notFound('webhook', params.webhook_id);
        const { sealedSecret, id: subjectId } = old;
        const webhook = await replaceSecret(db, tenantId, subjectId, {
          unreadable: openIfReadable(sealer, sealedSecret, context) === undefined ? sealedSecret : null,
          sealedSecret: sealer.seal(secret, context),
          previousSecretExpiresAt: overlapMs > 0 ? new Date((await databaseTime(db)).getTime() + overlapMs) : null,
        });
        if (!webhook) throw notFound('webhook', params.webhook_id);
        const change = { before: auditedSecret(old), after: auditedSecret(webhook) };
        await audit(db, author, { action: 'webhook.secret_rotated', subjectId, tenantId, ...change });
        return webhook.previousSecretExpiresAt;
      });
      return { status: 200, body: { secret, previous_secret_expires_at: renderTimeOrNull(expiresAt) } };
    },
  }),
];
