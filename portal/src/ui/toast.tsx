import { createContext, use, useCallback, useMemo, useState, type ReactNode } from 'react';

interface Toast {
  id: number;
  text: string;
  isError: boolean;
}

interface ToastActions {
  /** Something was done. Goes away by itself. */
  done: (text: string) => void;
  /** Something failed that has no place of its own on the page. */
  error: (text: string) => void;
}

const ToastContext = createContext<ToastActions | null>(null);
const shownMs = 6_000;
let lastId = 0;

/** Short notices at the bottom, which a screen reader says. */
export function Toasts({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const show = useCallback((text: string, isError: boolean) => {
    const toast = { id: ++lastId, text, isError };
    setToasts((earlier) => [...earlier.slice(-2), toast]);
    setTimeout(() => setToasts((earlier) => earlier.filter(({ id }) => id !== toast.id)), shownMs);
  }, []);
  const actions = useMemo(
    () => ({ done: (text: string) => show(text, false), error: (text: string) => show(text, true) }),
    [show],
  );
  return (
    <ToastContext value={actions}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {toasts.map(({ id, text, isError }) => (
          <p key={id} className={isError ? 'toast bad' : 'toast'}>
            {text}
          </p>
        ))}
      </div>
    </ToastContext>
  );
}

export function useToast(): ToastActions {
  const actions = use(ToastContext);
  if (!actions) throw new Error('There is no Toasts.');
  return actions;
}
