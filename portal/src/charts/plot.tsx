import { useEffect, useRef } from 'react';
import './language.js';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useTheme } from '../layout/theme.js';
import './charts.css';

export type Colours = (token: string) => string;

interface PlotProps {
  /** What a screen reader says in place of the picture. */
  label: string;
  data: uPlot.AlignedData;
  /** Everything but the size; called again when the colours change. Must stay the same function between renders. */
  options: (colours: Colours) => Omit<uPlot.Options, 'width' | 'height'>;
  /** Which point the pointer is at; null: none. */
  onPoint: (index: number | null) => void;
}

const height = 210;

/** A chart that keeps the width of its place and the colours of the theme. */
export function Plot({ label, data, options, onPoint }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const { isDark } = useTheme();
  useEffect(() => {
    const element = place.current!;
    const chart = new uPlot(
      {
        ...options(colourOf),
        width: element.clientWidth,
        height,
        legend: { show: false },
        hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
      },
      data,
      element,
    );
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
    };
  }, [data, options, onPoint, isDark]);
  return <div ref={place} className="chart" role="img" aria-label={label} />;
}

/** A colour of the theme as a canvas takes it. */
function colourOf(token: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(--${token})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
