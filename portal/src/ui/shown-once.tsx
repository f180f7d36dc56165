import { useEffect, useId, useRef, type ReactNode } from 'react';
import { Button } from './button.js';
import { CopyButton } from './copy-button.js';

interface ShownOnceProps {
  title: string;
  /** What to know about it. */
  children: ReactNode;
  value: string;
  /** What it is: "the key". */
  of: string;
  onDone: () => void;
}

/** A new secret. It is part of the page, as a dialog would be gone with a stray press of Escape. */
export function ShownOnce({ title, children, value, of, onDone }: ShownOnceProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const headingId = useId();
  useEffect(() => heading.current?.focus(), []);
  return (
    <section className="note good shown-once" aria-labelledby={headingId}>
      <h2 id={headingId} ref={heading} tabIndex={-1}>
        {title}
      </h2>
      {children}
      <div className="shown-once-value">
        <code>{value}</code>
        <CopyButton text={value} of={of} label="Copy" />
      </div>
      <div>
        <Button
          onClick={() => {
            document.getElementById('main')?.focus();
            onDone();
          }}
        >
          Done
        </Button>
      </div>
    </section>
  );
}
