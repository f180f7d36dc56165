import { Field } from '../../ui/field.js';
import { TextFilter } from '../../ui/text-filter.js';
import { TimeRange } from '../../ui/time-range.js';
import type { ActivityFilters } from './activity.js';
import { subjects } from './actions.js';

interface FiltersProps {
  filters: ActivityFilters;
  onChange: (changes: Partial<ActivityFilters>) => void;
}

const nothing: ActivityFilters = { action: null, subject_type: null, subject_id: null, since: null, until: null };
const groups = Object.entries(subjects);

/** What the log is narrowed to. Each change goes into the url at once. */
export function Filters({ filters, onChange }: FiltersProps) {
  const isFiltered = Object.values(filters).some(Boolean);
  // An action has a dot in its name, a kind of thing has none.
  const choose = (value: string) =>
    onChange({
      action: value.includes('.') ? value : null,
      subject_type: value === '' || value.includes('.') ? null : value,
    });
  return (
    <search className="stack" aria-label="Filters">
      <div className="filters">
        <Field label="What was done">
          <select value={filters.action ?? filters.subject_type ?? ''} onChange={(event) => choose(event.target.value)}>
            <option value="">Everything</option>
            {groups.map(([type, { title, actions }]) => (
              <optgroup key={type} label={title}>
                <option value={type}>{title}</option>
                {Object.entries(actions).map(([action, name]) => (
                  <option key={action} value={action}>
                    {name}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        </Field>
        <TextFilter
          label="To which thing"
          placeholder="Its id, such as 3"
          value={filters.subject_id}
          onChange={(value) => onChange({ subject_id: value })}
        />
      </div>
      <TimeRange since={filters.since} until={filters.until} onChange={onChange} />
      {isFiltered && (
        <button type="button" className="link-button clear-filters" onClick={() => onChange(nothing)}>
          Clear all filters
        </button>
      )}
    </search>
  );
}
