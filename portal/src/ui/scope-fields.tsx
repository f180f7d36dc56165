import { scopeMeanings, type TenantScope } from '../text/scopes.js';
import { Checkbox } from './field.js';

interface ScopeFieldsProps {
  legend: string;
  /** Those that can be given. */
  offered: readonly TenantScope[];
  given: readonly TenantScope[];
  error: string | undefined;
  onChange: (given: TenantScope[]) => void;
}

/** Boxes to tick, one a scope. */
export function ScopeFields({ legend, offered, given, error, onChange }: ScopeFieldsProps) {
  return (
    <fieldset>
      <legend>{legend}</legend>
      {offered.map((scope) => (
        <Checkbox
          key={scope}
          label={<code>{scope}</code>}
          hint={scopeMeanings[scope]}
          checked={given.includes(scope)}
          onChange={(isGiven) =>
            onChange(offered.filter((other) => (other === scope ? isGiven : given.includes(other))))
          }
        />
      ))}
      {error && (
        <p className="field-error" role="alert">
          {error}
        </p>
      )}
    </fieldset>
  );
}

/** The scopes that something has. */
export function Scopes({ scopes }: { scopes: readonly string[] }) {
  return (
    <ul className="scopes">
      {scopes.map((scope) => (
        <li key={scope}>
          <code>{scope}</code>
        </li>
      ))}
    </ul>
  );
}
