import type { paths } from '../../../../src/client/api-types.js';
import { EventTypeOptions } from '../../ui/event-type-options.js';
import { Field } from '../../ui/field.js';
import { FilterBar } from '../../ui/filter-bar.js';
import { TextFilter } from '../../ui/text-filter.js';
import { TimeRange } from '../../ui/time-range.js';

type Query = NonNullable<paths['/v1/events']['get']['parameters']['query']>;

const names = ['event_type', 'event_id', 'ordering_key', 'since', 'until'] as const;
export type EventFilters = Record<(typeof names)[number], string | null>;
export const noFilters = Object.fromEntries(names.map((name) => [name, null])) as EventFilters;

export const filtersOf = (parameters: URLSearchParams): EventFilters =>
  Object.fromEntries(names.map((name) => [name, parameters.get(name) || null])) as EventFilters;

export const isFiltered = (filters: EventFilters): boolean => names.some((name) => filters[name] !== null);

/** As the API takes them, which says what is wrong with one. */
export const queryOf = (filters: EventFilters): Query =>
  Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== null));

interface FiltersProps {
  filters: EventFilters;
  onChange: (changes: Partial<EventFilters>) => void;
}

/** What the list is narrowed to. Each change goes into the url at once. */
export function Filters({ filters, onChange }: FiltersProps) {
  return (
    <FilterBar
      set={names.filter((name) => filters[name] !== null).length}
      onClear={() => onChange(noFilters)}
      below={<TimeRange since={filters.since} until={filters.until} onChange={onChange} />}
    >
      <Field label="Event type">
        <select
          value={filters.event_type ?? ''}
          onChange={(event) => onChange({ event_type: event.target.value || null })}
        >
          <option value="">Any</option>
          <EventTypeOptions chosen={filters.event_type ?? ''} />
        </select>
      </Field>
      <TextFilter
        label="Event id"
        placeholder="The whole id"
        value={filters.event_id}
        onChange={(value) => onChange({ event_id: value })}
      />
      <TextFilter
        label="Ordering key"
        placeholder="The whole id"
        value={filters.ordering_key}
        onChange={(value) => onChange({ ordering_key: value })}
      />
    </FilterBar>
  );
}
