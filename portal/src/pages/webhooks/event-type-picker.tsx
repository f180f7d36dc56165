import { useId } from 'react';
import { useEventTypes } from '../../ui/event-type-options.js';
import { Loaded } from '../../ui/loaded.js';

/** Which event types a webhook gets: all, or those that are ticked. */
export function EventTypePicker({
  events,
  onChange,
  error,
}: {
  events: string[];
  onChange: (events: string[]) => void;
  error: string | undefined;
}) {
  const id = useId();
  const query = useEventTypes();
  const isAll = events.includes('*');
  const toggle = (names: string[], isOn: boolean, catalogue: string[]) => {
    const chosen = new Set(isAll ? [] : events);
    for (const name of names)
      if (isOn) chosen.add(name);
      else chosen.delete(name);
    onChange(catalogue.filter((name) => chosen.has(name)));
  };
  return (
    <fieldset aria-describedby={error && `${id}-error`}>
      <legend>Event types</legend>
      <div className="row choices">
        <label>
          <input type="radio" name={id} checked={isAll} onChange={() => onChange(['*'])} /> All, future ones too
        </label>
        <label>
          <input type="radio" name={id} checked={!isAll} onChange={() => onChange([])} /> Only some
        </label>
      </div>
      {!isAll && (
        <Loaded query={query}>
          {({ event_types: types }) => {
            const catalogue = types.map(({ name }) => name as string);
            return (
              <div className="event-groups">
                {groupsOf(types).map(({ group, members }) => (
                  <fieldset key={group} className="event-group">
                    <legend>
                      <label className="tick">
                        <input
                          type="checkbox"
                          ref={(input) => {
                            const on = members.filter(({ name }) => events.includes(name)).length;
                            if (input) input.indeterminate = on > 0 && on < members.length;
                          }}
                          checked={members.every(({ name }) => events.includes(name))}
                          onChange={(event) =>
                            toggle(
                              members.map(({ name }) => name),
                              event.target.checked,
                              catalogue,
                            )
                          }
                        />
                        {titleOf(group)}
                      </label>
                    </legend>
                    {members.map(({ name, description }) => (
                      <label key={name} className="tick">
                        <input
                          type="checkbox"
                          checked={events.includes(name)}
                          onChange={(event) => toggle([name], event.target.checked, catalogue)}
                        />
                        <span>
                          <code>{name}</code>
                          <span className="hint">{description}</span>
                        </span>
                      </label>
                    ))}
                  </fieldset>
                ))}
              </div>
            );
          }}
        </Loaded>
      )}
      {error && (
        <p className="field-error" id={`${id}-error`} role="alert" tabIndex={-1} data-error>
          {events.length === 0 ? 'Choose at least one event type, or all.' : error}
        </p>
      )}
    </fieldset>
  );
}

interface Named {
  name: string;
  description: string;
}

/** By the first word of their names, in the catalogue's order. */
function groupsOf(types: readonly Named[]): { group: string; members: Named[] }[] {
  const groups = new Map<string, Named[]>();
  for (const type of types) {
    const group = type.name.split('.')[0]!;
    groups.set(group, [...(groups.get(group) ?? []), type]);
  }
  return [...groups].map(([group, members]) => ({ group, members }));
}

const titles: Record<string, string> = {
  sms: 'Messages',
  call: 'Calls',
  tenant: 'Limits',
  webhook: 'Webhooks',
  phone_number: 'Phone numbers',
};
const titleOf = (group: string) => titles[group] ?? group;
