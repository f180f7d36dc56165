import { Plus, Trash2 } from 'lucide-react';
import type { ReactNode } from 'react';
import { fieldError } from '../../api/api-error.js';
import { Button } from '../../ui/button.js';
import { Field } from '../../ui/field.js';
import type { FieldsProps } from './webhook-fields.js';
import { maskedValue } from './webhook-form.js';

/** When events expire, by type. */
export function ExpiryFields({ form, onChange, error, types }: FieldsProps & { types: string[] }) {
  const { ttl } = form;
  const set = (index: number, part: Partial<(typeof ttl)[number]>) =>
    onChange({ ttl: ttl.map((row, i) => (i === index ? { ...row, ...part } : row)) });
  const free = ['*', ...types].filter((type) => !ttl.some((row) => row.type === type));
  return (
    <>
      {ttl.map(({ type, seconds }, index) => (
        <Row key={index} name={type} onRemove={() => onChange({ ttl: ttl.filter((_, i) => i !== index) })}>
          <Field label="Event type">
            <select value={type} onChange={(event) => set(index, { type: event.target.value })}>
              {['*', ...types]
                .filter((each) => each === type || free.includes(each))
                .map((each) => (
                  <option key={each} value={each}>
                    {each === '*' ? 'all others' : each}
                  </option>
                ))}
            </select>
          </Field>
          <Field label="Seconds" error={fieldError(error, `ttl_seconds.${type}`)}>
            <input type="number" value={seconds} onChange={(event) => set(index, { seconds: event.target.value })} />
          </Field>
        </Row>
      ))}
      <p className="hint">1 second to 7 days (604800). Counts for events accepted from now on.</p>
      {free[0] !== undefined && (
        <AddButton onClick={() => onChange({ ttl: [...ttl, { type: free[0]!, seconds: '3600' }] })}>
          Add an expiry
        </AddButton>
      )}
    </>
  );
}

/** Headers of the requests. Secret values are not shown again. */
export function HeaderFields({ form, onChange, error }: FieldsProps) {
  const { headers } = form;
  const set = (index: number, part: Partial<(typeof headers)[number]>) =>
    onChange({ headers: headers.map((row, i) => (i === index ? { ...row, ...part } : row)) });
  const isMasked = headers.some(({ value }) => value === maskedValue);
  return (
    <>
      {isMasked && (
        <p className="note">
          Values that look secret are shown as {maskedValue}. They stay as they are while you change no header; with a
          change, enter them again.
        </p>
      )}
      {headers.map(({ name, value }, index) => (
        <Row
          key={index}
          name={name || 'the header'}
          onRemove={() => onChange({ headers: headers.filter((_, i) => i !== index) })}
        >
          <Field label="Name">
            <input
              value={name}
              spellCheck={false}
              autoComplete="off"
              placeholder="X-Team"
              onChange={(event) => set(index, { name: event.target.value })}
            />
          </Field>
          <Field label="Value" error={name === '' ? undefined : fieldError(error, `headers.${name}`)}>
            <input
              value={value}
              spellCheck={false}
              autoComplete="off"
              onChange={(event) => set(index, { value: event.target.value })}
            />
          </Field>
        </Row>
      ))}
      <AddButton onClick={() => onChange({ headers: [...headers, { name: '', value: '' }] })}>Add a header</AddButton>
    </>
  );
}

function Row({ name, onRemove, children }: { name: string; onRemove: () => void; children: ReactNode }) {
  return (
    <div className="field-row">
      {children}
      <button type="button" className="icon-button" aria-label={`Remove ${name}`} onClick={onRemove}>
        <Trash2 aria-hidden="true" />
      </button>
    </div>
  );
}

function AddButton({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <div>
      <Button className="button plain small" onClick={onClick}>
        <Plus aria-hidden="true" /> {children}
      </Button>
    </div>
  );
}
