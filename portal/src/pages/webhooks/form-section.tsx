import { ChevronRight } from 'lucide-react';
import { useState, type ReactNode } from 'react';

/** Settings that most people leave alone: closed until somebody opens it, or until one of them is wrong. */
export function FormSection({
  title,
  summary,
  about,
  isWrong,
  children,
}: {
  title: string;
  /** What is set. */
  summary: string;
  /** What these settings do, in a sentence. */
  about: ReactNode;
  isWrong: boolean;
  children: ReactNode;
}) {
  const [isOpened, setIsOpened] = useState(false);
  const isOpen = isOpened || isWrong;
  return (
    <details className="form-section" open={isOpen} onToggle={(event) => setIsOpened(event.currentTarget.open)}>
      <summary>
        <ChevronRight aria-hidden="true" />
        <span className="form-section-title">{title}</span>
        <span className="form-section-summary quiet">{summary}</span>
      </summary>
      {isOpen && (
        <div className="stack form-section-body">
          <p className="quiet">{about}</p>
          {children}
        </div>
      )}
    </details>
  );
}
