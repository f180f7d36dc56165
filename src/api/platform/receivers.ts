import { z } from 'zod';
import { listReceiversInTrouble, troubles, type TroublePlace } from '../../db/receivers-in-trouble.js';
import { getStatistics } from '../../db/statistics.js';
import { defineEndpoint } from '../http/endpoint.js';
import { decodeCursor, encodeCursor, nextCursor, pageQuery } from '../http/paging.js';
import { parseWebhookId, renderTime, time, uuid } from '../http/schemas.js';

export const tenantName = z
  .object({ id: uuid(), name: z.string().meta({ examples: ['Acme Ltd'] }) })
  .meta({ description: 'Whose it is' });

const receiverSchema = z
  .object({
    tenant: tenantName,
    webhook_id: z.int().meta({ examples: [1] }),
    url: z.string().meta({ examples: ['https://example.com/webhooks'] }),
    state: z.enum(troubles).meta({ description: "`disabled`: by the service, because of the receiver's failures" }),
    since: time('Since when it has been so'),
    consecutive_failures: z
      .int()
      .meta({ description: 'Deliveries that failed since the last success', examples: [17] }),
    last_error: z
      .string()
      .nullable()
      .meta({
        description: 'Of the last failed attempt',
        examples: ['The receiver answered 500; only 2xx is success.'],
      }),
    pending_deliveries: z.int().meta({ description: 'Deliveries that wait for it', examples: [12] }),
  })
  .meta({ id: 'ReceiverInTrouble', description: 'A webhook whose receiver fails, or that was disabled for that' });

const cursorOf = ({ sinceMicroseconds, webhookId }: TroublePlace) => encodeCursor(`${sinceMicroseconds}.${webhookId}`);

function parsePlace(text: string): TroublePlace | undefined {
  const [since = '', webhook = '', ...more] = text.split('.');
  const webhookId = parseWebhookId(webhook);
  if (!/^[0-9]{1,16}$/.test(since) || webhookId === undefined || more.length > 0) return undefined;
  return { sinceMicroseconds: Number(since), webhookId };
}

export const platformReceiverEndpoints = [
  defineEndpoint({
    method: 'get',
    path: '/v1/platform/receivers',
    access: 'admin',
    operationId: 'listReceiversInTrouble',
    tag: 'Operations',
    summary: 'List receivers in trouble of all tenants, longest first',
    description: 'A page may hold fewer than `limit`: rows of deleted webhooks are left out.',
    query: z.strictObject({
      ...pageQuery,
      state: z
        .enum(troubles, `expected one of ${troubles.join(', ')}`)
        .optional()
        .meta({ description: 'Only these; default: both' }),
    }),
    responses: {
      200: {
        description: 'A page of receivers',
        schema: z.object({ receivers: z.array(receiverSchema), next_cursor: nextCursor }),
      },
    },
    async handle({ query: { state, limit, cursor } }, { db }) {
      const after = cursor === undefined ? null : decodeCursor(cursor, parsePlace);
      const { receivers, readTo } = await listReceiversInTrouble(db, state ? [state] : troubles, { limit, after });
      const statisticsOf = await getStatistics(
        db,
        receivers.map(({ webhookId }) => webhookId),
      );
      const rendered = receivers.map(({ webhookId, url, tenant, state, since }): z.input<typeof receiverSchema> => {
        const { pending, health } = statisticsOf(webhookId);
        return {
          tenant,
          webhook_id: webhookId,
          url,
          state,
          since: renderTime(since),
          consecutive_failures: health?.consecutiveFailures ?? 0,
          last_error: health?.lastError ?? null,
          pending_deliveries: pending,
        };
      });
      return { status: 200, body: { receivers: rendered, next_cursor: readTo && cursorOf(readTo) } };
    },
  }),
];
