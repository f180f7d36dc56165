import type { paths } from '../../../../src/client/api-types.js';

type Query = NonNullable<paths['/v1/deliveries']['get']['parameters']['query']>;

/** The filters of the page, by their names in its url. Null: not set. */
export const filterNames = ['status', 'webhook', 'event_type', 'event_id', 'since', 'until'] as const;
export type FilterName = (typeof filterNames)[number];
export type DeliveryFilters = Record<FilterName, string | null>;

export const filtersOf = (parameters: URLSearchParams): DeliveryFilters =>
  Object.fromEntries(filterNames.map((name) => [name, parameters.get(name) || null])) as DeliveryFilters;

export const isFiltered = (filters: DeliveryFilters): boolean => filterNames.some((name) => filters[name] !== null);

/** As the API takes them. Whatever is in the url goes there: the API says what is wrong with it. */
export function queryOf({ webhook, ...others }: DeliveryFilters): Query {
  const set = Object.entries({ webhook_id: webhook, ...others }).filter(([, value]) => value !== null);
  return Object.fromEntries(set);
}
