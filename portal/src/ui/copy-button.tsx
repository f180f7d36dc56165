import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useToast } from './toast.js';

/** Copies a text. `of` names it for a screen reader: "Copy the event id". */
export function CopyButton({ text, of, label }: { text: string; of: string; label?: string }) {
  const [isCopied, setIsCopied] = useState(false);
  const toast = useToast();
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setIsCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = () =>
    // Not there in an iframe without the permission, nor on plain http away from localhost.
    (navigator.clipboard?.writeText(text) ?? Promise.reject(new Error())).then(
      () => setIsCopied(true),
      () => toast.error('This browser does not let the page copy. Select the text and copy it yourself.'),
    );
  const Icon = isCopied ? Check : Copy;
  return (
    <button
      type="button"
      className={label ? 'button plain small' : 'icon-button small'}
      aria-label={`Copy ${of}`}
      onClick={() => void copy()}
    >
      <Icon aria-hidden="true" /> {label && (isCopied ? 'Copied' : label)}
      <span className="visually-hidden" role="status">
        {isCopied && 'Copied'}
      </span>
    </button>
  );
}
