/** What the sweeper looks for in one table. Needs a partial index on `(tenant_id, since)`. */
export interface Owed {
  table: string;
  columns: string;
  /** The condition of the index. */
  where: string;
  since: string;
  /** Only rows that have been due for this long. */
  longerThan: string;
  /** Leaves out rows for which this is true. They are read all the same, so there must be few. */
  unless?: string;
}

/** How many rows one round takes, in total and per tenant; at least one per tenant. */
export interface RoundSize {
  total: number;
  ofTenant: number;
}

/** What a sweep has already tried and leaves to the next sweep. */
export interface LeftOut {
  tenantIds: string[];
  ids: string[];
}

export const nothingLeftOut: LeftOut = { tenantIds: [], ids: [] };

/**
 * The oldest rows of each tenant: first one of every tenant, then the second ones, and so on. Reads one row to find the
 * next tenant, and only the round's share of each tenant's rows, however many there are.
 */
export const tenantsInTurn = ({ table, columns, where, since, longerThan, unless = 'false' }: Owed): string => `
  with recursive tenant (id, longest) as (
    (select tenant_id, ${since} from ${table} where ${where} order by tenant_id, ${since} limit 1)
    union all
    select next.* from tenant cross join lateral (
      select tenant_id, ${since} from ${table} where ${where} and tenant_id > tenant.id
       order by tenant_id, ${since} limit 1) next),
  owing as materialized (
    select id from tenant where longest < now() - interval '${longerThan}' and id <> all($3::uuid[]))
  select ${columns} from owing cross join lateral (
    select *, row_number() over (order by ${since}) as place from ${table}
     where tenant_id = owing.id and ${where} and ${since} < now() - interval '${longerThan}'
       and not (${unless}) and id <> all($4::uuid[])
     order by ${since}
     limit (select least($2::bigint, greatest(1, $1::bigint / greatest(1, count(*)))) from owing)) owed
   order by place, ${since}`;

/** The values of `tenantsInTurn`. */
export const roundValues = ({ total, ofTenant }: RoundSize, { tenantIds, ids }: LeftOut): unknown[] => [
  total,
  ofTenant,
  tenantIds,
  ids,
];
