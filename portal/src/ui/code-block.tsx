import { CopyButton } from './copy-button.js';

/** JSON with indents; anything else as it is. */
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

// Strings (a colon after one makes it a name), numbers, and the three words.
const jsonPart = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(?:true|false|null)\b/g;
const maxColoured = 100_000;

/** Text in a box with a button that copies it, scrolled by keyboard, too. `name` says what it is. */
export function CodeBlock({ text, name, isJson = true }: { text: string; name: string; isJson?: boolean }) {
  const shown = isJson ? pretty(text) : text;
  return (
    <div className="code-block">
      <CopyButton text={text} of={name} />
      <pre tabIndex={0} role="region" aria-label={name}>
        <code>{isJson && shown.length <= maxColoured ? coloured(shown) : shown}</code>
      </pre>
    </div>
  );
}

function coloured(text: string) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(jsonPart)) {
    const [whole, string, colon] = match;
    const shown = string ?? whole;
    const kind = string ? (colon ? 'json-name' : 'json-string') : 'json-value';
    parts.push(
      text.slice(end, match.index),
      <span key={match.index} className={kind}>
        {shown}
      </span>,
    );
    end = match.index + shown.length;
  }
  return [...parts, text.slice(end)];
}
