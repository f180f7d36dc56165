import { useState, type FormEvent } from 'react';
import { Field } from './field.js';

interface TextFilterProps {
  label: string;
  placeholder: string;
  /** Null: not set. What is typed is dropped when it changes. */
  value: string | null;
  onChange: (value: string | null) => void;
}

/** A filter that is taken when it is complete: by Enter, or when the input is left. */
export function TextFilter(props: TextFilterProps) {
  return <TextInput key={props.value} {...props} />;
}

function TextInput({ label, placeholder, value, onChange }: TextFilterProps) {
  const [text, setText] = useState(value ?? '');
  const take = (event?: FormEvent) => {
    event?.preventDefault();
    if (text.trim() !== (value ?? '')) onChange(text.trim() || null);
  };
  return (
    <form onSubmit={take}>
      <Field label={label}>
        <input
          type="search"
          value={text}
          placeholder={placeholder}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => setText(event.target.value)}
          onBlur={() => take()}
        />
      </Field>
    </form>
  );
}
