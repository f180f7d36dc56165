import { useEffect, useRef, type ComponentProps } from 'react';
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
  const area = useRef<HTMLTextAreaElement>(null);
  const follow = () => shadow.current?.scrollTo({ top: area.current!.scrollTop });
  useEffect(follow, [mark]);
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
        ref={area}
        className="mono"
        spellCheck={false}
        autoCapitalize="off"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onScroll={follow}
      />
    </div>
  );
}
