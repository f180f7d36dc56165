import { z } from 'zod';
import { audit } from '../db/audit.js';
import {
  cancelRecovery,
  countRecoverable,
  createRecovery,
  findRecovery,
  listRecoveries,
  recoverableStatuses,
  recoveryStatuses,
  type Recovery,
} from '../db/recoveries.js';
import { ConflictError } from '../errors.js';
import { eventTypeNames } from '../events/event-types.js';
import { requireWebhook } from './deliveries.js';
import { eventTypesMessage, timesOf } from './history-query.js';
import { notFound } from './http/api-errors.js';
import { defineEndpoint } from './http/endpoint.js';
import { nextCursor, pageQuery, paginate } from './http/paging.js';
import { recoveryIdParameter, webhookIdParameter } from './http/path-parameters.js';
import { boolean, listOf, parseUuid, renderTime, renderTimeOrNull, time, timeInput, uuid } from './http/schemas.js';

const statusesMessage = `expected a list of ${recoverableStatuses.join(', ')}`;

const requestSchema = z
  .strictObject({
    statuses: z
      .array(z.enum(recoverableStatuses, statusesMessage), statusesMessage)
      // Checked before the elements: a hundred thousand wrong ones take a second.
      .max(100, statusesMessage)
      .transform((statuses) => [...new Set(statuses)])
      .meta({
        description:
          'Which deliveries to send again: those that have ended in one of these statuses by now. May be empty with `include_missing`',
        examples: [['failed', 'expired']],
      }),
    event_types: listOf(z.enum(eventTypeNames, eventTypesMessage), 1, 100, 'event types')
      .transform((types) => [...new Set(types)])
      .optional()
      .meta({ description: 'Only these event types; absent: all', examples: [['call.completed']] }),
    since: timeInput().optional().meta({ description: 'Only what was accepted at this time or later' }),
    until: timeInput().optional().meta({ description: 'Only what was accepted before this time; absent: until now' }),
    include_missing: boolean().default(false).meta({
      description:
        'Also events that have no delivery to this webhook, since it did not exist or did not subscribe to them then. Of types that it subscribes to now',
      default: false,
    }),
    dry_run: boolean().default(false).meta({ description: 'Only count; nothing is sent', default: false }),
  })
  .refine(({ statuses, include_missing: missing }) => statuses.length > 0 || missing, {
    path: ['statuses'],
    error: 'expected at least one status, or include_missing: true',
  });

const count = (description: string) => z.int().meta({ description, examples: [0] });
const found = {
  total: count('How many deliveries it found when it was created'),
  total_is_exact: z.boolean().meta({
    description: 'false: there are so many that counting them was given up; `total` or more',
    examples: [true],
  }),
};

const recoverySchema = z
  .object({
    id: uuid(),
    status: z.enum(recoveryStatuses).meta({
      description:
        '`running`: on its way. `completed`: all that it sent again has ended. `cancelled`: by a call, or since its webhook was deleted',
    }),
    statuses: z.array(z.enum(recoverableStatuses)),
    event_types: z.array(z.string()).nullable().meta({ description: 'null: all' }),
    since: time('Accepted at this time or later; null: no matter when').nullable(),
    until: time('Accepted before this time; null: before the recovery was created').nullable(),
    include_missing: z.boolean().meta({ examples: [false] }),
    ...found,
    requeued: count(
      'How many were made pending so far. Deliveries that were retried by hand meanwhile are not among them',
    ),
    delivered: count('How many of those were delivered'),
    failed: count('How many of those ended otherwise'),
    created_at: time('When it was created'),
    finished_at: time('When it was completed or cancelled').nullable(),
  })
  .meta({ id: 'Recovery', description: 'Deliveries of a webhook that are sent again, at a pace' });

const renderRecovery = (recovery: Recovery): z.input<typeof recoverySchema> => ({
  id: recovery.id,
  status: recovery.status,
  statuses: recovery.statuses,
  event_types: recovery.eventTypes,
  since: renderTimeOrNull(recovery.since),
  until: renderTimeOrNull(recovery.until),
  include_missing: recovery.includeMissing,
  total: recovery.total,
  total_is_exact: recovery.isTotalExact,
  requeued: recovery.requeued,
  delivered: recovery.delivered,
  failed: recovery.failed,
  created_at: renderTime(recovery.createdAt),
  finished_at: renderTimeOrNull(recovery.finishedAt),
});

const auditedRecovery = (recovery: Recovery) => ({
  webhook_id: recovery.webhookId,
  statuses: recovery.statuses,
  event_types: recovery.eventTypes,
  since: recovery.since,
  until: recovery.until,
  include_missing: recovery.includeMissing,
  total: recovery.total,
});

const oneRecovery = z.object({ recovery: recoverySchema });
const tag = 'Recoveries';
const webhookParams = { webhook_id: webhookIdParameter };
const params = { ...webhookParams, recovery_id: recoveryIdParameter };

