import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { unwrap } from '../../client/index.js';
import { UsageError, type Context } from '../context.js';

export interface TriggerOptions {
  webhook?: number;
  eventId?: string;
  data?: string;
}

/** `irisx trigger`: a test event to one webhook, or an event of a tenant, with the example of its type unless given. */
export async function trigger(context: Context, eventType: string, options: TriggerOptions): Promise<void> {
  if (options.webhook !== undefined) return sendTest(context, eventType, options.webhook, options);
  const { client, tenantId, io, json } = context;
  if (tenantId === undefined)
    throw new UsageError(
      'Give --webhook for a test event to one webhook, or --tenant and a key with events:write for an event of that tenant.',
    );
  const payload = options.data === undefined ? await exampleOf(context, eventType) : await readData(options.data);
  const accepted = unwrap(
    await client.POST('/v1/events', {
      body: {
        tenant_id: tenantId,
        // The API knows the types, and names them if this is none.
        event_type: eventType as never,
        event_id: options.eventId ?? `cli_${randomUUID()}`,
        payload,
      },
    }),
  );
  if (json) return io.out(JSON.stringify(accepted));
  io.out(`${accepted.event.event_type} ${accepted.event.event_id} accepted: ${accepted.deliveries.length} deliveries`);
  for (const { id, webhook_id: webhook, status } of accepted.deliveries) io.out(`${id}  ${status}, webhook ${webhook}`);
}

async function sendTest(context: Context, eventType: string, webhookId: number, { data, eventId }: TriggerOptions) {
  if (data !== undefined || eventId !== undefined)
    throw new UsageError('A test event has the example of its type and its own id: leave --data and --event-id out.');
  const { client, tenantQuery: query, io, json } = context;
  const { delivery } = unwrap(
    await client.POST('/v1/webhooks/{webhook_id}/test', {
      params: { path: { webhook_id: webhookId }, query },
      body: { event_type: eventType as never },
    }),
  );
  io.out(json ? JSON.stringify(delivery) : `${delivery.id}  ${delivery.status}, test of webhook ${webhookId}`);
}

async function exampleOf({ client }: Context, eventType: string): Promise<Record<string, unknown>> {
  const { event_types: types } = unwrap(await client.GET('/v1/event-types'));
  const example = types.find(({ name }) => name === eventType)?.example;
  if (!example)
    throw new UsageError(`There is no event type ${eventType}; known are ${types.map(({ name }) => name).join(', ')}.`);
  return example;
}

/** The JSON itself, `@` and the name of a file that holds it, or `-` for standard input. */
async function readData(given: string): Promise<Record<string, unknown>> {
  const file = given === '-' ? '/dev/stdin' : given.startsWith('@') ? given.slice(1) : undefined;
  try {
    const text = file === undefined ? given : await readFile(file, 'utf8');
    const data: unknown = JSON.parse(text);
    if (typeof data === 'object' && data !== null && !Array.isArray(data)) return data as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(`--data cannot be read: ${(error as Error).message}`);
  }
  throw new UsageError('--data must be a JSON object.');
}
