import { statuses, statusNames } from '../../text/deliveries.js';
import { EventTypeOptions } from '../../ui/event-type-options.js';
import { Field } from '../../ui/field.js';
import { FilterBar } from '../../ui/filter-bar.js';
import { TextFilter } from '../../ui/text-filter.js';
import { TimeRange } from '../../ui/time-range.js';
import { WebhookOptions } from '../../ui/webhook-name.js';
import { filterNames, type DeliveryFilters } from './query-of.js';

interface FiltersProps {
  filters: DeliveryFilters;
  onChange: (changes: Partial<DeliveryFilters>) => void;
}

export const nothing = Object.fromEntries(filterNames.map((name) => [name, null])) as DeliveryFilters;

/** What the list is narrowed to. Each change goes into the url at once. */
export function Filters({ filters, onChange }: FiltersProps) {
  const set = filterNames.filter((name) => filters[name] !== null).length;
  return (
    <FilterBar
      set={set}
      onClear={() => onChange(nothing)}
      below={<TimeRange since={filters.since} until={filters.until} onChange={onChange} />}
    >
      <Field label="Status">
        <select value={filters.status ?? ''} onChange={(event) => onChange({ status: event.target.value || null })}>
          <option value="">Any</option>
          {statusNames.map((status) => (
            <option key={status} value={status}>
              {statuses[status].title}
            </option>
          ))}
        </select>
      </Field>
      <Field label="Webhook">
        <select value={filters.webhook ?? ''} onChange={(event) => onChange({ webhook: event.target.value || null })}>
          <option value="">Any</option>
          <WebhookOptions chosen={filters.webhook ?? ''} />
        </select>
      </Field>
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
    </FilterBar>
  );
}
