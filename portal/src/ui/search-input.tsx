import { useEffect, useState, type FormEvent, type Ref } from 'react';
import { Field } from './field.js';

interface SearchInputProps {
  label: string;
  hint?: string;
  placeholder?: string;
  value: string;
  /** A moment after the last letter, or at Enter. */
  onChange: (value: string) => void;
  ref?: Ref<HTMLInputElement>;
}

const pauseMs = 300;

/** A text to search for, taken while it is typed. */
export function SearchInput({ label, hint, placeholder, value, onChange, ref }: SearchInputProps) {
  const [text, setText] = useState(value);
  const [taken, setTaken] = useState(value);
  // The url was changed by something else, such as the browser's Back.
  if (taken !== value) {
    setTaken(value);
    if (text.trim() !== value) setText(value);
  }
  useEffect(() => {
    if (text.trim() === value) return undefined;
    const timer = setTimeout(() => onChange(text.trim()), pauseMs);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onChange(text.trim());
  };
  return (
    <search aria-label={label}>
      <form onSubmit={submit}>
        <Field label={label} hint={hint}>
          <input
            ref={ref}
            type="search"
            value={text}
            placeholder={placeholder}
            maxLength={2_000}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => setText(event.target.value)}
          />
        </Field>
      </form>
    </search>
  );
}
