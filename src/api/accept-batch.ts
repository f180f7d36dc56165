import { DatabaseUnavailableError } from '../db/database.js';
import { acceptEvent, type EventRequest } from './accept-event.js';
import { newEventSchema, type BatchResult } from './event-schemas.js';
import type { EndpointDeps } from './http/endpoint.js';
import { logProblem, problemOf } from './http/error-response.js';
import { isObject } from './http/schemas.js';
import { validate } from './http/validate.js';

/** A batch holds at most this many of the API's connections, so that some are left for other callers. */
const maxConcurrentTenants = 4;

/**
 * The result of each event, in the order of the events. The events of one tenant are accepted one after the other, so
 * that they stay in order, and a tenant whose rows are locked holds only one connection. Never rejects because of an
 * event.
 */
export async function acceptBatch(
  deps: EndpointDeps,
  events: readonly unknown[],
  request: Omit<EventRequest, 'recentKey'>,
): Promise<BatchResult[]> {
  const results: BatchResult[] = [];
  // Once Postgres is away, the remaining events fail immediately, not each after a wait of its own.
  let away: DatabaseUnavailableError | undefined;

  async function accept(index: number): Promise<BatchResult> {
    try {
      if (away) throw away;
      const body = validate(newEventSchema, events[index], 'body');
      const inexactNumbers = request.inexactNumbers
        .filter(({ path }) => path[1] === index)
        .map(({ path, text }) => ({ path: path.slice(2), text }));
      const result = await acceptEvent(deps, body, { ...request, inexactNumbers, recentKey: null });
      return { status: result.status, ...result.body };
    } catch (error) {
      // Logged once, not for each event that fails with it.
      if (error !== away) logProblem(deps.log, error, { request: request.by.request, index });
      if (error instanceof DatabaseUnavailableError && error.reason !== 'busy') away = error;
      const { headers, body } = problemOf(error);
      const retryAfter = headers['Retry-After'];
      return { status: body.status, error: body, ...(retryAfter !== undefined && { retry_after: Number(retryAfter) }) };
    }
  }

  const tenants = byTenant(events);
  const work = async () => {
    for (let indexes = tenants.shift(); indexes; indexes = tenants.shift())
      for (const index of indexes) results[index] = await accept(index);
  };
  await Promise.all(Array.from({ length: maxConcurrentTenants }, work));
  return results;
}

/** The indexes of each tenant's events. */
function byTenant(events: readonly unknown[]): number[][] {
  const places = new Map<unknown, number[]>();
  for (const [index, event] of events.entries()) {
    const tenant = isObject(event) ? (event['tenant_id'] ?? event['tenant_external_id']) : undefined;
    places.set(tenant, [...(places.get(tenant) ?? []), index]);
  }
  return [...places.values()];
}
