import type { Condition, Filter } from './parse-filter.js';

/** A condition because of which an event does not match; `written`: as in the filter, within `$not` if it must not hold. */
export interface UnmetCondition {
  condition: Condition;
  written: unknown;
}

/** All conditions of a filter, in its order. */
export function conditionsOf(filter: Filter): Condition[] {
  if ('condition' in filter) return [filter.condition];
  if ('not' in filter) return conditionsOf(filter.not);
  return ('all' in filter ? filter.all : filter.any).flatMap(conditionsOf);
}

/**
 * The conditions because of which the filter does not match an event; empty if it matches. Of an `$or` these are all
 * of its conditions, of an `$and` only those that do not hold. `wanted`: whether the filter should match.
 */
export function unmetConditions(
  filter: Filter,
  holds: (condition: Condition) => boolean,
  wanted = true,
): UnmetCondition[] {
  if ('condition' in filter) {
    const { condition, written } = filter;
    return holds(condition) === wanted ? [] : [{ condition, written: wanted ? written : { $not: written } }];
  }
  if ('not' in filter) return unmetConditions(filter.not, holds, !wanted);
  const unmet = ('all' in filter ? filter.all : filter.any).map((part) => unmetConditions(part, holds, wanted));
  // Not all of them is any of them not.
  const mustAll = 'all' in filter === wanted;
  return !mustAll && unmet.some(({ length }) => length === 0) ? [] : unmet.flat();
}
