import { useState, type ComponentProps } from 'react';
import { ago, fromLocalInput, toLocalInput } from '../text/local-times.js';
import { Field } from './field.js';

const hourMs = 3_600_000;
const choices = [
  { title: 'Last hour', ms: hourMs },
  { title: '24 hours', ms: 24 * hourMs },
  { title: '7 days', ms: 7 * 24 * hourMs },
];

interface TimeRangeProps {
  since: string | null;
  until: string | null;
  /** Both at once; null: no bound. */
  onChange: (range: { since: string | null; until: string | null }) => void;
}

interface TimeInputProps extends Omit<ComponentProps<'input'>, 'value' | 'onChange'> {
  value: string | null;
  onChange: (value: string | null) => void;
}

/** While a year is typed, it begins with 0002: what nobody can mean is kept until it is complete. */
function TimeInput({ value, onChange, ...rest }: TimeInputProps) {
  const [draft, setDraft] = useState<{ of: string | null; text: string } | null>(null);
  const change = (text: string) => {
    const time = fromLocalInput(text);
    const isComplete = time === null || new Date(time).getFullYear() >= 1970;
    setDraft(isComplete ? null : { of: value, text });
    if (isComplete) onChange(time);
  };
  const text = draft !== null && draft.of === value ? draft.text : toLocalInput(value);
  return <input {...rest} type="datetime-local" value={text} onChange={(event) => change(event.target.value)} />;
}

/** Two times in the viewer's zone, with handy choices. */
export function TimeRange({ since, until, onChange }: TimeRangeProps) {
  return (
    <div className="time-range">
      <Field label="From">
        <TimeInput value={since} onChange={(value) => onChange({ since: value, until })} />
      </Field>
      <Field label="Until">
        <TimeInput value={until} onChange={(value) => onChange({ since, until: value })} />
      </Field>
      <div className="time-choices" role="group" aria-label="Handy times">
        {choices.map(({ title, ms }) => (
          <button
            key={title}
            type="button"
            className="button plain small"
            onClick={() => onChange({ since: ago(ms), until: null })}
          >
            {title}
          </button>
        ))}
        {(since ?? until) !== null && (
          <button type="button" className="button plain small" onClick={() => onChange({ since: null, until: null })}>
            Any time
          </button>
        )}
      </div>
    </div>
  );
}
