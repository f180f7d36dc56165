import { SlidersHorizontal } from 'lucide-react';
import { useState, type ReactNode } from 'react';

interface FilterBarProps {
  /** How many filters are set. */
  set: number;
  onClear: () => void;
  /** Fields, side by side. */
  children: ReactNode;
  /** Below them. */
  below?: ReactNode;
}

/** What a list is narrowed to; where there is little room, behind a button. */
export function FilterBar({ set, onClear, children, below }: FilterBarProps) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <search aria-label="Filters">
      <button
        type="button"
        className="button plain filters-toggle"
        aria-expanded={isOpen}
        aria-controls="filters"
        onClick={() => setIsOpen(!isOpen)}
      >
        <SlidersHorizontal aria-hidden="true" /> Filters{set > 0 && ` (${set})`}
      </button>
      <div className="stack filters-body" id="filters" data-open={isOpen}>
        <div className="filters">
          {children}
          {set > 0 && (
            <button type="button" className="button plain clear-filters" onClick={onClear}>
              Clear all filters
            </button>
          )}
        </div>
        {below}
      </div>
    </search>
  );
}
