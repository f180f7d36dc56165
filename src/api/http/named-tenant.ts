import type { Request } from 'express';
import { findTenant } from '../../db/tenants.js';
import { InvalidInputError } from '../../errors.js';
import { notFound } from './api-errors.js';
import type { EndpointDeps } from './endpoint.js';
import { parseUuid } from './schemas.js';

/** Query parameters with which the platform says whose things a call is about. */
export const tenantQuery = ['tenant_id', 'tenant_external_id'] as const;

/**
 * The tenant for which an admin key makes a call that otherwise needs the tenant's own key. Throws InvalidInputError
 * unless the query names exactly one, NotFoundError if it does not exist.
 */
export async function namedTenant(
  { query }: Request,
  { db, tenantIds }: Pick<EndpointDeps, 'db' | 'tenantIds'>,
): Promise<string> {
  const [id, externalId] = tenantQuery.map((name) => query[name]);
  if ((id === undefined) === (externalId === undefined))
    throw refused('tenant_id', 'say whose it is: add either tenant_id or tenant_external_id to the query');
  let tenantId: string | null | undefined;
  if (externalId !== undefined) {
    if (typeof externalId !== 'string' || externalId === '' || externalId.includes('\0'))
      throw refused('tenant_external_id', 'expected the external id of one tenant');
    tenantId = await tenantIds.find(externalId);
  } else {
    tenantId = typeof id === 'string' ? parseUuid(id) : undefined;
    if (tenantId === undefined) throw refused('tenant_id', 'expected the id of one tenant, a UUID');
  }
  // Also one that is remembered by its external id: it may have been deleted since.
  if (tenantId === null || !(await findTenant(db, tenantId))) throw notFound('tenant', tenantId ?? String(externalId));
  return tenantId;
}

const refused = (path: string, message: string) =>
  new InvalidInputError(`The query string is not valid: ${path}.`, [{ path, message }]);
