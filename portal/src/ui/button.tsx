import { useRef, type ComponentProps, type MouseEvent } from 'react';

interface ButtonProps extends ComponentProps<'button'> {
  kind?: 'primary' | 'plain' | 'danger';
  /** It cannot be pressed again while the call runs, but keeps the focus. */
  isBusy?: boolean;
}

/** The second click of a double click comes before anything can be drawn as busy. */
const doubleClickMs = 500;

/** Does what it says once, however fast it is clicked. */
export function Button({ kind = 'plain', isBusy = false, type = 'button', onClick, children, ...rest }: ButtonProps) {
  const clickedAtMs = useRef(-Infinity);
  const click = (event: MouseEvent<HTMLButtonElement>) => {
    const isSecond = event.timeStamp - clickedAtMs.current < doubleClickMs;
    if (isBusy || isSecond) return event.preventDefault();
    clickedAtMs.current = event.timeStamp;
    onClick?.(event);
  };
  return (
    <button type={type} className={`button ${kind}`} aria-disabled={isBusy || undefined} onClick={click} {...rest}>
      {isBusy && <span className="spinner" aria-hidden="true" />}
      {children}
    </button>
  );
}
