import { useRef, type ComponentProps } from 'react';
import type { Place } from './json-places.js';

/** A text area for code, in which a place can be marked. Takes the props that Field gives. */
export function CodeEditor({
  mark,
  value,
  onChange,
  ...rest
}: Omit<ComponentProps<'textarea'>, 'onChange' | 'value'> & {
  value: string;
  onChange: (value: string) => void;
  mark?: Place | null | undefined;
}) {
  const shadow = useRef<HTMLPreElement>(null);
  return (
    <div className="code-editor">
      <pre ref={shadow} aria-hidden="true">
        {mark && (
          <>
            {value.slice(0, mark.start)}
            <mark>{value.slice(mark.start, mark.end) || ' '}</mark>
            {value.slice(mark.end)}
            {'\n'}
          </>
        )}
      </pre>
      <textarea
        {...rest}
        className="mono"
        spellCheck={false}
        autoCapitalize="off"
        wrap="off"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onScroll={({ currentTarget: { scrollTop, scrollLeft } }) => shadow.current?.scrollTo(scrollLeft, scrollTop)}
      />
    </div>
  );
}
