import type { Filter, FilterCondition } from './parse-filter.js';

/** All conditions of a filter, in its order. */
export function conditionsOf(filter: Filter): FilterCondition[] {
  if ('condition' in filter) return [filter];
  if ('not' in filter) return conditionsOf(filter.not);
  return ('all' in filter ? filter.all : filter.any).flatMap(conditionsOf);
}

/**
 * The conditions because of which the filter does not match an event; empty if it matches. Of an `$or` these are all
 * of its conditions, of an `$and` only those that do not hold. Of one that must not hold, `written` is within `$not`.
 * `wanted`: whether the filter is to match.
 */
export function unmetConditions(
  filter: Filter,
  holds: (condition: FilterCondition) => boolean,
  wanted = true,
): FilterCondition[] {
  if ('condition' in filter) {
    if (holds(filter) === wanted) return [];
    return [wanted ? filter : { ...filter, written: { $not: filter.written } }];
  }
  if ('not' in filter) return unmetConditions(filter.not, holds, !wanted);
  const unmet = ('all' in filter ? filter.all : filter.any).map((part) => unmetConditions(part, holds, wanted));
  // Not all of them is any of them not.
  const mustAll = 'all' in filter === wanted;
  return !mustAll && unmet.some(({ length }) => length === 0) ? [] : unmet.flat();
}

/** The value of a field of an event; null if it is missing. */
export function valueAt(event: unknown, path: string): unknown {
  let value = event;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name)) return null;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
