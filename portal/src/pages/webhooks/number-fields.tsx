import { useId } from 'react';
import { fieldError } from '../../api/api-error.js';
import { Field } from '../../ui/field.js';
import type { FieldsProps } from './webhook-fields.js';
import { withSchedule, type WebhookForm } from './webhook-form.js';

type NumberName = 'ratePerMinute' | 'ratePerHour' | 'timeoutMs' | 'disableAfterHours' | 'maxRetries';

interface NumberFieldProps extends FieldsProps {
  name: NumberName;
  path: string;
  label: string;
  hint: string;
}

function NumberField({ name, path, label, hint, form, onChange, error }: NumberFieldProps) {
  return (
    <Field label={label} hint={hint} error={fieldError(error, path)}>
      <input type="number" value={form[name]} onChange={(event) => onChange({ [name]: event.target.value })} />
    </Field>
  );
}

export function LimitFields(props: FieldsProps) {
  return (
    <div className="columns">
      <NumberField
        {...props}
        name="ratePerMinute"
        path="rate_limit_per_minute"
        label="Requests in a minute, at most"
        hint="Retries and tests count. Empty: no limit."
      />
      <NumberField
        {...props}
        name="ratePerHour"
        path="rate_limit_per_hour"
        label="Requests in an hour, at most"
        hint="Empty: no limit."
      />
      <NumberField
        {...props}
        name="timeoutMs"
        path="timeout_ms"
        label="Timeout in milliseconds"
        hint="From the name lookup to the last byte of the answer: 1000 to 30000."
      />
      <NumberField
        {...props}
        name="disableAfterHours"
        path="disable_after_hours"
        label="Disable after hours of failure"
        hint="When nothing has succeeded for so long and 20 or more deliveries failed in a row. Empty: never."
      />
    </div>
  );
}

const schedules: { schedule: WebhookForm['schedule']; label: string; hint: string }[] = [
  { schedule: 'guide', label: 'Quick', hint: 'After 1, 2, 4, 8 and 16 seconds: half a minute in all.' },
  {
    schedule: 'patient',
    label: 'Patient',
    hint: 'Nine retries, from 5 seconds to a day apart: three days in all, for a receiver that has maintenance.',
  },
  { schedule: 'own', label: 'Your own delays', hint: 'As many retries as delays, unless you set another number.' },
];

export function RetryFields(props: FieldsProps) {
  const { form, onChange, error } = props;
  const id = useId();
  return (
    <>
      <fieldset>
        <legend>Schedule</legend>
        {schedules.map(({ schedule, label, hint }) => (
          <label key={schedule} className="tick">
            <input
              type="radio"
              name={id}
              checked={form.schedule === schedule}
              onChange={() => onChange(withSchedule(schedule, form.delays))}
            />
            <span>
              {label} <span className="hint">{hint}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <div className="columns">
        {form.schedule === 'own' && (
          <Field
            label="Seconds before each retry"
            hint="With commas between them. The last one repeats."
            error={fieldError(error, 'retry_schedule')}
          >
            <input
              value={form.delays}
              placeholder="10, 60, 600"
              onChange={(event) => onChange(withSchedule('own', event.target.value))}
            />
          </Field>
        )}
        <NumberField
          {...props}
          name="maxRetries"
          path="max_retries"
          label="Retries, at most"
          hint="0 to 20. With 0, each delivery has one attempt."
        />
      </div>
    </>
  );
}
