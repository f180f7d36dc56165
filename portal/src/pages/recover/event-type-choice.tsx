import { useEventTypes } from '../../ui/event-type-options.js';
import { Checkbox } from '../../ui/field.js';

interface EventTypeChoiceProps {
  /** None: all. */
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}

/** All event types, or some of them. */
export function EventTypeChoice({ chosen, onChange }: EventTypeChoiceProps) {
  const names = useEventTypes().data?.event_types.map(({ name }): string => name) ?? [];
  const all = [...names, ...chosen.filter((name) => !names.includes(name))];
  return (
    <details open={chosen.length > 0 || undefined}>
      <summary>Event types: {chosen.length === 0 ? 'all' : chosen.join(', ')}</summary>
      <fieldset className="event-type-choice">
        <legend className="visually-hidden">Only these event types</legend>
        {all.map((name) => (
          <Checkbox
            key={name}
            label={name}
            checked={chosen.includes(name)}
            onChange={(isChosen) => onChange(isChosen ? [...chosen, name] : chosen.filter((other) => other !== name))}
          />
        ))}
      </fieldset>
    </details>
  );
}