export const recoveryEndpoints = [
  defineEndpoint({
    method: 'post',
    path: '/v1/webhooks/:webhook_id/recoveries',
    access: 'webhooks:write',
    operationId: 'createRecovery',
    tag,
    summary: 'Send everything again that a webhook missed',
    description:
      'Makes the deliveries pending again in the order of their events, a few hundred at a time, each with a new schedule under its old id. Live events go first. One recovery of a webhook runs at a time. While the webhook is paused, its recovery waits. Test deliveries are left out.',
    params: webhookParams,
    body: {
      schema: requestSchema,
      examples: {
        'after an outage': { statuses: ['failed'], since: '2025-10-29T06:00:00Z', until: '2025-10-29T12:00:00Z' },
        'how many would be sent': { statuses: ['failed', 'expired'], dry_run: true },
        'what came before the webhook existed': { statuses: [], include_missing: true },
      },
    },
    responses: {
      200: {
        description: 'With `dry_run`: how many deliveries would be sent',
        schema: z.object({ recovery: z.object(found) }),
      },
      202: { description: 'On its way', schema: oneRecovery },
    },
    problems: [409],
    async handle({ params, body, tenantId, author }, { db, workflows }) {
      const webhookId = params.webhook_id;
      await requireWebhook(db, tenantId, webhookId);
      const { since = null, until = null } = timesOf(body);
      const request = {
        webhookId,
        tenantId,
        statuses: body.statuses,
        eventTypes: body.event_types ?? null,
        since,
        until,
        includeMissing: body.include_missing,
      };
      if (body.dry_run) {
        const { total, isTotalExact } = await countRecoverable(db, request);
        return { status: 200, body: { recovery: { total, total_is_exact: isTotalExact } } };
      }
      const recovery = await db.transaction(async (db) => {
        const created = await createRecovery(db, request);
        const after = auditedRecovery(created);
        await audit(db, author, { action: 'recovery.created', subjectId: created.id, webhookId, tenantId, after });
        return created;
      });
      workflows.recover([{ recoveryId: recovery.id, webhookId, tenantId }]);
      return { status: 202, body: { recovery: renderRecovery(recovery) } };
    },
  }),

  defineEndpoint({
    method: 'get',
    path: '/v1/webhooks/:webhook_id/recoveries',
    access: 'webhooks:read',
    operationId: 'listRecoveries',
    tag,
    summary: 'List recoveries of a webhook, newest first',
    params: webhookParams,
    query: z.strictObject(pageQuery),
    responses: {
      200: {
        description: 'A page of recoveries',
        schema: z.object({ recoveries: z.array(recoverySchema), next_cursor: nextCursor }),
      },
    },
    async handle({ params, query, tenantId }, { db }) {
      await requireWebhook(db, tenantId, params.webhook_id);
      const page = await paginate(query, parseUuid, (page) => listRecoveries(db, params.webhook_id, page));
      return { status: 200, body: { recoveries: page.rows.map(renderRecovery), next_cursor: page.nextCursor } };
    },
  }),

  defineEndpoint({
    method: 'get',
    path: '/v1/webhooks/:webhook_id/recoveries/:recovery_id',
    access: 'webhooks:read',
    operationId: 'getRecovery',
    tag,
    summary: 'Show how far a recovery is',
    params,
    responses: { 200: { description: 'The recovery', schema: oneRecovery } },
    async handle({ params, tenantId }, { db }) {
      await requireWebhook(db, tenantId, params.webhook_id);
      const recovery = await findRecovery(db, params.webhook_id, params.recovery_id);
      if (!recovery) throw notFound('recovery', params.recovery_id);
      return { status: 200, body: { recovery: renderRecovery(recovery) } };
    },
  }),

  defineEndpoint({
    method: 'delete',
    path: '/v1/webhooks/:webhook_id/recoveries/:recovery_id',
    access: 'webhooks:write',
    operationId: 'cancelRecovery',
    tag,
    summary: 'Cancel a recovery',
    description:
      'What it has not made pending yet stays as it was; the others are delivered. Cancelling it again changes nothing.',
    params,
    responses: { 202: { description: 'The recovery, cancelled', schema: oneRecovery } },
    problems: [409],
    async handle({ params, tenantId, author }, { db, workflows }) {
      const { webhook_id: webhookId, recovery_id: recoveryId } = params;
      await requireWebhook(db, tenantId, webhookId);
      const isCancelled = await db.transaction(async (db) => {
        if (!(await cancelRecovery(db, webhookId, recoveryId))) return false;
        const change = { before: { status: 'running' }, after: { status: 'cancelled' } };
        await audit(db, author, {
          action: 'recovery.cancelled',
          subjectId: recoveryId,
          webhookId,
          tenantId,
          ...change,
        });
        return true;
      });
      const recovery = await findRecovery(db, webhookId, recoveryId);
      if (!recovery) throw notFound('recovery', recoveryId);
      if (recovery.status === 'completed')
        throw new ConflictError(`Recovery ${recoveryId} has completed; there is nothing left to cancel.`);
      if (isCancelled) workflows.recover([{ recoveryId, webhookId, tenantId }]);
      return { status: 202, body: { recovery: renderRecovery(recovery) } };
    },
  }),
];
